import type { Tone } from '../ui/tone.ts';

/** The word that goes with every colour and icon. */
export const tone: Readonly<Record<Tone, string>> = {
  proven: 'Proven',
  refused: 'Refused',
  attention: 'Attention',
  simulated: 'Simulated',
  unchecked: 'Not checked',
  waiting: 'Waiting',
  note: 'Note',
};

export const ui = {
  next: 'Next:',
  cancel: 'Cancel',
  copy: 'Copy',
  rename: (label: string) => `Change the ${label}`,
  renameShort: 'Rename',
  keepName: 'Keep',
  copyNamed: (title: string) => `Copy: ${title}`,
  save: 'Save',
  saveNamed: (title: string) => `Save: ${title}`,
  copiedNow: 'Copied',
  copyWhole: (name: string) => `Copy the whole ${name}`,
  copied: (name: string) => `${name} copied`,
  dropHere: 'Drop it here, or press to choose',
  show: 'Show',
  hide: 'Hide',
  unexpected: 'Something went wrong that this app did not expect.',
  unexpectedNext: 'Reload the page and try again. What was stored is kept.',
  expected: 'Expected',
  actual: 'Reported',
} as const;
