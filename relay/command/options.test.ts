import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SevError } from '../../shared/errors.ts';
import { helpOf } from './flags.ts';
import { parseServeOptions, SERVE_COMMAND, type ServeOptions } from './options.ts';
import { VERSION } from '../../shared/version.ts';

const parsed = (...args: string[]): ServeOptions => {
  const options = parseServeOptions(args);
  if (typeof options === 'string') throw new Error(`unexpected ${options}`);
  return options;
};

describe('the options of sev-relay serve', () => {
  const cases: [string, string[], Partial<ServeOptions>][] = [
    ['listen on loopback when nothing is said', [], { listen: { host: '127.0.0.1', port: 8455 }, tls: undefined }],
    [
      'let the page of the pairing link in',
      [],
      { origins: ['http://sev-verifier.localhost:8456'], simulate: 'no', offline: false },
    ],
    ['take another address', ['--listen', '[::1]:9000'], { listen: { host: '::1', port: 9000 } }],
    ['take a name and any free port', ['--listen=localhost:0'], { listen: { host: 'localhost', port: 0 } }],
    [
      'listen to the world with TLS',
      ['--listen', '0.0.0.0:443', '--tls-cert', 'c.pem', '--tls-key', 'k.pem'],
      { listen: { host: '0.0.0.0', port: 443 }, tls: { cert: 'c.pem', key: 'k.pem' } },
    ],
    ['or by explicit flag', ['--listen', '10.0.0.1:1', '--no-tls'], { listen: { host: '10.0.0.1', port: 1 } }],
    [
      'take monitors by socket and by address',
      ['--qmp', 'web-1=/run/q.sock', '--qmp', 'db=127.0.0.1:4444', '--qmp', 'x=rel.sock'],
      {
        monitors: [
          { name: 'web-1', qmp: { path: '/run/q.sock' } },
          { name: 'db', qmp: { host: '127.0.0.1', port: 4444 } },
          { name: 'x', qmp: { path: 'rel.sock' } },
        ],
      },
    ],
    ['keep a colon in a path', ['--qmp', 'a=/run/q:1'], { monitors: [{ name: 'a', qmp: { path: '/run/q:1' } }] }],
    ['simulate', ['--simulate'], { simulate: 'software' }],
    ['simulate in QEMU', ['--simulate=qemu'], { simulate: 'qemu' }],
    [
      'never take a word for --simulate',
      ['--simulate', '--libvirt', 'test:///default'],
      { simulate: 'software', libvirt: 'test:///default' },
    ],
    [
      'take origins',
      ['--origin', 'https://v.example', '--origin', 'https://w.example:8/'],
      {
        origins: ['https://v.example', 'https://w.example:8', 'http://sev-verifier.localhost:8456'],
      },
    ],
    ['take the address of the verifier', ['--pwa', 'https://v.example/app/'], { origins: ['https://v.example'] }],
    ['take another key server', ['--kds', 'http://127.0.0.1:1/x/'], { kds: 'http://127.0.0.1:1/x' }],
  ];
  it.each(cases)('%s', (_, args, expected) => {
    expect(parsed(...args)).toMatchObject(expected);
  });

  it.each([
    ['--listen', '8455'],
    ['--listen', 'localhost:70000'],
    ['--listen', '::1:8455'],
    ['--listen', '0.0.0.0:8455'],
    ['--tls-cert', 'c.pem'],
    ['--qmp', '/run/q.sock'],
    ['--qmp', 'bad name=/run/q.sock'],
    ['--qmp', `a=/${'x'.repeat(107)}`],
    ['--qmp', 'a=/1', '--qmp', 'a=/2'],
    ['--origin', 'v.example'],
    ['--origin', 'https://v.example/path'],
    ['--origin', 'null'],
    ['--simulate=hardware'],
    ['--log-level', 'chatty'],
    ['--unknown'],
    ['--listen'],
    ['stray'],
  ])('refuse %s %s', (...args) => {
    expect(() => parseServeOptions(args)).toThrow(SevError);
    expect(() => parseServeOptions(args)).toThrow('RELAY_USAGE');
  });

  it('explain themselves', () => {
    expect(helpOf(SERVE_COMMAND)).toMatchSnapshot();
    expect(parseServeOptions(['--help'])).toBe('help');
  });
});

it('names the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(VERSION).toBe(version);
});
