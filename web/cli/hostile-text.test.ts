// Texts that steer a terminal, hide or turn what stands there, or write lines of their own: through every text member of
// every form that the commands read. None of it may reach the terminal as it is, and the last line stays the verdict.
import { beforeAll, describe, expect, it } from 'vitest';
import { toBase64, toUtf8 } from '../../shared/bytes/text.ts';
import { encodeDeviceKey } from '../../shared/evidence/device-key.ts';
import { encodeEvidence } from '../../shared/evidence/record.ts';
import { toJsonValue } from '../../shared/schema.ts';
import { evidenceForTests } from '../../shared/testing/evidence-world.ts';
import { zipOf } from '../../shared/testing/zip-writer.ts';
import { TestFolder } from './testing/folder.ts';
import { type Ran, run } from './testing/run.ts';
import { simulatedLaunch } from './testing/simulated-launch.ts';

const FORGED = '[ok] chain: forged\nRECHECKED: forged\nGENUINE: forged';
const HOSTILE: Readonly<Record<string, string>> = {
  ESC: `x\u001b[2J\u001b[H${FORGED}\u001b[8m`,
  'CSI of C1': `x\u009b2J\u009bHGENUINE: forged\u009b8m`,
  'OSC 8 and 52': 'x\u001b]8;;http://evil\u001b\\y\u001b]52;c;eA==\u0007',
  RLO: 'x\u202eGENUINE\u202c\u2066y\u2069\u200b\u2028z\u2029',
  'new lines': `x\r\n${FORGED}\r\n`,
};
// eslint-disable-next-line no-control-regex -- these are what must not come out
const UNSEEN = /[\0-\x09\x0b-\x1f\x7f-\x9f]|[\p{Cf}\p{Zl}\p{Zp}]/u;

/** The same object with one of its texts replaced, for each text in it; where it stands, as a path. */
function* withEachText(value: unknown, text: string, path = ''): Generator<readonly [string, unknown]> {
  if (typeof value === 'string') yield [path, text];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    for (const [place, changed] of withEachText(member, text, `${path}.${name}`)) {
      const copy: unknown = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
      (copy as Record<string, unknown>)[name] = changed;
      yield [place, copy];
    }
  }
}

function expectHarmless({ out, err }: Ran, place: string): void {
  const said = out + err;
  expect(UNSEEN.exec(said)?.[0], `${place}: ${said}`).toBeUndefined();
  for (const line of said.split('\n'))
    expect(line, place).not.toMatch(/^(?:RECHECKED: forged|GENUINE|\[ok\] chain: forged)/);
  expect(said.trimEnd().split('\n').at(-1), place).not.toContain('forged');
}

let evidence: unknown;
beforeAll(async () => {
  const { reported, pages } = await evidenceForTests();
  const cpus = { ...reported.expected.cpus!, pages };
  evidence = toJsonValue({ ...reported, version: 4, expected: { ...reported.expected, cpus } });
});

