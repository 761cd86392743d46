import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8, toHex, toUtf8 } from '../../bytes/text.ts';
import { sha256, webCryptoRandom } from '../../crypto/subtle.ts';
import { SimulatedSnpAmdSp } from '../../simulator/snp/amd-sp.ts';
import { SIMULATED_ROOT } from '../../trust/simulated-root.ts';
import type { SnpExpectation } from '../decide/expectation.ts';
import { decideSnpRelease, type SnpRelease, type SnpReleaseDecision } from '../decide/release.ts';
import { CHALLENGE_LIFETIME_MS, type Challenge, challengeLine, makeChallenge } from '../session/challenge.ts';
import { encodeGuestConfig, hostDataOf, parseGuestConfig } from '../session/guest-config.ts';
import {
  encodeEvidence,
  encodeResult,
  type EvidenceLine,
  parseChallenge,
  parseEvidence,
  parseResult,
  parseSecret,
  reportDataOf,
} from '../session/secret-lines.ts';
import { type AgeEncrypt, readReceipt, sealSnpSecret } from './secret-file.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const SECRET = toUtf8('correct horse battery staple');
const POLICY = 0x30000n;

const encrypt: AgeEncrypt = (recipient, plaintext) => {
  const age = new Encrypter();
  age.addRecipient(recipient);
  return age.encrypt(plaintext);
};

let amdSp: SimulatedSnpAmdSp;
let config: Uint8Array;
let expectation: Omit<SnpExpectation, 'reportData' | 'hostData'>;
let by: Parameters<typeof decideSnpRelease>[3];

/** A guest under way: what its agent in the initrd would do. */
class Guest {
  readonly handle: number;
  readonly #identity: string;
  readonly recipient: string;

  private constructor(handle: number, identity: string, recipient: string) {
    this.handle = handle;
    this.#identity = identity;
    this.recipient = recipient;
  }

  static async start(hostData: Uint8Array, policy = POLICY): Promise<Guest> {
    const handle = amdSp.launchStart(policy);
    amdSp.launchUpdate(handle, 1, 0xffff_f000n, new Uint8Array(4096).fill(7));
    amdSp.launchFinish(handle, { hostData });
    const identity = await generateIdentity();
    return new Guest(handle, identity, await identityToRecipient(identity));
  }

  async answer(line: string, vmpl = 0): Promise<string> {
    const { nonce } = parseChallenge(line);
    const { recipient } = this;
    const reportData = await reportDataOf({ nonce, recipient });
    const report = amdSp.report(this.handle, { reportData, vmpl });
    return encodeEvidence({ nonce, recipient, report, table: await amdSp.certificateTable() });
  }

