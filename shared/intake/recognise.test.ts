import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeWithVectors, vectorBytes, vectorJson } from '../testing/vectors.ts';
import { zipOf } from '../testing/zip-writer.ts';
import { SevError } from '../errors.ts';
import { toBase64, toHex, toUtf8 } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { makeGodh } from '../sev/session/godh.ts';
import type { Piece } from './piece.ts';
import { recognise } from './recognise.ts';

interface QmpLaunch {
  dh_cert_file: string;
  session_file: string;
  exchange: { send: { execute: string }; receive: unknown[] }[];
  other_replies: Record<string, unknown>;
}

const kindsOf = async (bytes: Uint8Array, name?: string): Promise<string[]> =>
  (await recognise(bytes, name)).map((piece) => piece.kind);
const textKinds = (text: string, name?: string): Promise<string[]> => kindsOf(toUtf8(text), name);
const refusal = async (input: Uint8Array | string, name?: string): Promise<SevError> => {
  try {
    await recognise(typeof input === 'string' ? toUtf8(input) : input, name);
  } catch (error) {
    if (error instanceof SevError) return error;
    throw error;
  }
  throw new Error('accepted');
};
const inLines = (text: string, width: number): string => text.replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\n');
const pieceOf = async <K extends Piece['kind']>(text: string, kind: K): Promise<Extract<Piece, { kind: K }>> =>
  (await recognise(toUtf8(text))).find((piece) => piece.kind === kind) as Extract<Piece, { kind: K }>;
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

