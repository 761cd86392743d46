// /dev/sev: whether this user may use it, and what firmware answers there.
import { adviseOnFirmware, recommendedFloor } from '../../shared/advisories/advisories.ts';
import { ADVISORIES_AS_OF } from '../../shared/advisories/advisories-table.ts';
import { type Answer, type Check, fail, follows, type Look, pass, skip, versionAtLeast, warn } from './check.ts';
import { isOn } from './host-facts.ts';
import { SAY } from './words.ts';

function rights(look: Look): Answer {
  const { host, sev } = look;
  const access = host.access(sev);
  if (access === undefined) return absent(look);
  const { mode, group, readable, writable } = access;
  const said = `Mode ${mode.toString(8).padStart(4, '0')}, group ${group}.`;
  const user = host.userName();
  if (!readable) return fail(SAY.rights(said, 'none', user));
  if (!writable) return warn(SAY.rights(said, 'read', user));
  if ((mode & 0o006) !== 0) return warn(SAY.rights(said, 'everyone', user));
  return pass(SAY.rights(said, 'good', user));
}

/** Where nothing else explains it, the driver has not taken the AMD-SP: mostly a kernel from before the processor. */
function absent({ host, sev, facts, blockedBy }: Look): Answer {
  const cause = blockedBy('cpu-sev', 'module-ccp');
  if (cause !== undefined) return follows(cause);
  const { linux, name } = facts.processor;
  const kernel = host.text('/proc/sys/kernel/osrelease')?.trim() ?? '';
  const isOlder = linux !== undefined && kernel !== '' && !versionAtLeast(kernel, linux);
  if (!isOn(facts.parameter('sev')) || (facts.smeOff && !isOlder)) return fail(SAY.noDevice(sev));
  return fail(SAY.driverTookNoDevice(sev, kernel, name ?? facts.processor.called, isOlder));
}

const both = (value: number): string => `${value} · 0x${value.toString(16)}`;

function firmware({ facts: { device, processor }, host }: Look): Answer {
  if ('error' in device) {
    // Beyond the table of the SEV API: what answers is not its firmware.
    const [status] = /0x8[0-9a-f]{3}\b/i.exec(device.error) ?? [];
    if (status === undefined) return fail(SAY.firmwareSaid(device.error, device.fix));
    const files = host.names('/lib/firmware/amd');
    const family = `amd_sev_fam${processor.family.toString(16)}h`;
    return fail(
      SAY.firmwareDidNotStart(status, files.length === 0 ? undefined : files.some((file) => file.startsWith(family))),
    );
  }
  const { apiMajor, apiMinor, build, owner, guests } = device.status;
  const said = `API ${apiMajor}.${apiMinor}, build ${both(build)}; owned by ${owner === 'self' ? 'itself' : 'someone else'}; ${guests} guests.`;
  return apiMajor === 0 && apiMinor < 17 ? fail(SAY.firmwareTooOld(said)) : pass(SAY.firmware(said));
}

/** Only what a firmware version shows; what no version can show is for the guest owner to weigh. */
function advisories({ facts: { device, processor } }: Look): Answer {
  const { generation } = processor;
  if ('error' in device) return skip(SAY.noAnswer());
  if (generation === undefined) return skip(SAY.unknownGeneration());
  const found = adviseOnFirmware({ generation, ...device.status, attested: false }, new Date());
  const warnings = found.filter(({ severity }) => severity === 'warning' || severity === 'refused');
  if (warnings.length === 0) return pass(SAY.noWeakness(ADVISORIES_AS_OF));
  const { apiMajor, apiMinor, build } = recommendedFloor(generation);
  const floor = `${apiMajor}.${apiMinor} build ${both(build)}`;
  return warn(
    SAY.weaknesses(
      warnings.map(({ sentence }) => sentence),
      floor,
    ),
  );
}

function esReady({ facts: { device }, blockedBy }: Look): Answer {
  if ('error' in device) return skip(SAY.noAnswer());
  if (device.status.es) return pass(SAY.esReady());
  if (device.status.state === 'uninit') return skip(SAY.uninitialized());
  const cause = blockedBy('kvm-sev-es', 'kvm-sev');
  return cause === undefined ? fail(SAY.notEsReady()) : follows(cause);
}

export const DEVICE_CHECKS: readonly Check[] = [
  { id: 'sev-device', name: '/dev/sev', needed: 'sev', look: rights },
  { id: 'sev-firmware', name: 'SEV firmware', needed: 'sev', after: ['sev-device'], look: firmware },
  {
    id: 'sev-advisories',
    name: 'Published weaknesses',
    needed: 'nothing',
    after: ['sev-device', 'sev-firmware'],
    look: advisories,
  },
  {
    id: 'sev-es-ready',
    name: 'SEV-ES in the firmware',
    needed: 'sev-es',
    after: ['sev-device', 'sev-firmware'],
    look: esReady,
  },
  {
    id: 'sev-export',
    name: "The platform's certificates",
    needed: 'sev',
    after: ['sev-device', 'sev-firmware'],
    look: ({ facts: { device } }) => {
      if ('error' in device) return skip(SAY.noAnswer());
      return device.exportError === undefined ? pass(SAY.exports()) : fail(SAY.exportFails(device.exportError));
    },
  },
];
