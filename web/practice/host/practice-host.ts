// The host of practice: a simulated platform with its guests, behind the very messages that a relay speaks. It knows no
// page and no network; a worker runs it.
import { SEV_CERT_SIZE } from '../../../shared/sev/formats/sizes.ts';
import { SevError } from '../../../shared/errors.ts';
import {
  encodeError,
  encodeNotification,
  encodeResult,
  type Guest,
  type GuestState,
  type MethodName,
  type ParamsOf,
  parseParams,
  PROTOCOL_VERSION,
  readRequest,
  type ResultOf,
} from '../../../shared/relay-protocol.ts';
import { SimulatedAmdSp } from '../../../shared/simulator/amd-sp.ts';
import { launchFailure, QemuRefusal } from '../../../shared/simulator/qemu-words.ts';
import { SimulatedMachine } from '../../../shared/simulator/virtual-machine.ts';
import { CPU_SIGNATURE, describeProfiles, imageOf } from './profiles.ts';

/** What the host does by itself: a frame for the page, or a guest that wrote on its console. */
export interface HostEvents {
  readonly frame: (frame: string) => void;
  readonly console: (guest: string, text: string) => void;
}

type Answers = { readonly [M in MethodName]?: (params: ParamsOf<M>) => Promise<ResultOf<M>> };

const MEMORY_BYTES = 256 * 1024 * 1024;

export class PracticeHost {
  readonly #amdSp: SimulatedAmdSp;
  readonly #events: HostEvents;
  readonly #guests = new Map<string, SimulatedMachine>();
  readonly #answers: Answers;
  #launched = 0;

  private constructor(amdSp: SimulatedAmdSp, events: HostEvents) {
    this.#amdSp = amdSp;
    this.#events = events;
    this.#answers = this.#table();
  }

  /** @param stored what `store` gave: the same chip again @throws SevError BYTES_* when it is damaged */
  static async create(events: HostEvents, stored?: unknown): Promise<PracticeHost> {
    return new PracticeHost(await SimulatedAmdSp.create(stored === undefined ? {} : { stored }), events);
  }

  /** The chip, as a value for JSON. Its keys are test keys. */
  store(): unknown {
    return this.#amdSp.store();
  }

  /** @param frame as it came from the page @returns the frame that answers it */
  async answer(frame: string): Promise<string> {
    const heard = readRequest(frame);
    if ('refusal' in heard) return encodeError(heard.id, heard.refusal);
    const { id, method, params } = heard.request;
    try {
      const ask = this.#answers[method] as ((params: unknown) => Promise<ResultOf<MethodName>>) | undefined;
      if (!ask) throw new SevError('RELAY_METHOD', { at: method });
      return encodeResult(id, method, await ask(parseParams(method, params)));
    } catch (failure) {
      return encodeError(id, told(failure));
    }
  }

  #table(): Answers {
    const hello = { relay: 'practice host', protocol: PROTOCOL_VERSION, simulated: true };
    return {
      'relay.hello': () => Promise.resolve({ ...hello, capabilities: Object.keys(this.#answers) }),
      'platform.status': () => Promise.resolve(this.#status()),
      'platform.certificates': () => Promise.resolve(this.#certificates()),
      'guest.list': () => Promise.resolve([...this.#guests].map(([id, machine]) => this.#describe(id, machine))),
      'guest.profiles': async () => [...(await describeProfiles())],
      'guest.launch': (asked) => this.#launch(asked),
      'guest.measurement': ({ id }) => Promise.resolve(measurementOf(this.#guest(id))),
      'guest.inject': async ({ id, header, secret, gpa }) => {
        await this.#guest(id).inject(header, secret, gpa === undefined ? undefined : BigInt(gpa));
        return {};
      },
      'guest.resume': async ({ id }) => {
        const machine = this.#guest(id);
        await machine.cont();
        this.#events.console(id, machine.console);
        return {};
      },
      'guest.report': async ({ id, mnonce }) => ({ report: await this.#guest(id).report(mnonce) }),
      'guest.destroy': async ({ id }) => {
        await this.#guest(id).end();
        this.#guests.delete(id);
        return {};
      },
    };
  }

  #status(): ResultOf<'platform.status'> {
    const { owned, ...status } = this.#amdSp.platformStatus();
    return { ...status, owner: owned ? 'external' : 'self' };
  }

  /** PDH_CERT_EXPORT, with the CEK as the simulated AMD signed it, and its CA certificates. */
  #certificates(): ResultOf<'platform.certificates'> {
    const { pdh, chain } = this.#amdSp.pdhCertExport();
    const [pek, oca] = [0, 1].map((i) => chain.slice(i * SEV_CERT_SIZE, (i + 1) * SEV_CERT_SIZE)) as [
      Uint8Array,
      Uint8Array,
    ];
    return { pdh, pek, oca, cek: this.#amdSp.amdCek(), ...this.#amdSp.caCerts() };
  }

  async #launch({ profile, policy, dhCert, session }: ParamsOf<'guest.launch'>): Promise<{ id: string }> {
    const guestImage = imageOf(profile);
    if (!guestImage) throw new SevError('RELAY_NO_PROFILE', { at: profile });
    const machine = await SimulatedMachine.start(this.#amdSp, {
      guestImage,
      memoryBytes: MEMORY_BYTES,
      cpus: 1,
      cpuSignature: CPU_SIGNATURE,
      policy,
      dhCert,
      session,
    }).catch((failure: unknown) => {
      throw launchFailure(failure);
    });
    const id = `${profile}-${++this.#launched}`;
    this.#guests.set(id, machine);
    machine.onEvent(() => {
      this.#events.frame(encodeNotification('guest.changed', { id, state: stateOf(machine) }));
    });
    return { id };
  }

  #describe(id: string, machine: SimulatedMachine): Guest {
    return { id, name: id, backend: 'launcher', state: stateOf(machine), sev: true };
  }

  #guest(id: string): SimulatedMachine {
    const machine = this.#guests.get(id);
    if (!machine) throw new SevError('RELAY_NO_GUEST', { at: id });
    return machine;
  }
}

const stateOf = (machine: SimulatedMachine): GuestState => (machine.ended ? 'gone' : machine.runState);

function measurementOf(machine: SimulatedMachine): ResultOf<'guest.measurement'> {
  const { handle, ...info } = machine.sevInfo;
  return { ...info, handle, measurement: machine.launchMeasure };
}

/** Our own words for a refusal, QEMU's quoted where it was QEMU's. */
function told(failure: unknown): SevError {
  if (failure instanceof SevError) return failure;
  if (failure instanceof QemuRefusal) return new SevError('RELAY_QMP', { because: `QEMU said: ${failure.message}` });
  return new SevError('RELAY_INTERNAL', { cause: failure });
}