describe('What is given raw', () => {
  it.each([
    [128, 'session'],
    [48, 'launch-measure'],
    [32, 'hash'],
    [52, 'packet-header'],
    [64, 'chip-id'],
    [208, 'attestation-report'],
  ])('is told by its size: %i bytes are %s', async (size, kind) => {
    const bytes = random(size).fill(0xfe, 0, 2);
    expect(await kindsOf(bytes)).toEqual([kind]);
    expect(await textKinds(toBase64(bytes))).toEqual([kind]);
    expect(await textKinds(toHex(bytes))).toEqual([kind]);
    expect(await textKinds(`0x${toHex(bytes).toUpperCase()}\r\n`)).toEqual([kind]);
    expect(await textKinds(inLines(toBase64(bytes), 20))).toEqual([kind]);
  });

  it('is told as a digest in hex, and not as a measurement in base64 of 64 characters', async () => {
    expect(await textKinds('a5'.repeat(32))).toEqual(['hash']);
  });

  it.each([
    ['vm_tik.bin', 16],
    ['vm_tek.bin', 16],
    ['tmp_tk.bin', 32],
    ['folder/tik.bin', 16],
    ['C:\\keys\\tek.bin', 16],
  ])("is a key only by its tool's file name: %s", async (name, size) => {
    expect(await kindsOf(random(size), name)).toEqual(['transport-key']);
    expect(await kindsOf(toUtf8('0123456789abcdef'.repeat(size / 16)), name)).toEqual(['transport-key']);
    if (size === 16) expect((await refusal(random(16).fill(0xff, 0, 1), 'stick.bin')).code).toBe('BYTES_UNKNOWN');
    else expect(await kindsOf(random(32).fill(0xff, 0, 1), 'digest.bin')).toEqual(['hash']);
  });

  it("is a chip's id as sev-tool keeps it, by socket", async () => {
    const id = toHex(random(64));
    expect(await recognise(toUtf8(`${id}\n`), 'getid_s1_out.txt')).toMatchObject([{ kind: 'chip-id', id, socket: 1 }]);
    expect(await recognise(toUtf8(id.toUpperCase()), 'getid_s0_out.txt')).toMatchObject([{ id, socket: 0 }]);
    expect((await recognise(toUtf8(id)))[0]).toMatchObject({ socket: undefined });
  });

  it('is refused by name when it belongs to SEV-SNP', async () => {
    expect((await refusal('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----')).sentence).toContain('X.509');
    expect((await refusal(random(1184))).sentence).toContain('SEV-SNP');
  });

  it.each<[string, string | Uint8Array, string]>([
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0), 'packed with gzip'],
    ['tar', concat(new Uint8Array(257), toUtf8('ustar'), new Uint8Array(250)), 'packed with tar'],
    ['a web page', '<!DOCTYPE html><html><title>429 Too Many\n Requests</title><br></html>', '“429 Too Many Requests”'],
    ['a web page without title', '<html><p>a<b></p></html>', 'a web page'],
    ['XML of a server', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "none of libvirt's"],
    ['xxd', '00000000: 0100 0000 0010 0000  ................\n00000010: 0000 0000', 'hex dump'],
    ['hexdump -C', '00000000  01 00 00 00 00 10 00 00  |........|\n00000008\n', 'hex dump'],
    ["sev-tool's print", 'Version:       00000001\napi_major:     00\npub_key_usage: 00001003\n', 'sev-tool prints it'],
    ["sevctl's tree", `PDH EP384 D256 ${'0b'.repeat(32)}\n ⬑ PEK EP384 E256 ${'0c'.repeat(32)}\n`, 'sevctl verify'],
    ['sha256sum', `${'0d'.repeat(32)}  OVMF_CODE.fd\n`, 'sha256sum'],
    ["virsh's refusal", '# virsh nodesevinfo\nerror: Operation not supported: SEV\n', 'Operation not supported: SEV'],
  ])('is called what it is, with the next step: %s', async (_name, input, words) => {
    const error = await refusal(input, 'download');
    expect([error.code, error.at, error.sentence]).toEqual([
      'BYTES_UNKNOWN',
      'download',
      expect.stringContaining(words),
    ]);
    expect(error.next).not.toBe((await refusal('hello')).next);
    // Under a certificate's name it breaks the drawing there, and is not passed over beside the others of its folder.
    const [piece] = await recognise(typeof input === 'string' ? toUtf8(input) : input, 'certs/cek.cert');
    expect(piece).toMatchObject({ kind: 'unreadable', name: 'cek', error: { sentence: error.sentence } });
  });

  it.each(['', ' ', 'hello', 'cert', '{}', '{"a": 1}', '<html></html>', 'name: value', 'QUJD', 'deadbeef'])(
    'is refused when it is nothing known: %j',
    async (text) => {
      expect((await refusal(text)).code).toBe(text === '' ? 'BYTES_LENGTH' : 'BYTES_UNKNOWN');
    },
  );

  it('is refused above a mebibyte, unless it is firmware or a kernel', async () => {
    expect((await refusal(new Uint8Array(1024 * 1024 + 1))).code).toBe('BYTES_TOO_LARGE');
    const kernel = new Uint8Array(2 * 1024 * 1024);
    kernel.set(toUtf8('HdrS'), 0x202);
    expect(await kindsOf(kernel)).toEqual(['kernel']);
    const variables = new Uint8Array(2 * 1024 * 1024);
    variables.set(toUtf8('_FVH'), 40);
    expect(await kindsOf(variables, 'OVMF_VARS.fd')).toEqual(['guest-image']);
    expect(await kindsOf(concat(Uint8Array.of(0x51, 0x46, 0x49, 0xfb), new Uint8Array(100)))).toEqual(['qcow2']);
  });

  it('knows a GODH of either tool from a PDH', async () => {
    expect(await kindsOf((await makeGodh('sevctl')).bytes, 'pdh.cert')).toEqual(['godh']);
    expect(await kindsOf((await makeGodh('sev-tool')).bytes)).toEqual(['godh']);
  });

  it('never does anything but answer or refuse', async () => {
    const attempt = async (bytes: Uint8Array, name: string): Promise<void> => {
      const outcome = await recognise(bytes, name).catch((error: unknown) => error);
      expect(outcome instanceof SevError || Array.isArray(outcome)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.string({ maxLength: 20 }), attempt));
    const text = fc.string({ unit: fc.constantFrom(...'{}[]"\\:,<>/=abcdef0123 \n&;#x-'), maxLength: 200 });
    await fc.assert(fc.asyncProperty(text, (value) => attempt(toUtf8(value), '')));
  });
});

