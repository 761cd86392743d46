// What `validate --help` prints.

export const HELP = `Usage: sev-verifier validate OPTIONS

Says whether a launch measurement is the one of your own files: a drop-in for the offline mode of
virt-qemu-sev-validate, with its options (shortened ones too) and its exit codes.

  -m, --measurement BASE64   what the host reports: 48 bytes, measure and nonce
      --api-major N  --api-minor N  --build-id N
                             the SEV firmware of the host
      --policy N             the policy of the session
  -f, --firmware FILE        the guest image (OVMF)
  -k, --kernel FILE          with kernel hashes: the kernel,
  -r, --initrd FILE          its initrd (none: the hash of nothing)
  -e, --cmdline TEXT         and its command line
  -n, --num-cpus N           with SEV-ES: how many virtual CPUs, and either
      --cpu-family N  --cpu-model N  --cpu-stepping N
                             the host's CPU, for QEMU with KVM's original interface, or
  -0, --vmsa-cpu0 FILE  -1, --vmsa-cpu1 FILE
                             the VMSA pages of the boot CPU and of all others
      --tik FILE  --tek FILE the keys of the session, 16 bytes each, or
      --tk FILE              both in one file, TEK first
  -s, --inject-secret GUID:FILE
                             pack this file as a secret (repeatable; luks-key for a disk passphrase)
      --secret-header FILE  --secret-payload FILE
                             where the packet goes, as base64
      --record FILE          the session's record; found beside the keys when they have the names that
                             \`session\` gave them
      --simulated            pack for a simulated platform too: anyone can read what it gets
      --vouch-image SHA256   you know that the guest image with this hash checks the kernel it starts, although
                             the code that does so was not found in it
      --accept-unread-image  pack although the guest image cannot be read: you answer for it
  -q, --quiet                say nothing
  -d, --debug                say what was hashed; never a key
      --json                 one JSON object instead

Numbers are decimal or 0x….

Exit codes: 0 the launch is the expected one; 1 it is not; 2 wrong use; 3 refused as insecure; 6 anything else.
(4 and 5 are about domains: --domain, and with it --connect, --insecure and --ignore-config, is not offered.)

Unlike virt-qemu-sev-validate it
  - takes numbers with 0x, too;
  - refuses (3) to pack a secret under a policy without NODBG, or for firmware before API 0.17;
  - packs secrets (or else ends with 3) only for a session of \`sev-verifier session\`, whose record proves that the
    platform was verified before the keys were made, and which has served no other launch. Another tool's key files
    cannot prove it afterwards, not even with the chain at hand: attest with them, and make the next session here;
  - checks measurements of firmware before API 0.17 in the form which that firmware has;
  - takes a single SEV-ES CPU without --vmsa-cpu1, 1 to 512 of them, and only CPU numbers that exist;
  - refuses measurements that are not exactly 48 bytes in base64, and secrets that no firmware takes;
  - warns of an image that starts any kernel, whatever was measured, and packs no secret for it (3).
`;
