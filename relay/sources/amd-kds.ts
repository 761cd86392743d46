// AMD's side of a chain: from --ca, from what was fetched before, or from AMD's servers. It is matched, not trusted:
// whether the chain leads to AMD is for the guest owner to find out.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { toHex } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import type { CaCert } from '../../shared/sev/formats/ca-cert.ts';
import { parseSevCert, SEV_CERT_SIZE, type SevCert } from '../../shared/sev/formats/sev-cert.ts';
import { verifyCek } from '../../shared/sev/verify/sev-links.ts';
import { type Log, plain } from '../serve/log.ts';
import type { HostOptions } from '../command/options.ts';
import { inState, type StateFolder, writeWhole } from '../state/state.ts';
import { type AmdShelf, certificatesIn, readAmdFiles } from './amd-files.ts';
import type { AmdCertificates, AmdCertificateSource } from './types.ts';

/** Generations that AMD hands out an `ask_ark` file for. */
const GENERATIONS = ['naples', 'rome', 'milan', 'genoa', 'turin'] as const;
const MAX_ANSWER_BYTES = 16_384;
const ATTEMPTS = 3;
const NO_FILES: AmdShelf = { asks: [], arks: [], ceks: [] };

export interface AmdKeyServerOptions extends Pick<HostOptions, 'ca' | 'kds' | 'amdCa' | 'offline'> {
  readonly requestMs?: number;
  /** How long one question may wait in all when the server asks for patience. */
  readonly patienceMs?: number;
}

export class AmdKeyServer implements AmdCertificateSource {
  readonly #options: AmdKeyServerOptions;
  readonly #cache: string;
  readonly #log: Log;
  readonly #wait: (ms: number) => Promise<void>;

