// What a colour says. Each tone has one icon and one word, so that colour is never alone.
import type { IconName } from './icons.ts';

export type Tone = 'proven' | 'refused' | 'attention' | 'simulated' | 'unchecked' | 'waiting' | 'note';

export const toneIcon: Readonly<Record<Tone, IconName>> = {
  proven: 'proven',
  refused: 'refused',
  attention: 'attention',
  simulated: 'simulated',
  unchecked: 'unchecked',
  waiting: 'waiting',
  note: 'note',
};
