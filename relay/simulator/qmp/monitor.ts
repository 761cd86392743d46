// One client's conversation with the simulated monitor: greeting, negotiation, commands in order, events between them.
import { type JsonInput, type JsonObject, JsonStream, type JsonValue, isJsonObject } from './json-values.ts';
import { COMMANDS, MonitorError, type MonitoredGuest, requireKnown, runCommand, VERSION } from './commands.ts';

const GREETING: JsonObject = { QMP: { version: VERSION, capabilities: ['oob'] } };

/** A request that is well-formed as far as the envelope goes. */
interface Envelope {
  readonly command: string;
  readonly outOfBand: boolean;
  readonly args: JsonObject;
}

/** Talks to one client until it leaves. Commands are carried out one after the other. */
export class MonitorConversation {
  #guest: MonitoredGuest;
  #send: (message: JsonObject) => void;
  #stream = new JsonStream((input) => this.#enqueue(input));
  #queue: Promise<void> = Promise.resolve();
  #negotiated = false;
  #outOfBand = false;

  constructor(guest: MonitoredGuest, send: (message: JsonObject) => void) {
    this.#guest = guest;
    this.#send = send;
    send(GREETING);
  }

  feed(chunk: Uint8Array): void {
    this.#stream.feed(chunk);
  }

  /** Passes an event on; before the negotiation a client hears of none. */
  tell(event: JsonObject): void {
    if (this.#negotiated) this.#send(event);
  }

  /** Settles when everything that came so far has been answered. */
  idle(): Promise<void> {
    return this.#queue;
  }

  #enqueue(input: JsonInput): void {
    this.#queue = this.#queue.then(() => this.#answer(input));
  }

  async #answer(input: JsonInput): Promise<void> {
    const id = 'value' in input && isJsonObject(input.value) ? input.value['id'] : undefined;
    try {
      if ('error' in input) throw new MonitorError('GenericError', input.error);
      const result = await this.#run(this.#readEnvelope(input.value));
      this.#send({ return: result, ...(id !== undefined && { id }) });
    } catch (error) {
      const { kind, message } = error instanceof MonitorError ? error : unforeseen(error);
      this.#send({ ...(id !== undefined && { id }), error: { class: kind, desc: message } });
    }
  }

  #readEnvelope(value: JsonValue): Envelope {
    if (!isJsonObject(value)) throw new MonitorError('GenericError', 'QMP input must be a JSON object');
    for (const [name, member] of Object.entries(value)) this.#requireMember(name, member);
    const command = value['execute'] ?? value['exec-oob'];
    if (typeof command !== 'string') {
      throw new MonitorError('GenericError', "QMP input lacks member 'execute'");
    }
    return { command, outOfBand: value['execute'] === undefined, args: (value['arguments'] ?? {}) as JsonObject };
  }

  #requireMember(name: string, member: JsonValue): void {
    if (name === 'id') return;
    if (name === 'execute' || (name === 'exec-oob' && this.#outOfBand)) {
      if (typeof member === 'string') return;
      throw new MonitorError('GenericError', `QMP input member '${name}' must be a string`);
    }
    if (name === 'arguments') {
      if (isJsonObject(member)) return;
      throw new MonitorError('GenericError', "QMP input member 'arguments' must be an object");
    }
    throw new MonitorError('GenericError', `QMP input member '${name}' is unexpected`);
  }

  async #run({ command, outOfBand, args }: Envelope): Promise<JsonValue> {
    if (command === 'qmp_capabilities') return this.#negotiate(args);
    if (!this.#negotiated) {
      throw new MonitorError('CommandNotFound', "Expecting capabilities negotiation with 'qmp_capabilities'");
    }
    if (outOfBand && Object.hasOwn(COMMANDS, command)) {
      throw new MonitorError('GenericError', `The command ${command} does not support OOB`);
    }
    return runCommand(this.#guest, command, args);
  }

  #negotiate(args: JsonObject): JsonValue {
    if (this.#negotiated) {
      throw new MonitorError('CommandNotFound', 'Capabilities negotiation is already complete, command ignored');
    }
    const { enable = [] } = args;
    if (!Array.isArray(enable)) {
      throw new MonitorError('GenericError', "Invalid parameter type for 'enable', expected: array");
    }
    const unknown = (enable as readonly JsonValue[]).find((capability) => capability !== 'oob');
    if (unknown !== undefined) {
      throw new MonitorError(
        'GenericError',
        `Parameter 'null' does not accept value '${typeof unknown === 'string' ? unknown : typeof unknown}'`,
      );
    }
    requireKnown(['enable'], args);
    this.#outOfBand = enable.length > 0;
    this.#negotiated = true;
    return {};
  }
}

/** A fault of the simulator's own; it is said as such, and the monitor lives on. */
const unforeseen = (error: unknown): Pick<MonitorError, 'kind' | 'message'> => ({
  kind: 'GenericError',
  message: `The simulator failed: ${error instanceof Error ? error.message : 'for an unknown reason'}`,
});
