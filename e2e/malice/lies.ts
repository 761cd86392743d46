// What a malicious relay may say, field by field: well-formed, and untrue.
import { type MethodName } from '../../shared/relay-protocol.ts';
import type { Answer, Json, Lie } from './lying-relay.ts';

/** What the page must come to when it is told a lie. */
export interface TestedLie {
  /** As in “the relay lies about …”. */
  readonly title: string;
  readonly lie: Lie;
  /** The sentence on the page that names it. */
  readonly named: RegExp;
}

const bytesOf = (value: Json | undefined): Buffer => Buffer.from(typeof value === 'string' ? value : '', 'base64');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Replaces members of the true answer. */
export const changed = (
  at: MethodName,
  change: (truth: Answer, before: ReadonlyMap<MethodName, Json>) => Answer,
): Lie => ({
  at,
  tell: (truth, _id, before) => ({ result: { ...(truth as Answer), ...change(truth as Answer, before) } }),
});

const flipped = (value: Json | undefined, offset: number): string => {
  const bytes = bytesOf(value);
  bytes[offset % bytes.length]! ^= 0x10;
  return base64(bytes);
};

const MISMATCH = /^The measurement does not match\. Keep the secret\.$/;

/** @param other the true certificates of another chip */
export function chainLies(other: Answer): readonly TestedLie[] {
  const at = 'platform.certificates';
  const swap = (name: string): Lie => changed(at, () => ({ [name]: other[name]! }));
  const flip = (name: string, offset: number): Lie =>
    changed(at, (truth) => ({ [name]: flipped(truth[name], offset) }));
  const link = (signer: string, subject: string): RegExp =>
    new RegExp(`^Not genuine: (the link from ${signer} to ${subject} is broken|the ${subject} is not what it claims)`);
  return [
    { title: "the PDH, which is another chip's", lie: swap('pdh'), named: link('PEK', 'PDH') },
    { title: "the PEK, which is another chip's", lie: swap('pek'), named: link('(OCA|CEK)', 'PEK') },
    { title: "the OCA, which is another owner's", lie: swap('oca'), named: link('OCA', 'PEK') },
    { title: "the CEK, which is another chip's", lie: swap('cek'), named: link('CEK', 'PEK') },
    { title: "one bit of the PDH's key", lie: flip('pdh', 0x30), named: /^Not genuine/ },
    { title: "one bit of the PDH's signature", lie: flip('pdh', 0x420), named: link('PEK', 'PDH') },
    { title: "one bit of the PEK's signature by the CEK", lie: flip('pek', 0x628), named: link('(OCA|CEK)', 'PEK') },
    { title: 'one bit of the OCA', lie: flip('oca', 0x10), named: /^Not genuine.*OCA/ },
    { title: "one bit of the CEK's signature", lie: flip('cek', 0x420), named: link('ASK', 'CEK') },
    { title: 'one bit of the ASK', lie: flip('ask', 300), named: /^Not genuine.*(ASK|ARK)/ },
    {
      title: "one bit of the ARK's key",
      lie: flip('ark', 300),
      named: /^Not genuine: the (root key is not AMD's|ARK is not)/,
    },
    {
      title: "AMD's certificates, which are left out",
      lie: withoutCa(),
      named: /^Not proven: the chain is incomplete\.$/,
    },
    {
      title: 'the PEK, which is the PDH again',
      lie: changed(at, (truth) => ({ pek: truth['pdh']! })),
      named: /^(Not proven: the chain is incomplete\.|Not genuine)/,
    },
  ];
}

/** What the host reports of a launch: none of it is believed, and each lie shows in the verdict. */
export const MEASUREMENT_LIES: readonly TestedLie[] = [
  { title: 'the measure', lie: measurement(({ measurement: m }) => ({ measurement: flipped(m, 5) })), named: MISMATCH },
  { title: 'the nonce', lie: measurement(({ measurement: m }) => ({ measurement: flipped(m, 40) })), named: MISMATCH },
  {
    title: 'the measurement, with the nonce first',
    lie: measurement(({ measurement: m }) => {
      const bytes = bytesOf(m);
      return { measurement: base64(Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)])) };
    }),
    named: MISMATCH,
  },
  {
    title: 'the measurement, which is of an earlier launch',
    lie: {
      at: 'guest.measurement',
      tell: (truth, _id, before) => ({ result: before.get('guest.measurement') ?? truth }),
    },
    named: MISMATCH,
  },
  { title: 'the API major', lie: measurement(() => ({ apiMajor: 1 })), named: MISMATCH },
  { title: 'the API minor', lie: measurement(() => ({ apiMinor: 55 })), named: MISMATCH },
  {
    title: 'the API, said to be too old to bind a secret',
    lie: measurement(() => ({ apiMinor: 16 })),
    named: /^The secret stays with you\.$|does not match/,
  },
  { title: 'the build', lie: measurement(() => ({ build: 22 })), named: MISMATCH },
  {
    title: "the policy, weaker than the session's",
    lie: measurement(() => ({ policy: 0 })),
    named: /^The guest runs under another policy\. Keep the secret\.$/,
  },
  {
    title: "the policy, stronger than the session's",
    lie: measurement(({ policy }) => ({ policy: ((policy as number) | 0x10) >>> 0 })),
    named: /^The guest runs under another policy\. Keep the secret\.$/,
  },
  {
    title: 'which guest was launched',
    lie: { at: 'guest.launch', tell: (truth, _id, before) => ({ result: before.get('guest.launch') ?? truth }) },
    named: MISMATCH,
  },
];