  constructor(
    options: AmdKeyServerOptions,
    state: StateFolder,
    log: Log,
    wait: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  ) {
    this.#options = options;
    this.#cache = join(state.path, 'amd');
    this.#log = log;
    this.#wait = wait;
    inState(this.#cache, () => mkdirSync(this.#cache, { recursive: true, mode: 0o700 }));
  }

  /** @throws SevError RELAY_KDS, RELAY_FILE, CERT_CEK_OTHER_CHIP when AMD's CEK has another key than the chip's */
  async certificatesFor(chipIds: readonly Uint8Array[], exportedCek: Uint8Array): Promise<AmdCertificates> {
    const own = parseSevCert(exportedCek, 'cek');
    const shelves = [
      this.#options.ca === undefined ? NO_FILES : readAmdFiles(this.#options.ca),
      readAmdFiles(this.#cache),
    ];
    const cek = await this.#findCek(chipIds, own, shelves);
    if (cek === undefined) return {};
    const ask = await this.#findAsk(cek, shelves);
    if (ask === undefined) return { cek: cek.bytes };
    const ark = arkOf(ask, [...shelves, readAmdFiles(this.#cache)]);
    return { cek: cek.bytes, ...(ark && { ask: ask.bytes, ark: ark.bytes }) };
  }

  async #findCek(
    chipIds: readonly Uint8Array[],
    own: SevCert,
    shelves: readonly AmdShelf[],
  ): Promise<SevCert | undefined> {
    const kept = shelves.flatMap(({ ceks }) => ceks).find((cek) => isSigned(cek) && sameKey(cek, own));
    if (kept || isSigned(own)) return kept ?? own;
    const [id] = chipIds;
    if (this.#options.offline || id === undefined) return undefined;
    const fetched = await this.#fetch(`${this.#options.kds}/cek/id/${toHex(id)}`);
    if (fetched.length !== SEV_CERT_SIZE) {
      throw new SevError('RELAY_KDS', { because: `It sent ${fetched.length} bytes instead of ${SEV_CERT_SIZE}.` });
    }
    const cek = parseSevCert(fetched, 'cek');
    if (!sameKey(cek, own)) throw new SevError('CERT_CEK_OTHER_CHIP', { at: 'cek' });
    this.#keep(`cek-${createHash('sha256').update(id).digest('hex').slice(0, 32)}.cert`, cek.bytes);
    return cek;
  }

  async #findAsk(cek: SevCert, shelves: readonly AmdShelf[]): Promise<CaCert | undefined> {
    for (const ask of shelves.flatMap(({ asks }) => asks)) if (await signs(ask, cek)) return ask;
    if (this.#options.offline) return undefined;
    for (const generation of generationsOf(cek)) {
      const pair = await this.#fetchCa(generation);
      const ask = pair.find((cert) => cert.usage === 'ASK');
      if (ask && (await signs(ask, cek))) {
        this.#keep(`ask_ark_${generation}.cert`, Buffer.concat(pair.map(({ bytes }) => bytes)));
        return ask;
      }
    }
    return undefined;
  }

  async #fetchCa(generation: string): Promise<CaCert[]> {
    const address = `${this.#options.amdCa}/ask_ark_${generation}.cert`;
    try {
      const certs = certificatesIn(await this.#fetch(address), address);
      return certs.filter((cert): cert is CaCert => cert.usage === 'ASK' || cert.usage === 'ARK');
    } catch (error) {
      if (!(error instanceof SevError)) throw error;
      this.#log.info(`No CA certificates of ${generation}: ${error.sentence}`);
      return [];
    }
  }

  /** One address, a few times when the server asks for patience. */
  async #fetch(address: string): Promise<Uint8Array> {
    const { requestMs = 10_000, patienceMs = 15_000 } = this.#options;
    const until = Date.now() + patienceMs;
    for (let attempt = 1; ; attempt++) {
      const answer = await ask(address, requestMs);
      if (answer instanceof Uint8Array) return answer;
      const { status, retryMs } = answer;
      const again = (status === 429 || status >= 500) && attempt < ATTEMPTS && Date.now() + retryMs < until;
      if (!again) throw new SevError('RELAY_KDS', { at: address, because: statusWords(status) });
      this.#log.info(`${address} asks for patience (${status}); again in ${retryMs} ms`);
      await this.#wait(retryMs);
    }
  }

  /** What cannot be kept is fetched again another time. */
  #keep(name: string, bytes: Uint8Array): void {
    try {
      writeWhole(join(this.#cache, name), bytes);
    } catch (error) {
      this.#log.warn(`${name} could not be kept: ${plain(String(error))}`);
    }
  }
}

const isSigned = (cek: SevCert): boolean => cek.signatures.some((slot) => slot?.usage === 'ASK');

const sameKey = (a: SevCert, b: SevCert): boolean =>
  equalBytes(a.publicKey.x, b.publicKey.x) && equalBytes(a.publicKey.y, b.publicKey.y);

const signs = (ask: CaCert, cek: SevCert): Promise<boolean> =>
  verifyCek(ask, cek).then(
    () => true,
    () => false,
  );

const arkOf = (ask: CaCert, shelves: readonly AmdShelf[]): CaCert | undefined =>
  shelves.flatMap(({ arks }) => arks).find((ark) => equalBytes(ark.keyId, ask.certifyingKeyId));

/** Only Naples signs with RSA and SHA-256. */
function generationsOf(cek: SevCert): readonly string[] {
  const slot = cek.signatures.find((signature) => signature?.usage === 'ASK');
  return GENERATIONS.filter((generation) => (generation === 'naples') === (slot?.algorithm === 'RSA_SHA256'));
}

interface Refusal {
  readonly status: number;
  readonly retryMs: number;
}

async function ask(address: string, requestMs: number): Promise<Uint8Array | Refusal> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(requestMs) });
    if (response.ok) return await readBounded(response);
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    await response.body?.cancel();
    return { status: response.status, retryMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 5_000 };
  } catch (cause) {
    if (cause instanceof SevError) throw cause;
    throw new SevError('RELAY_KDS', { at: address, because: 'It cannot be reached.', cause });
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    pieces.push(piece as Uint8Array);
    length += (piece as Uint8Array).length;
    if (length > MAX_ANSWER_BYTES) throw new SevError('RELAY_KDS', { because: 'Its answer is too large.' });
  }
  return new Uint8Array(Buffer.concat(pieces));
}

const statusWords = (status: number): string =>
  ({
    404: 'It does not know this chip.',
    429: 'It asks for more patience than can be had here.',
  })[status] ?? `It answered with status ${status}.`;
