import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { toHex } from '../bytes/text.ts';
import { SevError } from '../errors.ts';
import { referenceMessage } from '../testing/reference-message.ts';
import { describeWithVectors, vectorBytes } from '../testing/vectors.ts';
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts';
import { compress, decompress } from './deflate.ts';
import * as door from './index.ts';
import {
  type AirgapMessage,
  encodeMessage,
  expectMessage,
  kindOfType,
  MESSAGE_KINDS,
  type MessageKind,
  nameOfKind,
  parseMessage,
  sessionOf,
} from './messages.ts';
import { layOutCodes, type QrCodes } from './qr-size.ts';
import { sessionTag } from './session-tag.ts';

const bytes = (length: number, seed = 'x'): Uint8Array => referenceMessage(length, seed);
const session = sessionTag(bytes(128, 'session'));

/** One of each kind, with every member. */
const MESSAGES: { readonly [K in MessageKind]: Extract<AirgapMessage, { kind: K }> } = {
  chain: {
    kind: 'chain',
    pdh: bytes(2084, 'pdh'),
    pek: bytes(2084, 'pek'),
    oca: bytes(2084, 'oca'),
    cek: bytes(2084, 'cek'),
    ask: bytes(832, 'ask'),
    ark: bytes(576, 'ark'),
    name: 'rack 4, node 2',
  },
  cert: { kind: 'cert', role: 'PEK', cert: bytes(2084), name: 'node 2' },
  oca: { kind: 'oca', oca: bytes(2084), name: 'Example Hosting' },
  csr: { kind: 'csr', csr: bytes(2084), name: 'node 2' },
  pek: { kind: 'pek', pek: bytes(2084, 'pek'), oca: bytes(2084, 'oca') },
  launch: {
    kind: 'launch',
    godh: bytes(2084),
    session: bytes(128, 'session'),
    policy: 5,
    name: 'web',
    profile: 'small',
  },
  measurement: {
    kind: 'measurement',
    measurement: bytes(48),
    apiMajor: 1,
    apiMinor: 55,
    build: 22,
    policy: 0xffff_ffff,
    session,
    guest: 'qmp:web',
    handle: 1,
  },
  secret: { kind: 'secret', session, header: bytes(52), payload: bytes(16_384), guest: 'qmp:web', gpa: 0x1_0000_0000 },
  'report-request': { kind: 'report-request', mnonce: bytes(16), session, guest: 'qmp:web' },
  report: { kind: 'report', report: bytes(208), session, guest: 'qmp:web' },
  relay: { kind: 'relay', url: 'ws://127.0.0.1:8455', code: '0000-1111-2222-3333' },
  reference: {
    kind: 'reference',
    name: 'OVMF.amdsev.fd',
    role: 'guest-image',
    size: 4_194_304,
    sha256: bytes(32),
    midstate: bytes(41),
    imageKind: 'amd-sev',
    resetEip: 0x80_b004,
    hashBase: 0x81_0000,
    hashSize: 0x400,
    secretBase: 0x80_f000,
    secretSize: 0xc00,
  },
  'oca-pin': { kind: 'oca-pin', sha256: bytes(32), name: 'Example Hosting' },
};
const all = Object.values(MESSAGES);

/** What goes over the wire, inflated, changed and framed again. */
async function changed(
  message: AirgapMessage,
  change: (members: Map<number, CborValue>) => CborValue,
): Promise<door.Ur> {
  const { type, payload } = await encodeMessage(message);
  const members = new Map(decodeCbor(await decompress(payload)) as ReadonlyMap<number, CborValue>);
  return { type, payload: await compress(encodeCbor(change(members))) };
}

