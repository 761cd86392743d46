// The names of the lies, for the screen: the lies themselves, with the simulator, are the worker's.
import type { LIES } from './lies.ts';

export type LieName = keyof typeof LIES;

export const LIE_NAMES: readonly LieName[] = [
  'honest',
  'forged-root',
  'other-pdh',
  'flipped-bit',
  'swapped-blobs',
  'changed-image',
  'debug-with-session',
  'debug-told',
  'debug-hidden',
  'replayed-launch',
  'replayed-session',
  'other-build',
  'old-api',
  'digest-given',
  'replayed-report',
  'other-report',
];