  async open(line: string): Promise<{ receipt: string; secret: string }> {
    const age = new Decrypter();
    age.addIdentity(this.#identity);
    const plaintext = fromUtf8(await age.decrypt(parseSecret(line)));
    return { receipt: plaintext.slice(0, 64), secret: plaintext.slice(65) };
  }
}

beforeAll(async () => {
  amdSp = await SimulatedSnpAmdSp.create({ now: () => new Date(NOW) });
  config = encodeGuestConfig({ headerSha256: await sha256(SECRET), headerBytes: 1 << 20 });
  const honest = await Guest.start(await hostDataOf(config));
  const own = <T>(value: T) => ({ value, origin: 'hashed-here' as const });
  expectation = {
    measurement: [own(amdSp.launchDigest(honest.handle))],
    chipId: 'any',
    signedBy: 'any',
    policyBits: own({ mask: 0xffff_ffff_ffff_ffffn, value: POLICY }),
    platformBits: 'any',
    minTcb: own({ snp: 1 }),
    minFirmware: 'any',
    mitigations: 'any',
    revocation: 'any',
  };
  const { ark, ask } = amdSp.authority.certificates;
  by = { roots: [SIMULATED_ROOT], asOf: new Date(NOW), authorities: [ark, ask], nowMs: NOW };
});

const challenge = (): Challenge => makeChallenge(config, webCryptoRandom, NOW);

const judge = (asked: Challenge, answer: string, later = 0): Promise<SnpReleaseDecision> =>
  decideSnpRelease(asked, parseEvidence(answer), expectation, { ...by, nowMs: NOW + later });

async function releaseFor(guest: Guest): Promise<SnpRelease> {
  const asked = challenge();
  const decided = await judge(asked, await guest.answer(challengeLine(asked)));
  if (decided.kind !== 'release') throw new Error(JSON.stringify(decided.findings.map(({ code }) => code)));
  return decided.release;
}

describe('A secret for an SNP guest', () => {
  it('reaches the guest that answered, and its receipt proves that it was opened', async () => {
    const guest = await Guest.start(await hostDataOf(config));
    const release = await releaseFor(guest);
    expect(release).toMatchObject({ recipient: guest.recipient, simulated: true });
    const sealed = await sealSnpSecret(release, SECRET, encrypt, webCryptoRandom);
    const { receipt, secret } = await guest.open(sealed.line);
    expect(secret).toBe(fromUtf8(SECRET));
    expect(receipt).toBe(toHex(sealed.receipt));
    expect(readReceipt(encodeResult({ opened: sealed.receipt }), sealed)).toEqual({});
    expect(readReceipt(encodeResult({ refused: 'no key available' }), sealed)).toEqual({ refused: 'no key available' });
    expect(() => readReceipt(encodeResult({ opened: webCryptoRandom(32) }), sealed)).toThrow('SNP_SECRET_RECEIPT');
  });

  it('opens for nobody else', async () => {
    const sealed = await sealSnpSecret(
      await releaseFor(await Guest.start(await hostDataOf(config))),
      SECRET,
      encrypt,
      webCryptoRandom,
    );
    await expect((await Guest.start(await hostDataOf(config))).open(sealed.line)).rejects.toThrow();
  });

  it('is not sealed by a look-alike of a release, nor when it is empty or too long', async () => {
    const release = await releaseFor(await Guest.start(await hostDataOf(config)));
    const copy = { ...release };
    await expect(sealSnpSecret(copy, SECRET, encrypt, webCryptoRandom)).rejects.toThrow('MEASURE_NOT_VERIFIED');
    for (const size of [0, 4097]) {
      const sealed = sealSnpSecret(release, new Uint8Array(size), encrypt, webCryptoRandom);
      await expect(sealed).rejects.toThrow('MEASURE_SECRET_SIZE');
    }
  });
});

describe('A secret is withheld', () => {
  /** What refuses, and which field of the report it is about. */
  const codes = (decided: SnpReleaseDecision): readonly string[] =>
    decided.kind === 'release'
      ? ['released']
      : decided.findings
          .filter(({ severity }) => severity === 'refused')
          .map((finding) => [finding.code, ...fieldOf(finding)].join(' '));
  const fieldOf = (finding: object): readonly string[] => {
    const { facts } = finding as { facts?: { field?: string } };
    return facts?.field === undefined ? [] : [facts.field];
  };

  it("from a host that puts its own key into the guest's evidence", async () => {
    const asked = challenge();
    const evidence = parseEvidence(await (await Guest.start(await hostDataOf(config))).answer(challengeLine(asked)));
    const recipient = await identityToRecipient(await generateIdentity());
    expect(codes(await judge(asked, encodeEvidence({ ...evidence, recipient })))).toEqual([
      'SNP_FIELD_OTHER reportData',
    ]);
  });

  it('from old evidence, also when its nonce was put in place of the new one', async () => {
    const guest = await Guest.start(await hostDataOf(config));
    const [old, asked] = [challenge(), challenge()];
    const evidence = parseEvidence(await guest.answer(challengeLine(old)));
    expect(codes(await judge(asked, encodeEvidence(evidence)))).toEqual(['SNP_SECRET_NONCE']);
    const changed: EvidenceLine = { ...evidence, nonce: asked.nonce };
    expect(codes(await judge(asked, encodeEvidence(changed)))).toEqual(['SNP_FIELD_OTHER reportData']);
  });

  it('from an answer that comes too late, or before its challenge', async () => {
    const asked = challenge();
    const answer = await (await Guest.start(await hostDataOf(config))).answer(challengeLine(asked));
    expect(codes(await judge(asked, answer, CHALLENGE_LIFETIME_MS))).toEqual(['released']);
    expect(codes(await judge(asked, answer, CHALLENGE_LIFETIME_MS + 1))).toEqual(['SNP_SECRET_EXPIRED']);
    expect(codes(await judge(asked, answer, -1))).toEqual(['SNP_SECRET_EXPIRED']);
  });

  it("from a guest that was launched with another disk's configuration", async () => {
    const asked = challenge();
    const other = await Guest.start(webCryptoRandom(32));
    expect(codes(await judge(asked, await other.answer(challengeLine(asked))))).toEqual(['SNP_FIELD_OTHER hostData']);
  });

  it.each([
    ['debugging', POLICY | (1n << 19n)],
    ['a migration agent', POLICY | (1n << 18n)],
  ])('from a guest whose policy allows %s', async (_, policy) => {
    const asked = challenge();
    const guest = await Guest.start(await hostDataOf(config), policy);
    expect(codes(await judge(asked, await guest.answer(challengeLine(asked))))).not.toEqual(['released']);
  });

  it('from a process that is not at VMPL 0', async () => {
    const asked = challenge();
    const guest = await Guest.start(await hostDataOf(config));
    expect(codes(await judge(asked, await guest.answer(challengeLine(asked), 1)))).not.toEqual(['released']);
  });

  it('where no certificate came, or a root that is not pinned', async () => {
    const asked = challenge();
    const { table: _, ...bare } = parseEvidence(
      await (await Guest.start(await hostDataOf(config))).answer(challengeLine(asked)),
    );
    expect(codes(await judge(asked, encodeEvidence(bare)))).toEqual(['CERT_CHAIN_INCOMPLETE']);
    const decided = await decideSnpRelease(asked, bare, expectation, {
      ...by,
      roots: [],
      vek: await amdSp.certificate(),
    });
    expect(codes(decided)).toEqual(['CERT_ROOT_UNKNOWN']);
  });
});

describe('The lines of the secret protocol', () => {
  it.each([
    '',
    'snp-secret-1',
    'snp-secret-2 challenge AAAA AAAA',
    'snp-secret-1 secret AAAA',
    'snp-secret-1 challenge AAAA',
    `snp-secret-1 challenge ${'A'.repeat(44)} AAAA more`,
    'snp-secret-1 challenge \u001b[2J AAAA',
    `snp-secret-1 challenge ${'A'.repeat(60_000)} AAAA`,
  ])('are refused where they are malformed: %#', (line) => {
    expect(() => parseChallenge(line)).toThrow(/^(SNP_SECRET_LINE|BYTES_)/);
  });

  it('take a line end of either kind, and no recipient that age does not have', async () => {
    const asked = challenge();
    const line = challengeLine(asked);
    expect(parseChallenge(line.replace('\n', '\r\n'))).toEqual({ nonce: asked.nonce, config: asked.config });
    const answer = await (await Guest.start(await hostDataOf(config))).answer(line);
    expect(() => parseEvidence(answer.replace(/age1\S+/, 'ssh-ed25519'))).toThrow(
      'SNP_SECRET_LINE at evidence.recipient',
    );
    expect(parseResult('snp-secret-1 result refused disk: not found\n')).toEqual({ refused: 'disk: not found' });
    expect(() => parseResult('snp-secret-1 result opened abcd\n')).toThrow('SNP_SECRET_LINE');
  });

  it.each([
    '',
    'snp-guest-1\n',
    'snp-guest-1\nheader ab 4096\n',
    `snp-guest-1\nheader ${'a'.repeat(64)} 4095\n`,
    `snp-guest-1\nheader ${'a'.repeat(64)} 4096\nmore\n`,
  ])('refuse a configuration that is malformed: %#', (text) => {
    expect(() => parseGuestConfig(toUtf8(text))).toThrow('SNP_SECRET_CONFIG');
  });
});