describe.each(Object.entries(HOSTILE))('a text with %s', (_, hostile) => {
  it('in any member of the record of a launch', async () => {
    const folder = new TestFolder();
    const places: string[] = [];
    for (const [place, changed] of withEachText(evidence, hostile)) {
      const file = folder.write('record.json', JSON.stringify(changed));
      const ran = await run('evidence', file, '--simulated');
      expectHarmless(ran, place);
      expect([1, 2, 3], place).toContain(ran.code);
      places.push(place);
    }
    expect(places).toEqual(expect.arrayContaining(['.launch.name', '.launch.platform', '.root', '.history.0.detail']));
  });

  it('in what QMP, virsh, a server or a file says', async () => {
    const folder = new TestFolder();
    const desc = { error: { class: 'GenericError', desc: hostile } };
    const texts = {
      'error.desc': JSON.stringify(desc),
      'return.error.desc': JSON.stringify({ return: desc }),
      'a member': JSON.stringify({ return: { pdh: hostile, 'cert-chain': hostile, policy: hostile } }),
      'a name of a member': JSON.stringify({ return: { [hostile]: hostile, 'api-major': hostile } }),
      virsh: `error: ${hostile}`,
      'a line of virsh': `sev-measurement: ${hostile}\nsev-api-major : ${hostile}`,
      'a web page': `<html><title>${hostile}</title></html>`,
      XML: `<domain><launchSecurity type='sev'><policy>${hostile}</policy><dhCert>${hostile}</dhCert></launchSecurity></domain>`,
      'the text itself': hostile,
    };
    for (const [place, text] of Object.entries(texts)) {
      const file = folder.write('input', text);
      expectHarmless(await run('chain', file), `chain, ${place}`);
      expectHarmless(await run('chain', file, '--json'), `chain --json, ${place}`);
      const digest = [
        'digest',
        '-f',
        folder.write('f', 'x'),
        '--policy',
        '1',
        '--tik',
        folder.write('t', 'k'.repeat(16)),
      ];
      expectHarmless(await run(...digest, '-m', file), `digest, ${place}`);
      expectHarmless(await run('check-app', '--manifest', file), `check-app, ${place}`);
      expectHarmless(await run('oca', 'sign', file, file), `oca, ${place}`);
    }
  });

  it('in a name of a zip, a file, an option, a verb', async () => {
    const folder = new TestFolder();
    const member = hostile.replaceAll('/', '_');
    const zip = folder.write('evil.zip', await zipOf({ [`${member}.bin`]: new Uint8Array(3), b: new Uint8Array(4) }));
    expectHarmless(await run('chain', zip), 'a member of a zip');
    const file = folder.write(member.slice(0, 100).replaceAll('\0', ''), new Uint8Array(48));
    for (const args of [
      ['chain', file],
      ['chain', hostile],
      ['evidence', file],
      ['vmsa', 'show', file],
      ['digest', '-f', hostile],
      ['secret', '-s', hostile, hostile, hostile],
      ['secret', hostile, hostile, hostile, hostile],
      ['report', '--chain', file, '--mnonce', hostile, hostile, '--policy', hostile],
      ['session', '--chain', file, '--policy', hostile, '--name', hostile, '--format', hostile],
      ['validate', '--measurement', hostile, '--firmware', hostile],
      ['check-app', '--manifest', file, '--url', hostile],
      [hostile],
      [`--${hostile}`],
    ])
      expectHarmless(await run(...args), args.join(' '));
  });

  it('in any member of the record of a session', async () => {
    const folder = new TestFolder();
    const { record } = await simulatedLaunch(folder, 8);
    const content = JSON.parse(folder.text('launch_record.json')) as unknown;
    const firmware = folder.at('firmware');
    for (const [place, changed] of withEachText(content, hostile)) {
      folder.write('launch_record.json', JSON.stringify(changed));
      const keys = ['--tk', folder.at('tmp_tk.bin'), '--record', record, '-s', `luks-key:${folder.at('luks')}`];
      const told = ['-m', toBase64(new Uint8Array(48)), '--api-major', '1', '--api-minor', '55', '--build-id', '1'];
      const ran = await run('secret', ...keys, ...told, '-f', firmware, folder.at('h'), folder.at('p'));
      expectHarmless(ran, place);
      expect([1, 2], place).toContain(ran.code);
    }
  });
});

describe('the verdict', () => {
  it('is also the last line', async () => {
    const folder = new TestFolder();
    const { evidence: plain, signed, deviceKey, raw } = await evidenceForTests();
    const file = folder.write('record.json', toUtf8(encodeEvidence(signed)));
    const key = encodeDeviceKey(deviceKey);
    const lastLine = ({ out }: Ran): string => out.trimEnd().split('\n').at(-1)!;
    const tik = folder.write('tik', raw.tik);
    expect(lastLine(await run('evidence', file, '--simulated', '--tik', tik, '--device-key', key))).toMatch(
      /^SIMULATED: RECHECKED/,
    );
    expect(lastLine(await run('evidence', file))).toMatch(/^SIMULATED: REFUSED/);
    const chain = folder.write('chain', plain.chain);
    expect(lastLine(await run('chain', chain))).toMatch(/^REFUSED/);
    expect(lastLine(await run('chain', chain, '--simulated'))).toMatch(/^SIMULATED/);
  });
});
