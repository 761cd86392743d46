// /dev/sev: whether this user may use it, and what firmware answers there.
import { adviseOnFirmware, recommendedFloor } from '../../shared/advisories/advisories.ts';
import { ADVISORIES_AS_OF } from '../../shared/advisories/advisories-table.ts';
import { type Answer, type Check, fail, type Look, pass, skip, warn } from './check.ts';
import { processorOf } from './cpu-checks.ts';

const RULE =
  'echo \'KERNEL=="sev", MODE="0660", GROUP="kvm"\' > /etc/udev/rules.d/90-sev.rules && udevadm control --reload && udevadm trigger /dev/sev';

function rights({ host, sev }: Look): Answer {
  const access = host.access(sev);
  if (access === undefined) {
    return fail(
      `There is no ${sev}.`,
      'Operator: switch on SEV in the BIOS, `modprobe ccp kvm_amd`, and read `dmesg | grep -i -e ccp -e sev`.',
    );
  }
  const { mode, group, readable, writable } = access;
  const said = `Mode ${mode.toString(8).padStart(4, '0')}, group ${group}.`;
  const fix = `Operator: \`${RULE}\`, and \`usermod -aG kvm ${host.userName()}\`.`;
  if (!readable) return fail(`${said} This user may not open it.`, fix);
  if (!writable)
    return warn(`${said} This user may only read: enough for the chain, not for owning the platform.`, fix);
  if ((mode & 0o006) !== 0) return warn(`${said} Everybody may open it.`, `Operator: \`${RULE}\`.`);
  return pass(`${said} This user may read and write.`);
}

const both = (value: number): string => `${value} · 0x${value.toString(16)}`;

async function firmware(look: Look): Promise<Answer> {
  const facts = await look.host.device(look.sev);
  if ('error' in facts) return fail(facts.error, facts.fix);
  const { apiMajor, apiMinor, build, owner, guests } = facts.status;
  const said = `API ${apiMajor}.${apiMinor}, build ${both(build)}; owned by ${owner === 'self' ? 'itself' : 'somebody else'}; ${guests} guests.`;
  if (apiMajor === 0 && apiMinor < 17) {
    return fail(
      `${said} Before 0.17 a secret is not bound to the measurement, so no guest owner will release one.`,
      'Operator: update the BIOS or the SEV firmware (linux-firmware, /lib/firmware/amd/).',
    );
  }
  return pass(said);
}

/** Only what a firmware version shows; what no version can show is for the guest owner to weigh. */
async function advisories(look: Look): Promise<Answer> {
  const facts = await look.host.device(look.sev);
  const generation = processorOf(look.host)?.generation;
  if ('error' in facts) return skip('The firmware did not answer.');
  if (generation === undefined) return skip('The generation of this processor is not known here.');
  const found = adviseOnFirmware({ generation, ...facts.status, attested: false }, new Date());
  const warnings = found.filter(({ severity }) => severity === 'warning' || severity === 'refused');
  if (warnings.length === 0) return pass(`None that this firmware version would show (as of ${ADVISORIES_AS_OF}).`);
  const { apiMajor, apiMinor, build } = recommendedFloor(generation);
  const fix = `Operator: update the SEV firmware to ${apiMajor}.${apiMinor} build ${both(build)} or later (BIOS, or linux-firmware).`;
  return warn(warnings.map(({ sentence }) => sentence).join(' '), fix);
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
    look: async (look) => {
      const facts = await look.host.device(look.sev);
      if ('error' in facts) return skip('The firmware did not answer.');
      if (facts.status.es) return pass('The firmware is initialised for SEV-ES.');
      if (facts.status.state === 'uninit')
        return skip('The firmware is not initialised yet; it will be with the first guest.');
      return fail(
        'The firmware is initialised without SEV-ES.',
        'Operator: load kvm_amd with sev_es=1, with a kernel of 5.11 or later.',
      );
    },
  },
  {
    id: 'sev-export',
    name: "The platform's certificates",
    needed: 'sev',
    after: ['sev-device', 'sev-firmware'],
    look: async (look) => {
      const facts = await look.host.device(look.sev);
      if ('error' in facts) return skip('The firmware did not answer.');
      if (facts.exportError === undefined) return pass('The chain can be exported.');
      return fail(
        facts.exportError,
        'Operator: initialise the platform by starting any SEV guest, or reset it (`sev-relay reset`).',
      );
    },
  },
];
