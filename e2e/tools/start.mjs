// `npm start`: builds what is stale, serves the PWA, starts a simulated host behind the relay, prints one link.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildWhereStale } from './build.mjs';

/** Kept between starts, so that the simulated platform stays the same chip. */
const STATE = resolve('node_modules/.cache/sev-relay-demo');
const PWA_LINK = /http:\/\/[\w.-]+:\d+\/(?:\?demo)?#\S+/;

const children = [];
let closing = false;

await buildWhereStale();
mkdirSync(STATE, { recursive: true, mode: 0o700 });
// They have groups of their own and would outlive us, whatever we end of.
for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit']) process.on(event, closeAll);
// Whoever read the link may be gone; both serve on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const verifier = start('The web app', ['dist/cli/main.js', 'serve']);
const relay = start('The relay', ['dist/relay/main.js', '--simulate', '--listen', '127.0.0.1:8455', '--state', STATE]);

try {
  await verifier.says(/http:\/\/\S+/);
  const link = await relay.says(PWA_LINK);
  console.log('The web app and a relay with a SIMULATED host are running. Open:\n');
  console.log(`  ${link}\n`);
  console.log("The guest image to expect, which the host's demo profiles launch:\n");
  console.log(`  ${join(STATE, 'simulated', 'demo-guest.fd')}\n`);
  console.log('Ctrl-C ends both.');
} catch (error) {
  console.error(error.message);
  closeAll();
  process.exitCode = 1;
}

/** Starts one command in a process group of its own, so that Ctrl-C reaches it once and through us alone. */
function start(name, args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  children.push(child);
  let output = '';
  const collect = (chunk) => {
    output += chunk;
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const failed = (why) => {
    if (closing) return;
    console.error(`${name} ${why}:\n${output}`);
    process.exitCode = 1;
    closeAll();
  };
  child.on('error', ({ code }) => failed(`could not be started (${code})`));
  child.on('exit', (code) => failed(`ended (${code ?? 'killed'})`));
  const says = (pattern) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output);
        if (found) resolve(found[0]);
      };
      child.stdout.on('data', look);
      child.on('exit', () => reject(new Error(`${name} ended before it was ready.`)));
      look();
    });
  return { child, says };
}

function closeAll() {
  if (closing) return;
  closing = true;
  for (const child of children) if (child.pid !== undefined && child.exitCode === null) child.kill('SIGTERM');
}
