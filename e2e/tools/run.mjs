// Runs a TypeScript tool: `node e2e/tools/run.mjs PATH.ts ARGS…`. Node 20 reads no TypeScript itself; Vite does.
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

const [tool, ...args] = process.argv.slice(2);
if (!tool) throw new Error('Which tool? node e2e/tools/run.mjs PATH.ts ARGS…');
const { module } = await runnerImport(resolve(tool), { configFile: false, logLevel: 'error' });
process.exitCode = await module.main(args);
