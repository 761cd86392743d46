// A folder in which the commands of one page run, one block after the other, as a reader would type them.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import { temporaryFolder } from '../world.ts';
import { FILES, StandInHost } from './host.ts';

/** Verbs of sev-relay that reach for the platform: here it is a simulated one. */
const WITH_PLATFORM = ['export', 'show', 'qr', 'provision', 'rotate', 'reset'];
/** Verbs of sev-verifier that ask who the platform is, or release something to it. */
const WITH_CHAIN = ['chain', 'session', 'report', 'secret', 'validate'];

/** A command under its own name, that adds what makes the simulated platform take the place of the real one. */
const wrapper = (program: string, verbs: readonly string[], extra: string): string =>
  `#!/bin/sh
case "$1" in
  ${verbs.join('|')}) exec "${process.execPath}" "${resolve(program)}" "$@" ${extra} ;;
  *) exec "${process.execPath}" "${resolve(program)}" "$@" ;;
esac
`;

export class Sandbox {
  readonly folder: string;
  readonly host: StandInHost;
  readonly remove: () => void;

  constructor() {
    const temporary = temporaryFolder();
    this.folder = temporary.path;
    this.remove = () => temporary.remove();
    this.host = new StandInHost(this.folder);
    mkdirSync(this.#path('bin'));
    this.#command(
      'sev-relay',
      wrapper('dist/relay/main.js', WITH_PLATFORM, `--simulate --state "${this.#path('state')}"`),
    );
    this.#command('sev-verifier', wrapper('dist/cli/main.js', WITH_CHAIN, '--simulated'));
    // What a reader has by then: their own image, and a passphrase.
    writeFileSync(this.#path(FILES.image), demoGuestImage());
    writeFileSync(this.#path(FILES.passphrase), 'correct horse battery staple\0', { mode: 0o600 });
    // A stand-in of the agreed image, so that “another image” can be shown.
    writeFileSync(this.#path('OVMF.other.fd'), Buffer.from(demoGuestImage()).fill(1, 0, 16));
  }

  /** Runs a block as a script that ends at the first failure. */
  run(text: string): { readonly status: number; readonly output: string } {
    const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euo', 'pipefail', '-c', text], {
      cwd: this.folder,
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH: `${this.#path('bin')}:${process.env['PATH'] ?? ''}`, HOME: this.folder, LANG: 'C.UTF-8' },
    });
    return { status: status ?? -1, output: `${stdout}${stderr}` };
  }

  #path(name: string): string {
    return join(this.folder, name);
  }

  #command(name: string, script: string): void {
    writeFileSync(this.#path(`bin/${name}`), script);
    chmodSync(this.#path(`bin/${name}`), 0o755);
  }
}
