// What an audit says to people: for each code, the sentence and the next step, from plain facts.
import type { ConfigPart } from './config-facts.ts';

interface Said {
  readonly sentence: string;
  readonly next?: string;
}

const CMDLINE = 'Give the arguments of the running QEMU: the file /proc/PID/cmdline.';

const PARTS: Readonly<Record<ConfigPart, Said>> = {
  'domain-part': {
    sentence: 'This is only a part of a domain. What is not in it was not checked.',
    next: 'Give all that `virsh dumpxml NAME` prints.',
  },
  'arguments-part': {
    sentence: "These are arguments without QEMU's program before them, so some may be missing. Those were not checked.",
    next: `Give the whole command. ${CMDLINE}`,
  },
  'readconfig-file': {
    sentence:
      'This is a configuration file of QEMU (-readconfig), as Incus and LXD write it. The arguments beside it were not checked.',
    next: CMDLINE,
  },
  proxmox: {
    sentence: "This is Proxmox's own file of a guest. What Proxmox adds to it was not checked.",
    next: 'Give what `qm showcmd VMID --pretty` prints.',
  },
  kubevirt: {
    sentence: 'This is an object of KubeVirt. The domain that KubeVirt makes of it was not checked.',
    next: 'Give the domain itself: `kubectl exec POD -c compute -- virsh dumpxml NAMESPACE_NAME`.',
  },
};

const OTHER_SECURITY = { snp: 'SEV-SNP', tdx: 'Intel TDX', other: 'something other than SEV' } as const;

