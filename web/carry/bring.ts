// Whatever is scanned, wherever one is: brought to where it belongs, or refused with the name of that place.
import {
  type AirgapMessage,
  fileOfReference,
  type MessageKind,
  nameOfKind,
  type OfKind,
  sessionOf,
} from '../../shared/airgap/index.ts';
import { SevError } from '../../shared/errors.ts';
import { REPORT_NONCE_SIZE } from '../../shared/sev/formats/attestation-report.ts';
import type { LaunchRecord } from '../launches/record/launch-record.ts';
import { address } from '../navigation.svelte.ts';
import { filesOfMessage } from '../airgap/scanned-files.ts';
import { type Pairing, parseRelayUrl } from '../relay/pairing.ts';
import { words } from '../strings/index.ts';

/** Of the app, what bringing needs. */
export interface Bringing {
  /** Practice has no other screens: what is misplaced there is only told. */
  readonly practice: boolean;
  readonly navigation: { pairing: Pairing | undefined; go(to: string): void };
  readonly inbox: { files: readonly File[]; scanned: AirgapMessage | undefined; scannedFor: string | undefined };
  readonly launches: {
    findBySession(tag: string): Promise<LaunchRecord | undefined>;
    findByNonce(mnonce: Uint8Array): { readonly id: string } | undefined;
  };
  readonly platforms: { readonly list: readonly { readonly id: string }[] };
}

type Way<K extends MessageKind> = (app: Bringing, message: OfKind<K>) => void | Promise<void>;

/**
 * One way for every kind. A screen that shows its address takes the message with `inbox.claim`; where there is no such screen,
 * the words say what to do with the code instead.
 */
const WAYS: { readonly [K in MessageKind]: Way<K> } = {
  chain: toConnect,
  cert: toConnect,
  oca: (app, message) => (app.platforms.list.length > 0 ? toOwners(app, message) : toConnect(app, message)),
  relay({ navigation }, { url, code }) {
    navigation.pairing = { url: parseRelayUrl(url), code };
    navigation.go(address.connect);
  },
  async measurement(app, message) {
    const tag = sessionOf(message);
    if (tag === undefined) throw misplaced(message.kind);
    const launch = await app.launches.findBySession(tag);
    if (!launch) throw otherSession(message.kind);
    // A verdict that stands is not overturned by whoever holds up a code.
    if (launch.state !== 'session' && launch.state !== 'launched') {
      throw new SevError('VAULT_CONFLICT', { sentence: words.carry.judgedAlready(launch.name) });
    }
    leave(app, message, address.launch(launch.id));
  },
  launch: toCourier,
  secret: toCourier,
  reference(app, message) {
    // What is no reference at all is refused here, where it was scanned; whether to keep it, the library asks.
    fileOfReference(message);
    leave(app, message, address.library);
  },
  'oca-pin'(app, message) {
    if (app.platforms.list.length === 0) throw misplaced(message.kind);
    toOwners(app, message);
  },
  csr: (app, message) => leave(app, message, address.ownership),
  pek: (app, message) => leave(app, message, address.carryOwnership),
  'report-request': toCourier,
  async report(app, message) {
    // The nonce tells who asked. A replay names another one, and is refused where its session's launch says why.
    const tag = sessionOf(message);
    const asked = app.launches.findByNonce(message.report.subarray(0, REPORT_NONCE_SIZE));
    const launch = asked ?? (tag === undefined ? undefined : await app.launches.findBySession(tag));
    if (!launch) throw unasked();
    leave(app, message, address.launch(launch.id));
  },
};

/**
 * Goes to the screen that a message belongs to, and leaves it there.
 * @throws SevError BYTES_SWAPPED, MEASURE_OTHER_SESSION, VAULT_CONFLICT when there is no place for it: nothing has moved then
 */
export async function bringMessage(app: Bringing, message: AirgapMessage): Promise<void> {
  app.inbox.scanned = undefined;
  await (WAYS[message.kind] as Way<MessageKind>)(app, message);
}

/**
 * Takes a message where it was scanned, or brings it to where it belongs.
 * @param take throws what `expectMessage` throws for another kind, or for another launch's
 * @throws what `take` threw, where there is no other place for it
 */
export async function takeOrBring(
  app: Bringing,
  message: AirgapMessage,
  take: (message: AirgapMessage) => void | Promise<void>,
): Promise<void> {
  try {
    await take(message);
  } catch (failure) {
    if (app.practice || !isMisplaced(failure)) throw failure;
    await bringMessage(app, message).catch(() => Promise.reject(failure));
  }
}

const isMisplaced = (error: unknown): error is SevError =>
  error instanceof SevError && (error.code === 'BYTES_SWAPPED' || error.code === 'MEASURE_OTHER_SESSION');

function toConnect({ inbox, navigation }: Bringing, message: AirgapMessage): void {
  inbox.files = filesOfMessage(message);
  navigation.go(address.connect);
}

function toCourier(app: Bringing, message: AirgapMessage): void {
  leave(app, message, address.courier);
}

/** Whose owner it is to be, the person says there: a code that is held up changes no pin by itself. */
function toOwners(app: Bringing, message: AirgapMessage): void {
  leave(app, message, address.platforms);
}

function leave({ inbox, navigation }: Bringing, message: AirgapMessage, to: string): void {
  inbox.scanned = message;
  inbox.scannedFor = to;
  navigation.go(to);
}

const misplaced = (kind: MessageKind): SevError =>
  new SevError('BYTES_SWAPPED', {
    sentence: words.carry.belongs(nameOfKind(kind), words.carry.places[kind]),
    next: words.carry.belongsNext,
  });

const otherSession = (kind: MessageKind): SevError =>
  new SevError('MEASURE_OTHER_SESSION', {
    sentence: words.carry.unknownSession(nameOfKind(kind)),
    next: words.carry.unknownSessionNext,
  });

const unasked = (): SevError =>
  new SevError('MEASURE_OTHER_SESSION', { sentence: words.carry.unasked, next: words.carry.unaskedNext });
