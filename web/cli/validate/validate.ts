// The verb `validate`: the offline mode of virt-qemu-sev-validate, so that a script can swap one for the other.
import { toBase64, toHex } from '../../../shared/bytes/text.ts';
import { SevError } from '../../../shared/errors.ts';
import { visibleLine } from '../../../shared/text/visible.ts';
import { showPolicy } from '../../../shared/sev/formats/policy.ts';
import type { Terminal } from '../terminal.ts';
import { explainBug } from '../verb.ts';
import { type Attested, attest } from './attest.ts';
import { validateExitCode } from './exit-code.ts';
import { HELP } from './help.ts';
import { cmdlineWarnings, type Injected, inject, uncheckedKernel } from './inject.ts';
import { checkOptions, type RawOptions, readRawOptions } from './options.ts';

/** @returns virt-qemu-sev-validate's exit codes */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const reporter = new Reporter(terminal, args.includes('--json'));
  try {
    const raw = readRawOptions(args);
    reporter.listen(raw);
    if (raw.help) {
      terminal.out(HELP);
      return 0;
    }
    const options = checkOptions(raw);
    const attested = await attest(options);
    reporter.attested(attested);
    if (options.inject) reporter.injected(await inject(attested, options, options.inject));
    reporter.done();
    return 0;
  } catch (error) {
    return reporter.failed(error);
  }
}

/** Says what the other tool would say where it would say it; with --json, one object at the end instead. */
class Reporter {
  readonly #terminal: Terminal;
  #options: Partial<RawOptions> = {};
  #json: Record<string, unknown> = {};

  /** @param json known before the options are read, for what is wrong with them */
  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#options = { json };
  }

  listen(options: RawOptions): void {
    this.#options = options;
  }

  attested(attested: Attested): void {
    const { launchDigest, reported, kernelHashes, vcpus } = attested;
    const warning = uncheckedKernel(attested);
    const warnings = [...(warning === undefined ? [] : [warning]), ...cmdlineWarnings(attested)];
    const { policy, apiMajor, apiMinor, build } = reported;
    this.#json = {
      status: 'verified',
      launchDigest: toHex(launchDigest),
      policy: { value: policy, text: showPolicy(policy) },
      ...{ apiMajor, apiMinor, build, kernelHashes, vcpus },
      ...(warnings.length > 0 && { warnings }),
    };
    this.#debug(`Launch digest (SHA-256): ${toHex(launchDigest)}`);
    this.#debug(`Measurement: ${toBase64(reported.measure)}, nonce: ${toBase64(reported.mnonce)}`);
    this.#say('OK: Looks good to me\n');
    for (const text of this.#isSilent ? [] : warnings) this.#terminal.err(`WARNING: ${text}\n`);
  }

  injected({ count, platform }: Injected): void {
    this.#json = { ...this.#json, injected: count, platform };
    this.#say(`OK: Injected ${count} secrets\n`);
    if (platform === 'simulated' && !this.#isSilent) {
      this.#terminal.err('NOTE: The platform is SIMULATED: nothing protects this secret.\n');
    }
  }

  done(): void {
    if (this.#options.json) this.#terminal.out(`${JSON.stringify(this.#json, null, 2)}\n`);
  }

  failed(error: unknown): number {
    if (!(error instanceof SevError)) {
      explainBug(error, this.#terminal);
      return 6;
    }
    const exitCode = validateExitCode(error);
    if (this.#options.json) {
      const status = exitCode === 1 ? 'mismatch' : exitCode === 3 ? 'refused' : 'failed';
      this.#terminal.out(`${JSON.stringify({ status, exitCode, error }, null, 2)}\n`);
    } else if (!this.#options.quiet) {
      const place = error.at ? `${error.at}: ` : '';
      const doctor =
        error.code === 'MEASURE_MISMATCH' && !error.at ? ' `sev-verifier doctor` looks for the reason.' : '';
      this.#terminal.err(
        `${visibleLine(`ERROR: ${place}${error.sentence}`)}\n${visibleLine(`Next: ${error.next}${doctor}`)}\n`,
      );
    }
    return exitCode;
  }

  get #isSilent(): boolean {
    return Boolean(this.#options.quiet || this.#options.json);
  }

  #say(text: string): void {
    if (!this.#isSilent) this.#terminal.out(text);
  }

  /** Never a key: the other tool prints them here. */
  #debug(text: string): void {
    if (this.#options.debug) this.#terminal.err(`[DEBUG]: ${text}\n`);
  }
}
