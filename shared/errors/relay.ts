// Codes for the way to the host: the socket, the relay, QMP and libvirt.
import type { ErrorWords } from './words.ts';

export const RELAY_ERRORS = {
  RELAY_UNREACHABLE: {
    sentence: 'The relay cannot be reached.',
    next: 'Check that sev-relay runs on the host, that its address is right, and that the tunnel or network is up.',
  },
  RELAY_BLOCKED: {
    sentence: 'The browser does not let this page, which came by https, open a plain ws:// connection to that host.',
    next: 'Give the relay a TLS certificate (wss://), reach it through an SSH tunnel on this device, or use the courier.',
  },
  RELAY_LINK: {
    sentence: 'This is not a pairing link.',
    next: "Copy the whole link from the relay's terminal; it ends in #relay=…&code=….",
  },
  RELAY_PAIRING: {
    sentence: 'The pairing code is wrong.',
    next: "Copy the pairing link from the relay's terminal again.",
  },
  RELAY_BUSY: {
    sentence: 'The relay has too many clients or saw too many wrong codes.',
    next: 'Wait a minute, then try again.',
  },
  RELAY_ORIGIN: {
    sentence: "The relay does not accept this page's address.",
    next: 'Start the relay with --origin and the address of this page.',
  },
  RELAY_PROTOCOL: {
    sentence: "The relay's message is not what the protocol allows.",
    next: 'Use the same version of the relay and of this app. If it stays so, do not trust this relay.',
  },
  RELAY_FRAME: {
    sentence: 'The relay received a message that is not JSON.',
    next: 'Use the same version of the relay and of this app. If you wrote the client, see docs/protocol.md.',
  },
  RELAY_REQUEST: {
    sentence: 'The relay received a message that is not a valid request.',
    next: 'Use the same version of the relay and of this app. If you wrote the client, see docs/protocol.md.',
  },
  RELAY_METHOD: {
    sentence: 'The relay does not know this request.',
    next: 'Use the same version of the relay and of this app.',
  },
  RELAY_PARAMS: {
    sentence: "The request's parameters are not what the protocol allows.",
    next: 'Use the same version of the relay and of this app.',
  },
  RELAY_LOST: {
    sentence: 'The connection to the relay ended before the answer came.',
    next: 'Connect again: the launch is kept, and its state is read anew.',
  },
  RELAY_TIMEOUT: {
    sentence: 'No answer came in time.',
    next: 'Check the host, then ask again.',
  },
  RELAY_NOT_ALLOWED: {
    sentence: 'The host operator has not allowed this.',
    next: 'Ask the operator to start sev-relay with the option that allows it.',
  },
  RELAY_NO_GUEST: {
    sentence: 'There is no such guest on this relay.',
    next: 'Look at the list of guests again; it may have been ended.',
  },
  RELAY_GUEST_STATE: {
    sentence: 'The guest is not in a state in which this can be done.',
    next: "Look at the guest's state; a guest that runs must be launched again with a new session.",
  },
  RELAY_NOT_SEV: {
    sentence: 'This guest is not an SEV guest: nothing of it is encrypted or measured.',
    next: 'Launch it with an sev-guest object, your session and your policy.',
  },
  RELAY_NO_PROFILE: {
    sentence: 'There is no such launch profile on this relay.',
    next: "Choose one of the relay's profiles.",
  },
  RELAY_QMP: {
    sentence: 'QEMU refused the command.',
    next: "Read QEMU's own words, and ask the host operator.",
  },
  RELAY_QMP_BUSY: {
    sentence: "Another program is attached to this guest's monitor.",
    next: "Close it: QEMU's monitor serves one client at a time.",
  },
  RELAY_QMP_FOREIGN: {
    sentence: "What answers at the monitor's address does not speak QMP.",
    next: "Ask the host operator whether the address is that of the guest's QMP monitor.",
  },
  RELAY_QMP_GONE: {
    sentence: "The guest's monitor is gone.",
    next: 'The guest has ended, or its QEMU was killed. Launch it again with a new session.',
  },
  RELAY_LIBVIRT: {
    sentence: 'libvirt refused the command.',
    next: "Read libvirt's own words, and ask the host operator.",
  },
  RELAY_DEVICE: {
    sentence: '/dev/sev cannot be used.',
    next: 'Ask the host operator to run `sev-relay check`.',
  },
  RELAY_LISTEN: {
    sentence: 'The relay cannot listen at this address.',
    next: 'Choose another address or port with --listen, or end the program that has it.',
  },
  RELAY_STATE: {
    sentence: "The relay's state folder cannot be used.",
    next: 'Make room on its disk or mend its permissions, or name another folder with --state.',
  },
  RELAY_FILE: {
    sentence: 'A file of the host cannot be used.',
    next: 'Check the path, the permissions and what the file holds.',
  },
  RELAY_LAUNCH: {
    sentence: 'QEMU did not start the guest.',
    next: "Read QEMU's own words, mend the profile or the host, and launch with a new session.",
  },
  RELAY_INJECT_UNKNOWN: {
    sentence: 'The connection broke while a secret was being injected; it may or may not have arrived.',
    next: 'Continue the guest: if it does not find its secret, end it and launch it again with a new session.',
  },
  RELAY_KDS: {
    sentence: "AMD's server did not hand out the certificate.",
    next: 'Check the connection to AMD, or give the certificate with --ca.',
  },
  RELAY_TERMINAL: {
    sentence: 'The terminal is too small for a QR code.',
    next: 'Make it larger or its letters smaller, or write the code to a file with --out.',
  },
  RELAY_USAGE: {
    sentence: 'The command line cannot be understood.',
    next: 'Run the command with --help.',
  },
  RELAY_INTERNAL: {
    sentence: 'The relay failed in a way that it did not expect.',
    next: "Look at the relay's log, and try again.",
  },
} satisfies Record<string, ErrorWords>;
