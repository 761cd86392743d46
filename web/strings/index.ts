// Every sentence that this app says by itself. A translation is this folder once more; what errors, findings and policies
// say is written in shared/, beside what it is about.
import { airgap } from './airgap.ts';
import { backup } from './backup.ts';
import { carry } from './carry.ts';
import { chain } from './chain.ts';
import { keys } from './keys.ts';
import { launch } from './launch.ts';
import { library } from './library.ts';
import { more } from './more.ts';
import { ownerKeys } from './owner-keys.ts';
import { platform } from './platform.ts';
import { relay } from './relay.ts';
import { secrets } from './secrets.ts';
import { shell } from './shell.ts';
import { tone, ui } from './ui.ts';

export const words = {
  airgap,
  backup,
  carry,
  chain,
  keys,
  launch,
  library,
  more,
  ownerKeys,
  platform,
  relay,
  secrets,
  shell,
  tone,
  ui,
} as const;
