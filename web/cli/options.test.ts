import { describe, expect, it } from 'vitest';
import { freeValues, type OptionTable, readOptions, required } from './options.ts';

const TABLE = {
  force: { kind: 'flag', short: 'f' },
  name: { kind: 'text', short: 'n' },
  secret: { kind: 'list' },
  policy: { kind: 'number' },
  port: { kind: 'number', max: 65_535 },
} as const satisfies OptionTable;

const NOTHING = { force: false, name: undefined, secret: [], policy: undefined, port: undefined };

describe('options', () => {
  it.each<[string, object, string[]]>([
    ['', {}, []],
    ['--force a b', { force: true }, ['a', 'b']],
    ['-f -n vm', { force: true, name: 'vm' }, []],
    ['--name=vm', { name: 'vm' }, []],
    ['--secret a --secret b', { secret: ['a', 'b'] }, []],
    ['--policy 3', { policy: 3 }, []],
    ['--policy 0x3', { policy: 3 }, []],
    ['--policy 007', { policy: 7 }, []],
    ['--policy 0xFFFFFFFF', { policy: 0xffff_ffff }, []],
    ['-- --name', {}, ['--name']],
  ])('%j', (line, options, free) => {
    const given = readOptions(line.split(' ').filter(Boolean), TABLE);
    expect(given).toEqual({ options: { ...NOTHING, ...options }, free });
  });

  it.each(['--unknown', '--forc', '--name', '--name --force', '--name a --name b', '--force=yes', '--policy -1'])(
    'refuses %j',
    (line) => {
      expect(() => readOptions(line.split(' '), TABLE)).toThrow('RELAY_USAGE');
    },
  );

  it('says what is wrong in one line', () => {
    expect(() => readOptions(['--policy', '-1'], TABLE)).toThrow(/argument is ambiguous\.$/m);
    expect(() => readOptions(['--policy', '-1'], TABLE)).not.toThrow('Did you forget');
  });

  it.each([
    '--policy 4294967296',
    '--policy=-1',
    '--policy 1.5',
    '--policy 1e3',
    '--policy 0b11',
    '--policy three',
    '--policy=',
    '--port 65536',
  ])('refuses the number of %j', (line) => {
    expect(() => readOptions(line.split(' '), TABLE)).toThrow('BYTES_VALUE');
  });

  it('asks for what is missing by name', () => {
    expect(() => required(undefined, '--chain')).toThrow('--chain');
    expect(required(0, '--policy')).toBe(0);
    expect(freeValues(['a', 'b'], 'HEADER', 'PAYLOAD')).toEqual(['a', 'b']);
    expect(() => freeValues(['a'], 'HEADER', 'PAYLOAD')).toThrow('PAYLOAD is missing');
    expect(() => freeValues(['a', 'b', 'c'], 'HEADER', 'PAYLOAD')).toThrow('“c” is one too many');
  });
});
