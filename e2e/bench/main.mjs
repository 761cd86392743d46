// `npm run bench`: every figure that the issues promise, beside the peers', in one run and one table.
import { parseArgs } from 'node:util';
import { buildWhereStale } from '../tools/build.mjs';
import { bundle } from '../tools/bundle.mjs';
import { findOrInstallChromium } from '../tools/chromium.mjs';

const HELP = `npm run bench -- [--only TEXT] [--json] [--quick]

  --only TEXT   only benches whose title contains this
  --json        for scripts
  --quick       small files and few repetitions: to see that the benches work

Figures are of the machine at hand, in the state that it is in: leave it alone meanwhile.
Ends with 1 when a goal is missed.
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else process.exitCode = (await main()) ? 0 : 1;

async function main() {
  await buildWhereStale();
  const built = await bundle('bench', { run: 'e2e/bench/run.ts' }, ['@playwright/test', 'vite', 'ws', 'koffi']);
  try {
    const { runBenches } = await built.load('run');
    const { only, json, quick } = values;
    const commands = { verifier: 'dist/cli/main.js', relay: 'dist/relay/main.js' };
    return await runBenches({ only, json, quick, commands, chromium: findOrInstallChromium() });
  } finally {
    built.remove();
  }
}