describe('every message', () => {
  it.each(all)('$kind comes back as it went', async (message) => {
    const ur = await encodeMessage(message);
    expect(ur.type).toBe(`x-sev-${message.kind}`);
    expect(kindOfType(ur.type)).toBe(message.kind);
    expect(await parseMessage(ur)).toEqual(message);
  });

  it.each(all)('$kind comes back through its codes', async (message) => {
    const collector = new door.FrameCollector();
    const { frames } = layOutCodes(await encodeMessage(message));
    for (const text of frames.kind === 'still' ? [frames.text] : frames) {
      const collected = collector.add(text);
      if (collected.status !== 'done') continue;
      expect(await parseMessage(collected.message)).toEqual(message);
      return;
    }
  });

  it.each(all)(
    '$kind is refused with a member that is not known, with one missing, and with one too long',
    async (message) => {
      const stray = changed(message, (members) => members.set(40, 1));
      await expect(parseMessage(await stray)).rejects.toThrow('BYTES_VALUE');
      const missing = changed(message, (members) => (members.delete(1), members));
      await expect(parseMessage(await missing)).rejects.toThrow('BYTES_VALUE');
      const long = changed(message, (members) => {
        const first = [...members].find(([, value]) => value instanceof Uint8Array);
        return first ? members.set(first[0], new Uint8Array(20_000)) : members.set(1, 'x'.repeat(5000));
      });
      await expect(parseMessage(await long)).rejects.toThrow(/BYTES_(LENGTH|VALUE)/);
    },
  );

  it.each(all)('$kind of a later version asks for an update, and without a version is refused', async (message) => {
    await expect(parseMessage(await changed(message, (members) => members.set(0, 2)))).rejects.toThrow('BYTES_VERSION');
    for (const version of [0, 'one']) {
      const odd = changed(message, (members) => members.set(0, version));
      await expect(parseMessage(await odd)).rejects.toThrow('BYTES_VALUE');
    }
    const none = changed(message, (members) => (members.delete(0), members));
    await expect(parseMessage(await none)).rejects.toThrow('BYTES_VALUE');
    await expect(parseMessage(await changed(message, () => [1, 2]))).rejects.toThrow('BYTES_VALUE');
  });

  it('is read, or refused with a SevError, whatever the bytes are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...all),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (message, place, flip) => {
          const { type, payload } = await encodeMessage(message);
          const inflated = await decompress(payload);
          inflated[place % inflated.length]! ^= flip;
          const outcome = await parseMessage({ type, payload: await compress(inflated) }).catch(
            (error: unknown) => error,
          );
          if (!(outcome instanceof SevError)) expect(outcome).not.toEqual(message);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is refused before it leaves when it would be refused on arrival', async () => {
    const offer = { ...MESSAGES.launch, session: bytes(127) };
    await expect(encodeMessage(offer)).rejects.toThrow('BYTES_LENGTH');
    const named = { ...MESSAGES.oca, name: 'turned \u202e round' };
    await expect(encodeMessage(named)).rejects.toThrow('BYTES_VALUE');
    const elsewhere = { ...MESSAGES.relay, url: 'https://example.org/' };
    await expect(encodeMessage(elsewhere)).rejects.toThrow('BYTES_VALUE');
  });

  it('refuses a name that shows nothing, and never writes one that would be refused', async () => {
    const blank = changed(MESSAGES.oca, (members) => members.set(2, ' \u00a0 '));
    await expect(parseMessage(await blank)).rejects.toThrow('BYTES_VALUE');
    for (const odd of [`${'x'.repeat(63)}\u{1f511}`, 'a\u0000b\u202ec', ' \u2028 ', '', 'e\u0301'.repeat(70)]) {
      const name = door.labelOf(odd);
      const sent = await encodeMessage({ kind: 'oca', oca: MESSAGES.oca.oca, ...(name !== undefined && { name }) });
      expect(await parseMessage(sent)).toMatchObject(name === undefined ? { kind: 'oca' } : { name });
    }
    expect(door.labelOf(' \u2028 ')).toBeUndefined();
  });

  it('keeps a name however its accents were typed', async () => {
    const sent = await encodeMessage({ ...MESSAGES['oca-pin'], name: 'Zu\u0308rich' });
    expect(await parseMessage(sent)).toMatchObject({ name: 'Z\u00fcrich' });
  });

  it('of another type is not known', async () => {
    const { payload } = await encodeMessage(MESSAGES.csr);
    for (const type of ['bytes', 'x-sev-toString', 'x-sev-', 'csr']) {
      await expect(parseMessage({ type, payload })).rejects.toThrow('BYTES_UNKNOWN');
    }
  });
});

describe('where a message belongs', () => {
  const tag = toHex(session);

  it('is the session whose blob it carries or names', () => {
    expect(sessionOf(MESSAGES.launch)).toBe(tag);
    expect(sessionOf(MESSAGES.measurement)).toBe(tag);
    expect(sessionOf(MESSAGES.chain)).toBeUndefined();
    const { session: _, ...unnamed } = MESSAGES.measurement;
    expect(sessionOf(unnamed)).toBeUndefined();
  });

  it('is accepted where it is awaited', () => {
    expect(expectMessage(MESSAGES.measurement, { kinds: ['measurement'], session: tag })).toBe(MESSAGES.measurement);
    expect(expectMessage(MESSAGES.chain, { kinds: ['chain', 'cert'], session: tag })).toBe(MESSAGES.chain);
    const found = expectMessage(MESSAGES.measurement as AirgapMessage, { kinds: ['measurement', 'report'] });
    expectTypeOf(found.kind).toEqualTypeOf<'measurement' | 'report'>();
  });

  it('is named when it is another kind', () => {
    expect(() => expectMessage(MESSAGES.chain, { kinds: ['measurement'] })).toThrow(
      'BYTES_SWAPPED: This is a platform chain; a measurement is asked for here.',
    );
  });

  it('is named when it is of another session', () => {
    expect(() => expectMessage(MESSAGES.measurement, { kinds: ['measurement'], session: '00'.repeat(8) })).toThrow(
      'MEASURE_OTHER_SESSION: This is a measurement of another session.',
    );
  });

  it('has a name for every kind', () => {
    expect(new Set(MESSAGE_KINDS.map(nameOfKind)).size).toBe(MESSAGE_KINDS.length);
  });
});

