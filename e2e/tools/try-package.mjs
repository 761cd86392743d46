// `node e2e/tools/try-package.mjs`: packs what would be published, installs it into an empty folder, and runs both
// commands there by npx. Needs a build, and the npm registry for ws and koffi. Says how fast and how small the relay starts.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

const RESIDENT_MIB = 80;
const ATTEMPTS = 5;
/** Clock ticks of /proc: 100 a second on every Linux. */
const TICK_MS = 10;

const folder = mkdtempSync(join(tmpdir(), 'sev-package-'));
let failures = 0;
try {
  await tryPackage();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? 'The package is good.' : `${failures} failed.`);
process.exitCode = failures === 0 ? 0 : 1;

async function tryPackage() {
  const tarball = join(
    folder,
    npm(['pack', '--silent', '--pack-destination', folder], resolve('.')).trim().split('\n').at(-1),
  );
  npm(['init', '--yes', '--silent'], folder);
  npm(['install', '--silent', '--no-audit', '--no-fund', tarball], folder);
  const version = JSON.parse(readFileSync('package.json', 'utf8')).version;
  check('sev-relay says its version', npx('sev-relay', '--version').output === `sev-relay ${version}\n`);
  check('sev-relay explains itself', npx('sev-relay', '--help').output.includes('--allow-ownership'));
  check('sev-relay refuses nonsense with 2', npx('sev-relay', 'frobnicate').code === 2);
  const checked = npx('sev-relay', 'check', '--json');
  check(
    'sev-relay check loads the native binding',
    JSON.parse(checked.output).checks.some(({ id }) => id === 'kvm'),
  );
  check('sev-relay check tells by its exit code', [0, 1, 3].includes(checked.code));
  npx('sev-relay', 'export', '--full', '--simulate', 'chain');
  check('sev-relay exports a chain', readFileSync(join(folder, 'chain')).length === 11_536);
  check('sev-verifier explains itself', npx('sev-verifier', '--help').output.includes('serve'));
  await tryServing('sev-verifier', ['serve', '--port', '0'], /http:\/\/[\w.-]+:\d+/, async (address) => {
    const page = await (await globalThis.fetch(address.replace('sev-verifier.localhost', '127.0.0.1'))).text();
    check('sev-verifier serves the app', page.includes('<script'));
  });
  await tryRelay();
  check('nothing of the tests or sources is in the package', !existsSync(join(folder, 'node_modules/sev-relay/relay')));
}

/** Starts the relay several times: the quickest start counts, since others use this machine, too. */
async function tryRelay() {
  const program = join(folder, 'node_modules/sev-relay/dist/relay/main.js');
  const args = [program, '--listen', '127.0.0.1:0', '--state', join(folder, 'state'), '--offline', '--show-link'];
  const starts = [];
  for (let i = 0; i < ATTEMPTS; i++) starts.push(await measureStart(args));
  const quickest = starts.reduce((a, b) => (a.ms < b.ms ? a : b));
  const bare = Math.min(...[1, 2, 3].map(() => cpuOfNothing()));
  console.log(
    `     quickest start ${quickest.ms.toFixed(0)} ms (${quickest.cpuMs} ms of CPU; Node alone ${bare.toFixed(0)} ms), ${quickest.mib.toFixed(0)} MiB resident`,
  );
  check(`sev-relay takes less than ${RESIDENT_MIB} MiB`, Math.max(...starts.map(({ mib }) => mib)) < RESIDENT_MIB);
}

async function measureStart(args) {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await says(child, /code=\S+/);
  const ms = performance.now() - began;
  const ticks = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const cpuMs = (Number(ticks[11]) + Number(ticks[12])) * TICK_MS;
  await new Promise((done) => setTimeout(done, 300));
  const mib = Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
  await end(child);
  return { ms, cpuMs, mib };
}

function cpuOfNothing() {
  const began = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return performance.now() - began;
}

async function tryServing(command, args, pattern, use) {
  const child = spawn('npx', ['--no-install', command, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  try {
    await use(await says(child, pattern));
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  }
}

/** Waits until a process says something of this form. */
function says(child, pattern) {
  return new Promise((found, failed) => {
    let output = '';
    child.stdout.on('data', (piece) => {
      output += piece;
      const match = pattern.exec(output);
      if (match) found(match[0]);
    });
    child.once('error', failed);
    child.once('exit', () => failed(new Error(`It ended: ${output}`)));
  });
}

function end(child) {
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  return ended;
}

function npm(args, cwd) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function npx(...args) {
  try {
    const output = execFileSync('npx', ['--no-install', ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { code: 0, output };
  } catch (error) {
    return { code: error.status, output: error.stdout };
  }
}

function check(what, good) {
  console.log(`${good ? 'good' : 'FAIL'} ${what}`);
  if (!good) failures += 1;
}
