// One launch in the tamper lab, on a platform of its own.
import { APP_CHECKS, type Checks, playLaunch } from './guest-owner.ts';
import { honestHost, type LabHost, LabPlatform } from './host.ts';
import type { LieName } from './lie-names.ts';
import { lieOf } from './lies.ts';
import type { Outcome } from './outcome.ts';

export async function runLie(name: LieName, checks: Checks = APP_CHECKS): Promise<Outcome> {
  const platform = await LabPlatform.create();
  const host: LabHost = { ...honestHost(platform), ...lieOf(name, platform) };
  return playLaunch(platform, host, checks);
}
