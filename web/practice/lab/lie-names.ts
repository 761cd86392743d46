// The names of the lies, for the screen: the lies themselves, with the simulator, are the worker's.

export const LIE_NAMES = [
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
] as const;

export type LieName = (typeof LIE_NAMES)[number];
