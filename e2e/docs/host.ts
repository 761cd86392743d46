// Stands in for the steps of a page that need an SEV host: a simulated one, which launches from the files in the sandbox.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';

/** Names of files that the pages use; the text of the pages and these must agree. */
export const FILES = {
  image: 'OVMF.amdsev.fd',
  passphrase: 'passphrase',
  godh: 'session/web01_godh.b64',
  session: 'session/web01_session.b64',
  record: 'session/web01_record.json',
  measurement: 'measurement',
  header: 'web01_header.b64',
  payload: 'web01_payload.b64',
} as const;

export class StandInHost {
  readonly #folder: string;
  #launched: { readonly amdSp: SimulatedAmdSp; readonly handle: number } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws Error when there is no such step, or the step fails as it would on a host */
  async play(step: string): Promise<void> {
    if (step === 'launch') return this.#launch();
    if (step === 'inject') return this.#inject();
    throw new Error(`nobody knows the step ${step}`);
  }

  async #launch(): Promise<void> {
    const stored: unknown = JSON.parse(this.#text('state/simulated/simulated-chip.json'));
    const amdSp = await SimulatedAmdSp.create({ stored });
    const { policy } = (JSON.parse(this.#text(FILES.record)) as { content: { policy: number } }).content;
    const [godh, session] = [this.#base64(FILES.godh), this.#base64(FILES.session)];
    const handle = await amdSp.launchStart({ policy, godh, session });
    await amdSp.launchUpdateData(handle, new Uint8Array(readFileSync(this.#path(FILES.image))));
    const measurement = await amdSp.launchMeasure(handle);
    writeFileSync(this.#path(FILES.measurement), `${Buffer.from(measurement).toString('base64')}\n`);
    this.#launched = { amdSp, handle };
  }

  async #inject(): Promise<void> {
    if (!this.#launched) throw new Error('nothing was launched');
    const { amdSp, handle } = this.#launched;
    const [header, payload] = [this.#base64(FILES.header), this.#base64(FILES.payload)];
    const landed = await amdSp.launchSecret(handle, { header, payload, guestLength: payload.length });
    if (!Buffer.from(landed).includes(readFileSync(this.#path(FILES.passphrase))))
      throw new Error('the secret did not arrive');
  }

  #path = (name: string): string => join(this.#folder, name);
  #text = (name: string): string => readFileSync(this.#path(name), 'utf8');
  #base64 = (name: string): Uint8Array => new Uint8Array(Buffer.from(this.#text(name), 'base64'));
}
