// Every parser of foreign text, with every shape of text that makes a backtracking or rescanning reader slow.
import { describe, expect, it } from 'vitest';
import { parseUr } from '../../shared/airgap/ur.ts';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { readDomainXml } from '../../shared/configure/read-domain.ts';
import { readQemuArguments } from '../../shared/configure/read-qemu.ts';
import { parseEcPrivateKey } from '../../shared/encodings/ec-private-key.ts';
import { parseJson } from '../../shared/encodings/strict-json.ts';
import { parseXml } from '../../shared/encodings/xml.ts';
import { SevError } from '../../shared/errors.ts';
import { parseEvidence } from '../../shared/evidence/record.ts';
import { recognise } from '../../shared/intake/recognise.ts';
import { readRequest } from '../../shared/relay-protocol.ts';
import { importSession } from '../../shared/sev/session/session-import.ts';
import { plainName, visible, visibleLine } from '../../shared/text/visible.ts';
import { readCommandLine } from '../../relay/command/flags.ts';
import { launchError } from '../../relay/sources/launcher/words.ts';
import { libvirtError } from '../../relay/sources/libvirt/words.ts';
import { parseQmpMessage } from '../../relay/sources/qmp/messages.ts';
import { qmpError } from '../../relay/sources/qmp/words.ts';
import { readOptions } from '../../web/cli/options.ts';
import { parseManifest } from '../../web/cli/release-manifest.ts';
import { readRawOptions } from '../../web/cli/validate/options.ts';
import { growthBeyondLinear, type Parse } from './linear.ts';

const small = new Uint8Array(16).fill(200);

/** Ways in which text of others reaches us. */
const PARSERS: Readonly<Record<string, Parse>> = {
  'what is dropped or pasted': (text) => recognise(toUtf8(text), 'pasted'),
  'the name of what is dropped': (text) => recognise(small, text),
  'the name of a file of a session': (text) => importSession([{ name: text, bytes: small }]),
  XML: (text) => parseXml(text),
  "a domain's XML": (text) => readDomainXml(text),
  "QEMU's arguments": (text) => readQemuArguments(text),
  JSON: (text) => parseJson(text, 'x'),
  'a private key': (text) => parseEcPrivateKey(toUtf8(text)),
  'the record of a launch': (text) => parseEvidence(toUtf8(text)),
  'the manifest of a release': (text) => parseManifest(toUtf8(text)),
  'a code': (text) => parseUr(text),
  "a client's frame": (text) => readRequest(text),
  "a monitor's line": (text) => parseQmpMessage(text),
  "QEMU's refusal": (text) => qmpError('query-sev', { class: 'GenericError', desc: text }),
  "QEMU's last words": (text) => launchError(text),
  "libvirt's refusal": (text) => libvirtError('start', text),
  'the command line of sev-verifier': (text) => readOptions([`--${text}`], { json: { kind: 'flag' } }),
  'the command line of validate': (text) => readRawOptions([text]),
  'the command line of sev-relay': (text) =>
    readCommandLine([`--${text}`], { usage: '', summary: '', flags: { help: { help: '' } } }),
  'what is shown': (text) => [visible(text), visibleLine(text), plainName(text, 100)],
};

/** What is repeated: blanks and line ends, brackets and quotes, escapes, and beginnings of what the parsers look for. */
const REPEATED = [
  ...[
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\t\n',
    '\\',
    '\\\n',
    '"',
    "'",
    '\\"',
    '{',
    '[',
    '{"a":',
    '<',
    '<a ',
    '<a>',
    '<a b="',
    '<!--',
  ],
  ...[
    '<![CDATA[',
    '<?',
    '&',
    '&amp;',
    '&#',
    ' a="b"',
    '-',
    '--',
    ' -o ',
    '=',
    '/',
    'a/',
    '.tik',
    '_tk',
    '_s0',
    'cpu1',
    'tmp_tk',
  ],
  ...[
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN CERTIFICATE-----\n',
    'A',
    'A=',
    '0',
    '00 ',
    'a: ',
    'a:\n',
    'a : b\n',
  ],
  ...[
    'PDH EP384 D256 ',
    'error: ',
    '<title>',
    'qemu',
    'qemu-system-x86_64 ',
    '/kvm ',
    'SEV ',
    'data=',
    'password=',
    ',',
  ],
  ...['"a":1,', '\u00a0', '\u202e', '0x', '. ', ': ', 'UR:', ';', '$(', '`', '# ', '| ', '> ', 'sev-guest,', '\u0000'],
];
const AROUND = [
  ['', ''],
  ['x', 'x'],
  ['{"a":"', ''],
  ['<a ', '!'],
  ['/', '/'],
] as const;

const shapes = REPEATED.flatMap((part) =>
  AROUND.map(([before, after]) => ({
    name: JSON.stringify(before + part + part + after),
    of: (length: number): string => before + part.repeat(Math.ceil(length / part.length)) + after,
  })),
);

describe('a parser is linear in its input', () => {
  it.each(Object.entries(PARSERS))(
    '%s',
    async (_, parse) => {
      const slow: string[] = [];
      for (const { name, of } of shapes) {
        const growth = await growthBeyondLinear(parse, of);
        if (growth !== undefined) slow.push(`${name}: ${growth}`);
      }
      expect(slow).toEqual([]);
    },
    120_000,
  );
});

describe('the measure itself', () => {
  it('tells what is quadratic from what is linear, and lets a refusal be an answer', async () => {
    const quadratic: Parse = (text) => /^\s*(?:PDH|PEK) /m.test(text);
    const linear: Parse = (text) => {
      for (let i = 0; i < 40; i++) text.split('').join('');
      throw new SevError('BYTES_VALUE');
    };
    const newlines = (length: number): string => `x${'\n'.repeat(length)}x`;
    expect(await growthBeyondLinear(quadratic, newlines, 6000)).toMatch(/^4 times the input took \d\d/);
    expect(await growthBeyondLinear(linear, newlines)).toBeUndefined();
  }, 60_000);
});