/** The words of each code. Where a code has several causes, the fact says which. */
export const AUDIT_WORDS = {
  CONFIG_CLEAN: () => ({ sentence: 'Nothing that was checked here undermines the measurement.' }),
  CONFIG_UNCHECKED: (what: readonly string[]) => ({
    sentence: `Not shown by this text, and not checked: ${what.join('; ')}.`,
  }),
  CONFIG_PART: (part: ConfigPart) => PARTS[part],
  CONFIG_SEVERAL: (count: number) => ({
    sentence: `There are ${count} QEMU commands in it, and only the last was checked.`,
    next: 'Give the others one by one.',
  }),
  CONFIG_VARIABLES: () => ({
    sentence: 'Some values come from variables or commands of a shell, and are not known here.',
    next: CMDLINE,
  }),
  CONFIG_PASSTHROUGH: (source: 'libvirt' | 'qemu') =>
    source === 'libvirt'
      ? {
          sentence: 'Some arguments are handed to QEMU as they are. Of these, only the sev-guest object was checked.',
          next: 'Remove <qemu:commandline>, or give the arguments of the running QEMU (/proc/PID/cmdline).',
        }
      : {
          sentence: 'Some settings come from elsewhere (-readconfig, -set), and were not checked.',
          next: 'Give the file that -readconfig names, too, or write all settings as arguments.',
        },

  CONFIG_NOT_SEV: ({ security, source, forSession }: NotSev) => notSev(security, source, forSession),
  CONFIG_NO_SESSION: () => ({
    sentence: 'GODH or session is missing: the AMD-SP makes keys of its own, and you can verify nothing.',
    next: 'Give the host both, as they came from your session.',
  }),
  CONFIG_NO_POLICY: () => ({
    sentence: 'The policy is missing, or is not a number.',
    next: "Give the session's policy.",
  }),
  CONFIG_POLICY_OTHER: () => ({
    sentence: "The policy is not your session's, so the launch will fail.",
    next: "Give the session's policy.",
  }),
  CONFIG_POLICY_DEBUG: () => ({
    sentence: 'The policy lets the host debug the guest, and thus read its memory.',
    next: 'Make a session with NODBG.',
  }),
  CONFIG_POLICY_KEY_SHARING: () => ({
    sentence: "The policy lets the host share the guest's memory key with other guests.",
    next: 'Make a session with NOKS.',
  }),
  CONFIG_POLICY_RESERVED: (bits: readonly number[]) => ({
    sentence: `The policy sets ${bits.length > 1 ? 'bits' : 'bit'} ${bits.join(', ')}; bits 6–15 are reserved, and the AMD-SP refuses them.`,
    next: "Give a policy with these bits clear. libvirt's policy is always hex, QEMU's is decimal unless it begins with 0x.",
  }),
  CONFIG_POLICY_API: ({ api, swapped }: { api: string; swapped: boolean }) => ({
    sentence: `The policy requires firmware API ${api}, which no SEV firmware has, so the launch will fail.`,
    next: swapped
      ? 'Exchange the two numbers: the major one is in bits 16–23, the minor one in bits 24–31.'
      : 'Require an API that the platform has.',
  }),
  CONFIG_POLICY_API_NEWER: ({ api, has }: { api: string; has: string }) => ({
    sentence: `The policy requires firmware API ${api}, and the platform has ${has}, so the launch will fail.`,
    next: 'Require no more than the platform has, or have its firmware updated.',
  }),
  CONFIG_BLOB_INLINE: (option: string) => ({
    sentence: `${option} holds the text itself, and QEMU takes it for the name of a file.`,
    next: 'Write the text into a file on the host, and name that file.',
  }),
  CONFIG_BLOBS_SWAPPED: () => ({
    sentence: 'dhCert and session are exchanged: each holds what belongs in the other.',
    next: 'Exchange the two texts.',
  }),
  CONFIG_GODH_OTHER: (isGodh: boolean) => ({
    sentence: isGodh
      ? "The dhCert is not your session's GODH."
      : 'The dhCert is not a GODH, which is 2,084 bytes in base64.',
    next: 'Give the host the two texts of your session, each in its place.',
  }),
  CONFIG_SESSION_OTHER: (isSession: boolean) => ({
    sentence: isSession
      ? 'The session is not yours.'
      : 'The session is not a session blob, which is 128 bytes in base64.',
    next: 'Give the host the two texts of your session, each in its place.',
  }),
  CONFIG_CBIT: (fact: { generation?: string; missing?: boolean }) => ({
    sentence: fact.missing
      ? 'cbitpos is missing: QEMU ends with “cbitpos check failed”.'
      : `${fact.generation ? `A processor of ${fact.generation} has its C-bit elsewhere` : 'No processor with SEV has its C-bit there'}: QEMU ends with “cbitpos check failed”.`,
    next: "Give the host's own number: `sev-relay check --all` and `virsh domcapabilities` print it. It is 47 on EPYC 7001 and 7002, 51 later.",
  }),
  CONFIG_REDUCED_BITS: () => ({
    sentence: 'QEMU does not start a guest whose reduced-phys-bits are missing or not within 1–63.',
    next: 'Set reduced-phys-bits=1.',
  }),

  CONFIG_KERNEL_UNMEASURED: () => ({
    sentence: 'A kernel is given, but not measured: the host can boot any other.',
    next: "Set kernel-hashes=on on the sev-guest object (libvirt: kernelHashes='yes').",
  }),
  CONFIG_HASHES_WITHOUT_KERNEL: () => ({
    sentence: 'Kernel hashes are on, but there is no kernel, so none are measured.',
    next: 'Give the kernel, or turn kernel hashes off.',
  }),
  CONFIG_KERNEL_OTHER: (expected: boolean) => ({
    sentence: expected ? 'You expect a kernel, and none is given.' : 'A kernel is given that you do not expect.',
    next: 'Make the configuration and what you expect the same.',
  }),
  CONFIG_CMDLINE_OTHER: () => ({
    sentence: 'The command line is not the one that you expect.',
    next: 'Make the two the same, blanks included.',
  }),
  CONFIG_CMDLINE_HIDDEN: () => ({
    sentence: 'The relay leaves values out of the command line that could be secrets, so it was compared without them.',
    next: 'The measurement covers the whole command line.',
  }),
  CONFIG_KERNEL_SEED: (known: boolean) => ({
    sentence: `${known ? 'QEMU 7.2' : "If the host's QEMU is 7.2, it"} adds a random seed to the kernel, so that its hash never matches.`,
    next: 'Use the machine type pc-q35-7.1, or QEMU 8 or later.',
  }),

  CONFIG_NVRAM: () => ({
    sentence: 'There is a variable store (NVRAM), which is not measured: the host can change how the guest boots.',
    next: STATELESS,
  }),
  CONFIG_LOADER_STATEFUL: () => ({
    sentence: 'The firmware is not said to be stateless: libvirt may add a variable store, which is not measured.',
    next: STATELESS,
  }),
  CONFIG_FIRMWARE_UNNAMED: (uefi: boolean) => ({
    sentence: uefi
      ? 'No firmware is named, so the host chooses one.'
      : 'No firmware is named, so the host starts its BIOS (SeaBIOS), which does not run under SEV.',
    next: 'Name the guest image that you expect.',
  }),
  CONFIG_FIRMWARE_WRITABLE: () => ({
    sentence: 'The firmware can be written to: what the guest changes there is measured at its next launch.',
    next: 'Make the firmware read-only.',
  }),

  CONFIG_NOT_PAUSED: () => ({
    sentence: 'The guest does not start paused: it runs before you verified anything, and takes no secret.',
    next: 'Start QEMU with -S.',
  }),
  CONFIG_START_PAUSED: () => ({
    sentence: 'Start it with `virsh start --paused`, so that it waits for your verdict.',
  }),
  CONFIG_ES_REBOOT: (source: 'libvirt' | 'qemu') => ({
    sentence:
      'A guest under SEV-ES cannot restart in place: it ends, and needs a new launch, which you verify like the first.',
    next: source === 'libvirt' ? 'Say so with <on_reboot>destroy</on_reboot>.' : 'Say so with -no-reboot.',
  }),

  CONFIG_NO_KVM: () => ({
    sentence: 'The guest does not run under KVM, and without KVM QEMU does not start a guest under SEV.',
    next: "Add -accel kvm, or type='kvm' to the <domain>.",
  }),
  CONFIG_MACHINE_LEGACY: (name: string) => ({
    sentence: `The machine type is the legacy ${name}, which works poorly with SEV.`,
    next: 'Use q35.',
  }),
  CONFIG_MACHINE_UNKNOWN: (name: string) => ({
    sentence: `The machine type ${name} is not known here, so nothing that depends on it was checked.`,
    next: 'Use q35.',
  }),
  CONFIG_SMM: () => ({
    sentence: 'SMM is on, and does not work under SEV-ES.',
    next: "Turn it off: smm=off, or <smm state='off'/> and a loader without secure='yes'.",
  }),
  CONFIG_ES_IRQCHIP: () => ({
    sentence: 'The interrupt controllers are in QEMU, and SEV-ES requires them in KVM: QEMU does not start the guest.',
    next: 'Remove kernel-irqchip=off.',
  }),
  CONFIG_CPU_HOST: (measuredModel: string | undefined) => ({
    sentence:
      measuredModel === undefined
        ? "Under SEV-ES the CPU's signature is measured, and this takes the host's: the measurement depends on the host's processor."
        : `The guest takes its CPU from the host, and you expect ${measuredModel}: under SEV-ES the signature is measured, and may differ.`,
    next: "Name the model that you expect, such as -cpu EPYC-Milan (libvirt: <cpu mode='custom'>), or expect the host's own CPU.",
  }),
  CONFIG_CPU_OTHER: () => ({
    sentence: 'The CPU is not the one that you expect, and under SEV-ES its signature is measured.',
    next: 'Make the two the same.',
  }),
  CONFIG_VCPUS_OTHER: () => ({
    sentence: 'The number of vCPUs is not the one that you expect.',
    next: 'Make the two the same.',
  }),
  CONFIG_VCPUS_IOMMU: (max: number) => ({
    sentence: `libvirt starts more than ${max} vCPUs only with an IOMMU in extended interrupt mode.`,
    next: "Add <iommu model='intel'><driver intremap='on' eim='on'/></iommu> to the devices.",
  }),
  CONFIG_VCPUS_IRQCHIP: (max: number) => ({
    sentence: `The I/O APIC is in KVM, so no device reaches a vCPU beyond the first ${max}.`,
    next: "Split it: kernel-irqchip=split, or <ioapic driver='qemu'/> in libvirt's features.",
  }),
  CONFIG_VCPUS_MACHINE: (max: number) => ({
    sentence: `This machine takes at most ${max} vCPUs: it is of QEMU before 8.1.`,
    next: 'Use the machine type of a later QEMU, or fewer vCPUs.',
  }),
  CONFIG_IOMMU_ENCRYPTED: () => ({
    sentence:
      "The emulated IOMMU reads its tables from the guest's memory, which SEV encrypts: a guest that uses it may hang.",
    next: 'Have the kernel of the guest leave it alone: intremap=off intel_iommu=off on its command line.',
  }),
  CONFIG_VIRTIO_IOMMU: (devices: string) => ({
    sentence: `Without an IOMMU these virtio devices do not work before QEMU 6.0: ${devices}.`,
    next: "Add <driver iommu='on'/> to each, or iommu_platform=on.",
  }),
  CONFIG_VIRTIO_LEGACY: ({ devices, hasModern }: { devices: string; hasModern: boolean }) => ({
    sentence: `On this machine type these devices may speak a virtio from before 1.0: ${devices}.`,
    next: hasModern
      ? 'Use q35, or the model virtio-non-transitional.'
      : 'Use q35. A virtio video has no other model; another card, or none, works too.',
  }),
  CONFIG_IPXE: (cards: string) => ({
    sentence: `The iPXE ROM knows nothing of SEV, and is loaded for ${cards}.`,
    next: "Leave it out: <rom enabled='no'/>, or romfile= with nothing behind it.",
  }),
  CONFIG_MEMORY_LIMIT: () => ({
    sentence: "The guest's memory is neither locked nor given a hard limit: libvirt's default limit may end it.",
    next: MEMORY,
  }),
  CONFIG_MEMORY_TIGHT: () => ({
    sentence: "The hard limit leaves less than 256 MiB beside the guest's memory: the host may end the guest.",
    next: MEMORY,
  }),
} as const;

