// Every sentence that this app says by itself. A translation is this folder once more; what errors, findings and policies
// say is written in shared/, beside what it is about.
import { carry } from './carry.ts';
import { chain } from './chain.ts';
import { keys } from './keys.ts';
import { launch } from './launch.ts';
import { platform } from './platform.ts';
import { relay } from './relay.ts';
import { shell } from './shell.ts';
import { tone, ui } from './ui.ts';

export const words = {
  carry,
  chain,
  keys,
  launch,
  platform,
  relay,
  shell,
  tone,
  ui,
} as const;
