// How long each request may take before the guest owner hears that no answer came.
import type { MethodName } from '../../shared/relay-protocol.ts';

/** Milliseconds. Starting a guest loads and measures its firmware; owner commands ask a person at the terminal. */
export const TIMEOUT_MS: Readonly<Partial<Record<MethodName, number>> & { default: number }> = {
  default: 15_000,
  'relay.hello': 10_000,
  'platform.checks': 60_000,
  'guest.launch': 120_000,
  'guest.inject': 30_000,
  'owner.import': 120_000,
  'owner.rotatePdh': 120_000,
  'owner.regeneratePek': 120_000,
  'owner.reset': 120_000,
};