describeWithVectors('Certificates, however they come', () => {
  const SEV = ['pdh', 'pek', 'oca', 'cek'];
  const naples = vectorBytes('certs/naples/full_chain.cert');

  it.each([
    ['sevctl export --full', naples, [...SEV, 'ask', 'ark']],
    ['… with the ARK as AMD serves it', naples.subarray(0, -256), [...SEV, 'ask', 'ark']],
    ['sevctl export', naples.subarray(0, 8336), SEV],
    ['later generations', vectorBytes('sim/full_chain.cert'), [...SEV, 'ask', 'ark']],
    ['PDH_CERT_EXPORT, both buffers', vectorBytes('sim/pdh_cert_export.bin'), SEV],
    ['PDH_CERT_EXPORT, second buffer', naples.subarray(2084, 8336), ['pek', 'oca', 'cek']],
    ['ask_ark_naples.cert', naples.subarray(8336), ['ask', 'ark']],
    ['ask_ark_naples.cert as AMD serves it', naples.subarray(8336, -256), ['ask', 'ark']],
    ['ask_ark of later generations', vectorBytes('sim/ask_ark.cert'), ['ask', 'ark']],
    ['one after the other, any way', concat(naples.subarray(8336, 9168), naples.subarray(0, 2084)), ['ask', 'pdh']],
    ['a signing request', vectorBytes('ownership/pek_csr.cert'), ['pek-csr']],
    ['a signed request', vectorBytes('ownership/pek_csr.signed.cert'), ['pek-signed']],
    ['an owner certificate', vectorBytes('ownership/oca.cert'), ['oca']],
    ['a truncated ARK alone', vectorBytes('certs/naples/ark_as_served.cert'), ['ark']],
    ['an attestation report', vectorReport(), ['attestation-report']],
  ])('are recognised: %s', async (_name, bytes, kinds) => {
    expect(await kindsOf(bytes)).toEqual(kinds);
    expect(await textKinds(toBase64(bytes))).toEqual(kinds);
    expect(await textKinds(inLines(toBase64(bytes), 76))).toEqual(kinds);
    expect(await textKinds(inLines(toHex(bytes), 60))).toEqual(kinds);
  });

  it('are recognised when base64 was applied twice, and it is told', async () => {
    const [piece] = await recognise(toUtf8(toBase64(toUtf8(`${toBase64(vectorBytes('certs/naples/pdh.cert'))}\n`))));
    expect([piece?.kind, piece?.encodings]).toEqual(['pdh', ['base64', 'base64']]);
    const thrice = toBase64(toUtf8(toBase64(toUtf8(toBase64(vectorBytes('certs/naples/pdh.cert'))))));
    expect((await refusal(thrice)).code).toBe('BYTES_UNKNOWN');
  });

  it.each([false, true])("come out of sev-tool's zip (deflated: %s)", async (deflate) => {
    const cert = (name: string): Uint8Array => vectorBytes(`certs/naples/${name}.cert`);
    const files = Object.fromEntries([...SEV, 'ask', 'ark'].map((name) => [`${name}.cert`, cert(name)]));
    const zip = await zipOf({ ...files, 'readme.txt': toUtf8('hello') }, { deflate, comment: 'made by sev-tool' });
    const pieces = await recognise(zip, 'certs_export.zip');
    expect(pieces.map((piece) => `${piece.kind} ${piece.source}`)).toEqual(
      [...SEV, 'ask', 'ark'].map((name) => `${name} certs_export.zip/${name}.cert`),
    );
  });

  it('stay whole around one that cannot be read', async () => {
    const bytes = naples.slice();
    bytes[2084] = 7;
    const pieces = await recognise(bytes);
    expect(pieces.map((piece) => piece.kind)).toEqual(['pdh', 'unreadable', 'oca', 'cek', 'ask', 'ark']);
    expect(pieces[1]).toMatchObject({ name: 'pek', error: { code: 'CERT_VERSION', at: 'pek.version' } });
    expect((await refusal(bytes.subarray(2084, 4168))).message).toContain('CERT_VERSION at pek.version');
    expect(await kindsOf(bytes.subarray(2084, 4168), 'pek.cert')).toEqual(['unreadable']);
    expect((await refusal(new Uint8Array(10_000))).code).toBe('BYTES_UNKNOWN');
  });

  it('must be in their order in a whole chain', async () => {
    const pieces = await recognise(vectorBytes('negative/swapped-pek-oca.chain'));
    expect(pieces.map((piece) => piece.kind)).toEqual(['pdh', 'unreadable', 'unreadable', 'cek', 'ask', 'ark']);
  });

  const sev = naples.subarray(0, 8336);
  const pdh = naples.subarray(0, 2084);

  it.each([
    ["PDH_CERT_EXPORT's two buffers swapped", concat(sev.subarray(2084), pdh), 4],
    ['ARK before ASK', concat(vectorBytes('sim/ark.cert'), vectorBytes('sim/ask.cert')), 2],
    ['the same of Naples as AMD serves it', concat(naples.subarray(-832, -256), naples.subarray(8336, 9168)), 2],
  ])('are named where each lies in the place of another: %s', async (_name, bytes, count) => {
    const pieces = await recognise(bytes);
    expect(pieces.map((piece) => piece.kind)).toEqual(Array.from({ length: count }, () => 'unreadable'));
    expect(pieces[0]).toMatchObject({ error: { code: 'CERT_USAGE' } });
    expect((pieces[0] as { error: SevError }).error.sentence).toMatch(
      /^This is an? (PEK|ARK), where an? (PDH|ASK) belongs/,
    );
  });

  it("are a platform's by their place, whatever signature they lack", async () => {
    expect(await kindsOf(vectorBytes('negative/pek-without-cek.chain'))).toEqual([...SEV, 'ask', 'ark']);
    const [godh] = await recognise(concat((await makeGodh('sevctl')).bytes, sev.subarray(2084)));
    expect(godh).toMatchObject({ kind: 'unreadable', name: 'pdh', error: { code: 'CERT_USAGE' } });
    expect((godh as { error: SevError }).error.sentence).toContain('GODH');
  });

  it('say what follows after them, and are called by the name of their file', async () => {
    expect((await refusal(concat(naples, Uint8Array.of(10)))).sentence).toContain(
      'One more byte follows after the ARK.',
    );
    const cut = await refusal(concat(pdh, new Uint8Array(100)));
    expect(cut.sentence).toContain('100 more bytes follow after the PDH.');
    const [zeros] = await recognise(new Uint8Array(2084), 'cek.cert');
    expect(zeros).toMatchObject({ kind: 'unreadable', name: 'cek', error: { at: 'cek.version' } });
    expect(await recognise(new Uint8Array(2084), 'C:\\certs\\PEK.CERT')).toMatchObject([{ name: 'pek' }]);
    expect((await refusal(new Uint8Array(2084))).at).toBe('certificates.version');
  });

  it.each([
    ['a data: URL', `data:application/octet-stream;base64,${toBase64(pdh)}`],
    ['PEM-like lines', `-----BEGIN CERTIFICATE-----\n${inLines(toBase64(pdh), 64)}\n-----END CERTIFICATE-----\n`],
    ['quotes, as JSON has it', `"${toBase64(pdh)}",`],
    ["base64 of the URL's alphabet", toBase64(pdh).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')],
    ['base64 without padding', toBase64(pdh).replaceAll('=', '')],
    ['hex with colons', toHex(pdh).replaceAll(/..(?!$)/g, '$&:')],
  ])('are recognised in %s', async (_name, text) => {
    expect(await textKinds(text)).toEqual(['pdh']);
  });

  it("are recognised in PDH_CERT_EXPORT's two buffers as two texts of base64", async () => {
    const [one, other] = [toBase64(pdh), toBase64(sev.subarray(2084))];
    expect(await textKinds(`${one}\n\n${other}\n`)).toEqual(SEV);
    expect((await refusal(`${one}====${other}`)).code).toBe('BYTES_UNKNOWN');
  });

  const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  const toBytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
  it.each([
    ['a terminal put CR before LF', toBytes(latin1(sev).replaceAll('\n', '\r\n')), 'before each line-feed'],
    ['it was turned into UTF-8', toUtf8(latin1(sev)), 'turned into UTF-8'],
    ['what is no UTF-8 was replaced', toUtf8(new TextDecoder().decode(sev)), 'are lost from it'],
    [
      "PowerShell's UTF-16",
      toBytes(
        Array.from(`\uFEFF${new TextDecoder().decode(sev)}`, (c) =>
          String.fromCharCode(c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8),
        ).join(''),
      ),
      'are lost from it',
    ],
  ])('are named when they were sent as text: %s', async (_name, bytes, words) => {
    const error = await refusal(bytes);
    expect([error.code, error.sentence]).toEqual(['BYTES_ENCODING', expect.stringContaining(words)]);
    expect(error.next).toContain('base64 -w0');
    expect(await kindsOf(bytes, 'pdh.cert')).toEqual(['unreadable']);
  });

  it('leave what lies beside them in a zip alone, but not one that is broken', async () => {
    const notes = {
      'notes.json': toUtf8('{"a": '),
      'index.html': toUtf8('<p>a<b></p>'),
      '__MACOSX/._pdh.cert': random(300),
    };
    expect(await kindsOf(await zipOf({ ...notes, 'pdh.cert': pdh }, { deflate: true }))).toEqual(['pdh']);
    const cut = await zipOf({ ...notes, 'chain.cert': naples.subarray(0, 9000) }, { deflate: true });
    expect((await refusal(cut)).code).toBe('BYTES_LENGTH');
    const page = await zipOf({ 'vcek.der': concat(Uint8Array.of(0x30, 0x82), new Uint8Array(9)) }, { deflate: true });
    expect((await refusal(page, 'certs_export_vcek.zip')).sentence).toContain('X.509');
    expect((await refusal(await zipOf(notes, { deflate: true }))).sentence).toContain('Nothing in this zip');
  });

  it.each([1, -1])('are refused with %i byte more', async (more) => {
    const bytes = new Uint8Array(naples.length + more);
    bytes.set(naples.subarray(0, bytes.length));
    expect((await refusal(bytes)).code).toBe('BYTES_LENGTH');
  });

  it.each(['ovmf/ovmf_AmdSev_suffix.bin', 'ovmf/ovmf_OvmfX64_suffix.bin'])('are not firmware: %s', async (path) => {
    expect(await kindsOf(vectorBytes(path))).toEqual(['guest-image']);
  });

  it.each(['sim/owner.key.pem', 'sim/oca.key.pem'])('are not private keys: %s', async (path) => {
    const pem = vectorBytes(path);
    expect(await kindsOf(pem)).toEqual(['private-key']);
    const der = toUtf8(new TextDecoder().decode(pem).replaceAll(/-----.*-----/g, ''));
    expect(await kindsOf(der)).toEqual(['private-key']);
  });

  function vectorReport(): Uint8Array {
    const { cases } = vectorJson<{ cases: { report: string }[] }>('attestation-report.json');
    return Uint8Array.from(cases[0]!.report.match(/../g)!, (byte) => Number.parseInt(byte, 16));
  }
});

describeWithVectors("QEMU's and libvirt's words", () => {
  const qmp = vectorJson<QmpLaunch>('qmp-launch.json');
  const recorded = vectorJson<{ greeting: string; exchange: { send: string; receive: string[] }[] }>(
    'qmp-recorded.json',
  );
  const reply = (command: string): unknown => qmp.exchange.find(({ send }) => send.execute === command)?.receive.at(-1);
  const {
    pdh,
    'cert-chain': chain,
    'cpu0-id': id,
  } = (reply('query-sev-capabilities') as { return: Record<string, string> }).return;

  it.each([
    ['query-sev-capabilities', ['pdh', 'pek', 'oca', 'cek', 'chip-id', 'capabilities']],
    ['query-sev', ['launch-info']],
    ['query-sev-launch-measure', ['launch-measure']],
    ['query-sev-attestation-report', ['attestation-report']],
  ])('are read: %s', async (command, kinds) => {
    const line = JSON.stringify(reply(command));
    const around = `${recorded.greeting}\n{"return": {}}\n{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}\n`;
    expect(await textKinds(line)).toEqual(kinds);
    expect(await textKinds(JSON.stringify(JSON.parse(line), null, 2))).toEqual(kinds);
    expect(await textKinds(`${around}${line}\r\n${around}`)).toEqual(kinds);
    expect(await textKinds(`# virsh qemu-monitor-command sev '{"execute":"${command}"}'\n${line}\n`)).toEqual(kinds);
    expect((await refusal(line.slice(0, -1))).sentence).toContain('cut off');
  });

  it.each([
    ['query-sev, QEMU 9.1 and later, SEV guest', ['launch-info']],
    ['query-sev-capabilities before QEMU 7.1 (no cpu0-id)', ['pdh', 'pek', 'oca', 'cek', 'capabilities']],
    ['wrong header', ['qmp-error']],
    ['packet refused by the firmware', ['qmp-error']],
  ])('are read: %s', async (name, kinds) => {
    expect(await textKinds(JSON.stringify(qmp.other_replies[name]))).toEqual(kinds);
  });

  it('are read from a whole session at once', async () => {
    const lines = qmp.exchange.flatMap(({ send, receive }) => [send, ...receive]).map((line) => JSON.stringify(line));
    const kinds = await textKinds(lines.join('\n'));
    expect(kinds.filter((kind) => kind === 'launch-info')).toHaveLength(2);
    expect(kinds).toContain('qmp-error');
  });

  it('are read with every difference between versions', async () => {
    const info = async (name: string) => pieceOf(JSON.stringify(qmp.other_replies[name]), 'launch-info');
    const sev = { enabled: true, snp: false, apiMajor: 0, apiMinor: 24, build: 15, policy: 1, handle: 1 };
    expect(await info('query-sev, QEMU 9.1 and later, SEV guest')).toMatchObject(sev);
    const snp = await info('query-sev, QEMU 9.1 and later, SNP guest');
    expect([snp.snp, snp.policy]).toEqual([true, undefined]);
    expect((await info('query-sev, SEV not in use')).enabled).toBe(false);
  });

  it('are read from a QEMU without SEV as what they are', async () => {
    for (const { receive } of recorded.exchange) {
      const outcome = await textKinds(receive.join('\n')).catch((error: SevError) => [error.code]);
      expect(['launch-info', 'qmp-error', 'BYTES_UNKNOWN']).toContain([...new Set(outcome)].join());
    }
  });

  it('are refused at once when a megabyte of quotes is never closed', async () => {
    const open = `{"${'\\"'.repeat(500_000)}\\`;
    expect((await refusal(open)).sentence).toContain('The JSON ends in the middle');
  });

  it('are told apart from empty ones', async () => {
    const empty = await refusal(JSON.stringify({ return: { pdh: '', 'cert-chain': '', cbitpos: 51 } }));
    expect([empty.at, empty.sentence]).toEqual(['pdh', 'It is empty: the host gave none.']);
  });

  it('are read from virsh nodesevinfo', async () => {
    const text = `pdh                 : ${pdh}
cert-chain          : ${chain}
cpu0-id             : ${id}
cbitpos             : 47
reduced-phys-bits   : 1
max-guests          : 15
max-es-guests       : 500
`;
    expect(await textKinds(text)).toEqual(['pdh', 'pek', 'oca', 'cek', 'chip-id', 'capabilities']);
    expect(await textKinds(`# virsh nodesevinfo\n${inLines(text, 80)}\n`)).toContain('pdh');
    const kinds = await textKinds(`host1# virsh nodesevinfo\n${text}\nhost2# virsh nodesevinfo\n${text}`);
    expect(kinds.filter((kind) => ['pdh', 'chip-id', 'capabilities'].includes(kind))).toHaveLength(6);
    expect(await pieceOf(text, 'capabilities')).toMatchObject({ cbitpos: 47, maxGuests: 15, maxEsGuests: 500 });
    expect(await pieceOf(text, 'chip-id')).toMatchObject({
      socket: 0,
      id: vectorJson<{ chip_id: string }>('sim.json').chip_id,
    });
  });

  it('are read from virsh domlaunchsecinfo', async () => {
    const text = `sev-measurement: LMnv8i8N2QejezMPkscShF0cyPYCslgUoCxGWRqQuyt0Q0aUjVkH/T6NcmkwZkWp
sev-api-major  : 0
sev-api-minor  : 24
sev-build-id   : 15
sev-policy     : 3
`;
    expect(await textKinds(text)).toEqual(['launch-measure', 'launch-info']);
    expect(await pieceOf(text, 'launch-info')).toMatchObject({ apiMajor: 0, apiMinor: 24, build: 15, policy: 3 });
    expect((await refusal(text.replace('LMnv', 'LMn'))).message).toContain('BYTES_ENCODING at measurement');
    expect((await refusal(text.replace('24', '300'))).code).toBe('BYTES_VALUE');
  });

  it('are read from sev-tool --platform_status', async () => {
    const text =
      'api_major:\t0\napi_minor:\t24\nplatform_state:\t1\nowner:\t\t0\nconfig:\t\t1\nbuild:\t\t15\nguest_count:\t0\n\nCommand Successful\n';
    expect(await textKinds(text)).toEqual(['launch-info']);
    expect(await pieceOf(text, 'launch-info')).toMatchObject({ apiMajor: 0, apiMinor: 24, build: 15 });
  });

  const domain = (inner: string): string => `<?xml version='1.0'?>
<!-- virsh dumpxml -->
<domain type='kvm'>
  <name>vm &amp; co</name>
  <launchSecurity type='sev' kernelHashes='yes'>${inner}</launchSecurity>
</domain>`;

  it('are read from a domain XML', async () => {
    const inner = `<cbitpos>47</cbitpos><reducedPhysBits>1</reducedPhysBits><policy>0x0003</policy>
      <dhCert>${inLines(qmp.dh_cert_file, 64)}</dhCert><session>${qmp.session_file}</session>`;
    expect(await textKinds(domain(inner))).toEqual(['domain-xml', 'launch-security', 'godh', 'session']);
    expect(await pieceOf(domain(inner), 'launch-security')).toMatchObject({
      policy: 3,
      kernelHashes: true,
      cbitpos: 47,
    });
    const swapped = `<policy>3</policy><dhCert>${qmp.session_file}</dhCert><session>${qmp.dh_cert_file}</session>`;
    const error = await refusal(domain(swapped));
    expect(error.message).toBe(
      'BYTES_SWAPPED at launchSecurity.dhCert: This is a session blob; it belongs into session.',
    );
    expect((await refusal(domain(`<policy>3</policy><session>${pdh}</session>`))).sentence).toContain(
      "a platform's PDH",
    );
    expect((await refusal(domain('<policy>yes</policy>'))).code).toBe('BYTES_VALUE');
    // libvirt reads it in hex, with 0x before it or without.
    expect(await pieceOf(domain('<policy>33</policy>'), 'launch-security')).toMatchObject({ policy: 0x33 });
    expect(await pieceOf(domain('<policy>0X1f</policy>'), 'launch-security')).toMatchObject({ policy: 0x1f });
    expect((await refusal(domain('<policy>100000000</policy>'))).code).toBe('BYTES_VALUE');
    expect((await refusal(domain('<policy>3</policy>').slice(0, -4))).code).toBe('BYTES_VALUE');
    expect(await textKinds("<launchSecurity type='sev'><policy>1</policy></launchSecurity>")).toEqual([
      'launch-security',
    ]);
    expect(await textKinds("<domain><launchSecurity type='sev-snp'/></domain>")).toEqual(['domain-xml']);
  });

  it('are read from domcapabilities', async () => {
    const xml = `<domainCapabilities><features><sev supported='yes'><cbitpos>51</cbitpos><reducedPhysBits>1</reducedPhysBits>
      <maxGuests>59</maxGuests><maxESGuests>450</maxESGuests><cpu0Id>${id}</cpu0Id></sev></features></domainCapabilities>`;
    expect(await textKinds(xml)).toEqual(['chip-id', 'capabilities']);
    expect(await textKinds(`$ virsh domcapabilities\n${xml}\n$ `)).toEqual(['chip-id', 'capabilities']);
    const none = await refusal("<domainCapabilities><features><sev supported='no'/></features></domainCapabilities>");
    expect([none.at, none.sentence]).toEqual(['sev', expect.stringContaining('does not offer SEV')]);
    expect(await pieceOf(xml, 'capabilities')).toMatchObject({ cbitpos: 51, maxGuests: 59, maxEsGuests: 450 });
  });

  it('are read as PowerShell and editors save them', async () => {
    const text = JSON.stringify(reply('query-sev'));
    const utf16 = Uint8Array.from([0xff, 0xfe, ...[...text].flatMap((char) => [char.charCodeAt(0), 0])]);
    expect(await kindsOf(utf16)).toEqual(['launch-info']);
    expect(await kindsOf(utf16.subarray(2))).toEqual(['launch-info']);
    const bigEndian = Uint8Array.from(utf16, (_, i) => utf16[i ^ 1]!);
    expect(await kindsOf(bigEndian)).toEqual(['launch-info']);
    expect(await textKinds(`\uFEFF${text}`)).toEqual(['launch-info']);
  });
});