describe('secrets', () => {
  type MembersOf<M> = M extends unknown ? Exclude<keyof M, 'kind'> : never;
  // Every member of every message, by type: a new one must be added here, and thus be looked at.
  type Public =
    | ('pdh' | 'pek' | 'oca' | 'cek' | 'ask' | 'ark' | 'cert' | 'csr' | 'godh' | 'role' | 'name')
    | ('session' | 'policy' | 'profile' | 'guest' | 'handle' | 'gpa' | 'url' | 'code')
    | ('measurement' | 'apiMajor' | 'apiMinor' | 'build' | 'mnonce' | 'report')
    | ('header' | 'payload')
    | ('size' | 'sha256' | 'midstate')
    | ('imageKind' | 'resetEip' | 'hashBase' | 'hashSize' | 'secretBase' | 'secretSize');

  it('have no member to travel in', () => {
    expectTypeOf<MembersOf<AirgapMessage>>().toEqualTypeOf<Public>();
  });

  it.each(['tek', 'tik', 'godhPrivateKey', 'ocaPrivateKey', 'passphrase', 'secret'])(
    'are refused when given all the same: %s',
    async (member) => {
      const offer = { ...MESSAGES.launch, [member]: bytes(16) };
      await expect(encodeMessage(offer)).rejects.toThrow('BYTES_VALUE');
    },
  );
});

describe('the public door', () => {
  it('lets this through, and nothing else', () => {
    expect(Object.keys(door).sort()).toEqual([
      'FrameCollector',
      'USUAL_SIZE',
      'encodeFrames',
      'encodeMessage',
      'encodeUr',
      'expectMessage',
      'fileOfReference',
      'frameBytesIn',
      'kindOfType',
      'labelOf',
      'layOutCodes',
      'modulesOf',
      'nameOfKind',
      'parseMessage',
      'parseUr',
      'referenceOfFile',
      'sessionOf',
      'sessionTag',
      'stillBytesIn',
      'typeOfKind',
    ]);
  });
});

describeWithVectors('real blobs as codes of the usual size', () => {
  const cert = (name: string): Uint8Array => vectorBytes(`certs/naples/${name}.cert`);
  const codesOf = async (message: AirgapMessage): Promise<QrCodes> => layOutCodes(await encodeMessage(message));
  const chain = {
    kind: 'chain',
    pdh: cert('pdh'),
    pek: cert('pek'),
    oca: cert('oca'),
    cek: cert('cek'),
  } as const;

  it('a single certificate stands still', async () => {
    for (const role of ['PDH', 'PEK', 'OCA', 'CEK'] as const) {
      const { frames } = await codesOf({ kind: 'cert', role, cert: cert(role.toLowerCase()) });
      expect({ role, kind: frames.kind }).toEqual({ role, kind: 'still' });
    }
  });

  it('a chain without its CA needs 3 frames, and with it 5', async () => {
    expect(await codesOf(chain)).toMatchObject({ frames: { kind: 'animated', total: 3 } });
    const whole = { ...chain, ask: cert('ask'), ark: cert('ark') };
    expect(await codesOf(whole)).toMatchObject({ frames: { kind: 'animated', total: 5 } });
  });

  it('a session, a measurement and a small secret packet stand still', async () => {
    const godh = cert('pdh');
    const messages: AirgapMessage[] = [
      { ...MESSAGES.launch, godh },
      MESSAGES.measurement,
      { ...MESSAGES.secret, payload: bytes(256) },
      MESSAGES.report,
      MESSAGES.relay,
      MESSAGES.reference,
    ];
    for (const message of messages) {
      const { frames } = await codesOf(message);
      expect({ kind: message.kind, frames: frames.kind }).toEqual({ kind: message.kind, frames: 'still' });
    }
  });
});