const UNSIGNED = "The report is not this platform's word. It proves nothing.";

/** Every field of an attestation report, spoilt in one bit; and a whole one, which is old. */
export const REPORT_LIES: readonly (Pick<TestedLie, 'title' | 'lie'> & { readonly named: string })[] = [
  ...(
    [
      ['the nonce', 3],
      ['the launch digest', 20],
      ['the policy', 48],
      ['its signer', 52],
      ['how it is signed', 56],
      ['what is reserved', 61],
      ['r of its signature', 70],
      ['what is unused of r', 130],
      ['s of its signature', 140],
      ['what is unused of s', 205],
    ] as const
  ).map(([title, offset]) => ({
    title,
    lie: changed('guest.report', ({ report }) => ({ report: flipped(report, offset) })),
    named: UNSIGNED,
  })),
  {
    title: 'the report, which is nothing but zeros',
    lie: changed('guest.report', () => ({ report: base64(new Uint8Array(208)) })),
    named: UNSIGNED,
  },
  {
    title: 'the report, which is an earlier one',
    lie: { at: 'guest.report', tell: (truth, _id, before) => ({ result: before.get('guest.report') ?? truth }) },
    named: 'The report answers another request. It proves nothing.',
  },
];

/** As in the profile's hint: it promises the very image that the guest owner chose, and starts another. */
export const promises = (sha256: string): Lie =>
  eachOf('guest.profiles', { firmware: { name: 'OVMF.amdsev.fd', size: 4_194_304, sha256 } });

function measurement(change: (truth: Answer) => Answer): Lie {
  return changed('guest.measurement', change);
}

/**
 * Said of itself, or a hint, and shown as what it is: words of the host. All of these are told at once, and none may
 * change a verdict.
 */
export const IDLE_LIES: readonly Lie[] = [
  changed('relay.hello', () => ({ relay: '<img src=x onerror=alert(1)>', simulated: false, capabilities: [] })),
  changed('platform.status', () => ({
    apiMajor: 1,
    apiMinor: 99,
    build: 255,
    state: 'working',
    owner: 'external',
    es: false,
    guests: 4_000_000_000,
  })),
  eachOf('guest.profiles', {
    firmware: { name: '../../etc/passwd', size: 0, sha256: '0'.repeat(64) },
    cpus: 512,
    cpuModel: 'EPYC “<b>',
    cmdline: '</script><script>alert(1)</script>',
  }),
  {
    at: 'guest.list',
    tell: () => ({
      result: Array.from({ length: 1000 }, (_, i) => ({
        id: `qmp:${i}`,
        name: `${'<b>'.repeat(80)}${i}`,
        backend: 'libvirt',
        state: 'running',
        sev: false,
      })),
    }),
  },
  changed('guest.measurement', () => ({ handle: 7, state: 'running' })),
];

function withoutCa(): Lie {
  return {
    at: 'platform.certificates',
    tell: (truth) => ({
      result: Object.fromEntries(Object.entries(truth as Answer).filter(([name]) => !['ask', 'ark'].includes(name))),
    }),
  };
}

function eachOf(at: MethodName, change: Answer): Lie {
  return { at, tell: (truth) => ({ result: (truth as readonly Answer[]).map((one) => ({ ...one, ...change })) }) };
}

/** What no protocol allows, or no patience: the page lets go, says so, and can come back. */
export const GARBAGE: readonly {
  readonly title: string;
  readonly frames: (id: number) => readonly (string | Buffer)[];
}[] = [
  { title: 'no JSON', frames: () => ['{"jsonrpc":'] },
  { title: 'bytes instead of text', frames: () => [Buffer.from('{"jsonrpc":"2.0"}')] },
  {
    title: 'a frame over 1 MiB',
    frames: (id) => [JSON.stringify({ jsonrpc: '2.0', id, result: 'x'.repeat(1 << 20) })],
  },
  { title: 'a frame of 8 MiB', frames: () => [' '.repeat(1 << 23)] },
  { title: 'brackets without end', frames: () => ['['.repeat(500_000)] },
  { title: 'a list instead of an answer', frames: (id) => [JSON.stringify([{ jsonrpc: '2.0', id, result: {} }])] },
  {
    title: 'an answer and a failure in one',
    frames: (id) => [JSON.stringify({ jsonrpc: '2.0', id, result: {}, error: { code: 1, message: '' } })],
  },
  {
    title: 'an answer of another method',
    frames: (id) => [JSON.stringify({ jsonrpc: '2.0', id, result: { id: 'a' } })],
  },
  { title: 'a stray member', frames: (id) => [JSON.stringify({ jsonrpc: '2.0', id, result: { secret: 'yes' } })] },
  {
    title: 'a message that nobody knows',
    frames: () => [JSON.stringify({ jsonrpc: '2.0', method: 'vault.export', params: {} })],
  },
  {
    title: 'a polluted prototype',
    frames: (id) => [`{"jsonrpc":"2.0","id":${id},"result":{"__proto__":{"measurement":"x"}}}`],
  },
];