export type AuditCode = keyof typeof AUDIT_WORDS;

interface NotSev {
  readonly security: 'snp' | 'tdx' | 'other' | 'unlinked' | 'none';
  readonly source: 'libvirt' | 'qemu';
  readonly forSession: boolean;
}

function notSev(security: NotSev['security'], source: NotSev['source'], forSession: boolean): Said {
  if (security === 'snp' || security === 'tdx' || security === 'other') {
    return {
      sentence: `The guest is launched under ${OTHER_SECURITY[security]}, not under SEV or SEV-ES: what is measured there is not checked here.`,
      next: 'For a session of yours, launch it under SEV or SEV-ES.',
    };
  }
  if (security === 'unlinked') {
    return {
      sentence:
        'The machine and the sev-guest object do not name each other: nothing of the guest is encrypted or measured.',
      next: 'Give -machine confidential-guest-support= the id of the sev-guest object.',
    };
  }
  const what = forSession ? 'this session protects nothing there' : 'nothing of it is encrypted or measured';
  const where = source === 'libvirt' ? '<launchSecurity>' : 'sev-guest object';
  return {
    sentence: `The guest is not launched under SEV: ${what}.`,
    next: `Add the ${where} of ${forSession ? 'your' : 'a'} session.`,
  };
}

const STATELESS = "Use a stateless firmware (libvirt: <loader stateless='yes'/>, without <nvram>).";
const MEMORY =
  'Lock the memory (<memoryBacking><locked/></memoryBacking>), or set <hard_limit> to the memory and 256 MiB more.';
