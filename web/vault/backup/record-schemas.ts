// The records of a backup, read strictly. Each schema names every member of its record: a member that is added to a record
// and forgotten here does not compile.
import { SEV_CERT_SIZE } from '../../../shared/sev/formats/sizes.ts';
import { type Generation } from '../../../shared/trust/pinned-root.ts';
import type { ContinuityKind, PlatformVisit } from '../../../shared/sev/decide/continuity.ts';
import type { SuppliedPage, SuppliedPages } from '../../../shared/sev/decide/described-launch.ts';
import type { FirmwareVersion } from '../../../shared/sev/formats/firmware-version.ts';
import type { Finding } from '../../../shared/findings/finding.ts';
import type { Sha256Midstate } from '../../../shared/crypto/sha256-stream.ts';
import { CODE_FOUND, type FirmwareCode } from '../../../shared/guest/firmware-code.ts';
import type { GuestImage, MemoryArea } from '../../../shared/guest/guest-image.ts';
import { VMSA_SIZE, VMSA_VARIANTS } from '../../../shared/guest/vmsa.ts';
import { guestState } from '../../../shared/relay-protocol.ts';
import {
  array,
  boolean,
  integer,
  literal,
  object,
  optional,
  refuse,
  type Schema,
  shownName,
  string,
  u8,
  u32,
} from '../../../shared/schema.ts';
import { imageFacts } from '../../../shared/evidence/record.ts';
import type { StoredLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import type { SessionTerms } from '../key-record.ts';
import type { ProfileName } from '../../profile/profile.ts';
import { type AskedReport, MAX_REPORTS } from '../../launches/report/asked-report.ts';
import type { Judged } from '../../launches/record/judged.ts';
import type { HistoryEntry, LaunchRecord, Reported } from '../../launches/record/launch-record.ts';
import { type Origin, ORIGINS } from '../../../shared/origins/origin.ts';
import type { PlanOrigins } from '../../launches/sev/plan/plan-origins.ts';
import type { CpuPlan, FileFacts, KernelPlan, Plan } from '../../launches/sev/plan/plan.ts';
import type { ReferenceRecord } from '../../library/reference-record.ts';
import type { OwnershipRecord } from '../../ownership/ownership-record.ts';
import type { OwnerPin } from '../../platforms/owner-pin.ts';
import type { PlatformRecord, ReportedStatus, Visit } from '../../platforms/platform-record.ts';
import type { Box } from '../box.ts';
import type { LedgerEntry, SealedPacket } from '../ledger.ts';
import type { OwnerKeyRecord } from '../owner-keys.ts';
import type { SecretRecord } from '../secrets.ts';

/** Sizes that no record of this app reaches. */
const MAX = {
  chain: 16_384,
  packet: 16_384 + 128,
  history: 10_000,
  entries: 64,
  visits: 50,
  records: 100_000,
} as const;

const bytes = (min: number, max = min): Schema<Uint8Array> => ({
  parse(value, at) {
    if (!(value instanceof Uint8Array)) return refuse(at, 'It is no byte string.');
    return value.length >= min && value.length <= max ? value : refuse(at, `It has ${value.length} bytes.`);
  },
});

const matching = (form: RegExp, maxLength = 128): Schema<string> => ({
  parse(value, at) {
    const text = string(maxLength).parse(value, at);
    return form.test(text) ? text : refuse(at, 'It is not written as it should be.');
  },
});

type Whole<T> = { readonly [K in keyof T]-?: Schema<T[K] | undefined> };
/** A schema of just this record. */
const record = <T>(members: Whole<T>): Schema<T> => object(members) as unknown as Schema<T>;

const time = integer(0, Number.MAX_SAFE_INTEGER);
const count = time;
const name = shownName(512);
const id = string(128);
const sessionId = matching(/^[0-9a-f]{32}$/);
const hash = matching(/^[0-9a-f]{64}$/);
const hexId = matching(/^[0-9a-f]{1,128}$/);
const guid = matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

const box = record<Box>({ iv: bytes(12), data: bytes(16, 65_536) });
const chain = bytes(1, MAX.chain);
const certificate = bytes(SEV_CERT_SIZE);

const file = record<FileFacts>({ name, size: count, sha256: hash });
const kernel = record<KernelPlan>({ kernel: optional(file), initrd: optional(file), cmdline: string(65_536) });
const suppliedPage = record<SuppliedPage>({ name, page: bytes(VMSA_SIZE) });
const cpu = record<CpuPlan>({
  vcpus: integer(1, 4096),
  model: name,
  variant: literal(...VMSA_VARIANTS),
  debugSwap: boolean,
  pages: optional(record<SuppliedPages>({ boot: optional(suppliedPage), others: optional(suppliedPage) })),
});
type MeasuredCpus = NonNullable<Judged['expected']['cpus']>;
const measuredCpus = record<MeasuredCpus>({
  vcpus: integer(1, 4096),
  model: name,
  variant: literal(...VMSA_VARIANTS),
  debugSwap: boolean,
  pages: optional(record<NonNullable<MeasuredCpus['pages']>>({ boot: suppliedPage, others: optional(suppliedPage) })),
});
const floor = record<FirmwareVersion>({ apiMajor: u8, apiMinor: u8, build: u8 });
const origin: Schema<Origin> = literal(...ORIGINS);
const planOrigins = record<PlanOrigins>({
  image: optional(origin),
  kernel: optional(origin),
  initrd: optional(origin),
  cmdline: optional(origin),
  cpus: optional(origin),
  policy: optional(origin),
  floor: optional(origin),
});
const plan = record<Plan>({
  imageId: optional(hash),
  policy: u32,
  acceptsKeySharing: boolean,
  profile: optional(name),
  kernel: optional(kernel),
  floor: optional(floor),
  cpu,
  origins: optional(planOrigins),
  acceptsUnread: optional(boolean),
});
const session = record<StoredLaunchSession & { readonly id: string }>({
  id: sessionId,
  origin: literal('made-here', 'imported'),
  pdh: certificate,
  policy: u32,
  acceptsKeySharing: boolean,
  owner: optional(hash),
  godh: certificate,
  blob: bytes(128),
});
const reported = record<Reported>({
  measurement: bytes(48),
  apiMajor: u8,
  apiMinor: u8,
  build: u8,
  policy: u32,
});
const finding = record<Finding>({
  code: string(64),
  severity: literal('ok', 'note', 'warning', 'refused', 'unchecked'),
  sentence: string(600),
  next: optional(string(600)),
  expected: optional(string(400)),
  actual: optional(string(400)),
});
type Expected = Judged['expected'];
const judged = record<Judged>({
  at: time,
  kind: literal('release', 'withhold'),
  simulated: boolean,
  root: string(100),
  reported,
  expected: record<Expected>({
    launchDigest: hash,
    guestImage: record<Expected['guestImage']>({
      name,
      size: count,
      sha256: hash,
      midstate: bytes(41, 104),
      resetEip: optional(u32),
      facts: optional(imageFacts),
    }),
    kernel: optional(
      record<NonNullable<Expected['kernel']>>({ kernel: file, initrd: optional(file), cmdline: string(65_536) }),
    ),
    cpus: optional(measuredCpus),
    floor: optional(floor),
  }),
  findings: array(finding, 100),
});
const history = record<HistoryEntry>({
  at: time,
  event: literal(
    'begun',
    'session-made',
    'launch-asked',
    'launched',
    'attached',
    'measured',
    'verified',
    'mismatch',
    'sealed',
    'inject-unknown',
    'released',
    'running',
    'running-without',
    'checked-inside',
    'report-asked',
    'report-proven',
    'report-refused',
    'guest-ended',
    'confirmed',
    'abandoned',
    'closed-by-restore',
    'keys-taken-out',
  ),
  detail: optional(string(1024)),
});

const askedReport = record<AskedReport>({
  mnonce: bytes(16),
  askedAt: time,
  report: optional(bytes(208)),
  receivedAt: optional(time),
  refused: optional(record<NonNullable<AskedReport['refused']>>({ report: bytes(208), receivedAt: time })),
});

const launch = record<LaunchRecord>({
  id,
  revision: count,
  name,
  createdAt: time,
  updatedAt: time,
  order: optional(time),
  state: literal('platform', 'session', 'launched', 'verified', 'mismatch', 'released', 'running', 'abandoned'),
  platformId: id,
  platformName: name,
  chain,
  relayUrl: optional(string(2048)),
  plan,
  session: optional(session),
  guest: optional(record<{ readonly id: string; readonly name: string }>({ id: string(512), name })),
  guestState: optional(guestState),
  reported: optional(reported),
  judged: optional(judged),
  finalChecks: optional(array(literal('sev-active', 'disk-open', 'secret-listed'), 3)),
  reports: optional(array(askedReport, MAX_REPORTS)),
  history: array(history, MAX.history),
});

const generation: Schema<Generation> = literal('naples', 'rome', 'milan', 'genoa', 'turin', 'simulated');
const continuity: Schema<ContinuityKind> = literal(
  'first-visit',
  'unchanged',
  'new-pdh',
  'new-pek',
  'new-owner',
  'different-chip',
);
const seen = record<PlatformVisit>({
  at: string(64),
  generation,
  simulated: boolean,
  cekId: hexId,
  ocaId: hexId,
  pekId: hexId,
  pdhId: hexId,
});
const status = record<ReportedStatus>({
  apiMajor: u8,
  apiMinor: u8,
  build: u8,
  es: boolean,
  owner: literal('self', 'external'),
});
const platform = record<PlatformRecord>({
  id: hexId,
  revision: count,
  name,
  chain,
  metAt: time,
  seenAt: time,
  relayUrl: optional(string(2048)),
  status: optional(status),
  owner: optional(record<OwnerPin>({ keySha256: hash, name, pinnedAt: time })),
  visits: array(record<Visit>({ seen, kind: continuity }), MAX.visits),
});

const area = record<MemoryArea>({ base: count, size: count });
const guestImage = record<GuestImage>({
  size: count,
  kind: literal('amd-sev', 'whole', 'code', 'vars', 'unknown'),
  entries: array(object({ guid, data: bytes(0, 65_536) }), MAX.entries),
  resetEip: optional(u32),
  hashArea: optional(area),
  secretArea: optional(area),
  code: optional(record<FirmwareCode>({ kernelHashes: literal(...CODE_FOUND), secrets: literal(...CODE_FOUND) })),
});
const reference = record<ReferenceRecord>({
  id: string(128),
  addedAt: time,
  name,
  role: literal('guest-image', 'kernel', 'initrd'),
  size: count,
  sha256: hash,
  midstate: optional(record<Sha256Midstate>({ state: bytes(32), length: count, tail: bytes(0, 63) })),
  guestImage: optional(guestImage),
  origin: optional(origin),
  vouchedAt: optional(time),
});

const ledgerEntry = record<LedgerEntry>({
  sessionId,
  createdAt: time,
  measurement: optional(bytes(48)),
  boundAt: optional(time),
  packet: optional(record<SealedPacket>({ header: bytes(52), payload: bytes(1, MAX.packet) })),
  retiredAt: optional(time),
  elsewhereAt: optional(time),
});
const secret = record<SecretRecord>({ id, name, guid, endsWithNul: boolean, createdAt: time, box });
const ownerKey = record<OwnerKeyRecord>({
  id: hash,
  name,
  createdAt: time,
  origin: literal('made', 'imported'),
  oca: certificate,
  box,
});

const ownership = record<OwnershipRecord>({
  id: hash,
  revision: count,
  createdAt: time,
  updatedAt: time,
  state: literal('requested', 'signed', 'import-asked', 'owned'),
  csr: certificate,
  relayUrl: optional(string(2048)),
  owner: optional(record<{ readonly id: string; readonly name: string }>({ id: hash, name })),
  signed: optional(
    record<{ readonly pek: Uint8Array; readonly oca: Uint8Array }>({ pek: certificate, oca: certificate }),
  ),
  importAskedAt: optional(time),
  history: array(
    record<OwnershipRecord['history'][number]>({
      at: time,
      event: literal(
        'requested',
        'signed',
        'handed-over',
        'import-asked',
        'import-refused',
        'import-answered',
        'not-owned',
        'owned',
      ),
    }),
    MAX.history,
  ),
});

const terms = record<SessionTerms>({ policy: u32, acceptsKeySharing: boolean, owner: optional(hash) });
const profile: Schema<ProfileName> = literal('real', 'demo', 'practice');

/** All that a backup holds. Every box in it is sealed under the backup's own key. */
export const backupContents = object({
  madeAt: time,
  /** Whose it is; missing for real. */
  profile: optional(profile),
  keys: array(object({ sessionId, box, terms: optional(terms) }), MAX.records),
  ledger: array(ledgerEntry, MAX.records),
  secrets: array(secret, MAX.records),
  ownerKeys: array(ownerKey, MAX.records),
  launches: array(launch, MAX.records),
  platforms: array(platform, MAX.records),
  references: array(reference, MAX.records),
  /** Missing in backups of before these were kept. */
  ownerships: optional(array(ownership, MAX.records)),
});
