// Plays a launch as a person would who reads the sentence on the screen and does what comes next, whatever happened.
import type { Locator, Page } from '@playwright/test';
import { MATCH, MISMATCH, verdict } from '../journey.ts';
import { connectTo, demo } from '../world.ts';
import type { FaultyWorld } from './world.ts';

export type Ending = 'running' | 'unsure' | 'mismatch' | 'abandoned' | 'ended';

const ENDINGS: Readonly<Record<string, Ending>> = {
  'The guest is running, on a simulated platform.': 'running',
  'The guest runs. Nobody knows whether it has the secret.': 'unsure',
  [MISMATCH]: 'mismatch',
  'This launch was abandoned.': 'abandoned',
  'The guest has ended.': 'ended',
};

const PATIENCE = 40;
/** How often a person does the same thing before giving the launch up. */
const TRIES = 4;
const SHORT = { timeout: 4000 } as const;

/**
 * @returns how the launch ended, and the addresses of the launches that were begun
 * @throws Error when it comes to no end: the page hangs, or tells nothing that one could do
 */
export async function play(
  world: FaultyWorld,
  passphrase: string,
): Promise<{ ending: Ending; launches: readonly string[] }> {
  const launches = new Set<string>();
  const tried = new Map<string, number>();
  const seen: string[] = [];
  for (let step = 0; step < PATIENCE; step++) {
    await world.mended();
    const { page } = world;
    const sentence = await sentenceOn(page);
    const launch = /#\/launches\/[^?/]+/.exec(page.url())?.[0];
    if (launch) launches.add(launch);
    const ending = ENDINGS[sentence];
    if (ending && launch) return { ending, launches: [...launches] };
    const count = (tried.get(sentence) ?? 0) + 1;
    tried.set(sentence, count);
    seen.push(sentence);
    const next = count > TRIES && launch ? abandon(page) : act(world, sentence, passphrase, [...launches].at(-1));
    // A fault in the middle of a step ends the step; the screen says where one is.
    await next.catch(() => undefined);
    await settle(page, sentence).catch(() => undefined);
  }
  throw new Error(`It comes to no end. The screen said: ${seen.join(' | ')}`);
}

const sentenceOn = async (page: Page): Promise<string> => {
  if (page.url() === 'about:blank') return '';
  const sentence = await verdict(page)
    .textContent(SHORT)
    .catch(() => '');
  return sentence ?? '';
};

async function act(
  world: FaultyWorld,
  sentence: string,
  passphrase: string,
  launch: string | undefined,
): Promise<void> {
  const { page } = world;
  // The page may do it first, as with a measurement that comes by itself: then there is nothing left to press.
  const press = (name: string): Promise<void> =>
    Promise.race([page.getByRole('button', { name }).first().click(SHORT), other(page, sentence).waitFor(SHORT)]);
  switch (sentence) {
    case 'This platform is simulated. It proves nothing.':
      return launch ? open(page, launch) : press('Prepare a launch here');
    case 'Choose what may run, and under which policy.':
      return choose(world);
    case 'The session is ready. Launch the guest.':
      return startGuest(page);
    case 'The guest is paused. Its measurement is to come.':
      return press('Ask for the measurement');
    case MATCH:
      await page.getByLabel('Disk passphrase').fill(passphrase, SHORT);
      return press('Release the disk key');
    case 'The secret is sealed, but nobody confirmed that it arrived.':
      return press('Send the sealed packet again');
    case 'Nobody knows whether the secret arrived.':
      return press('Let it run, and look inside');
    case 'The host says that it took the secret. Let it run.':
      return press('Continue the guest');
    default:
      if (launch) return open(page, launch);
      await page.goto('about:blank');
      await page.goto(world.link);
      return page.getByRole('button', { name: connectTo(world.link), exact: true }).click(SHORT);
  }
}

const open = async (page: Page, launch: string): Promise<void> => {
  await page.goto('about:blank');
  await page.goto(demo(launch));
};

async function choose({ page, image }: FaultyWorld): Promise<void> {
  await page.getByRole('radio', { name: /^Without SEV-ES/ }).check(SHORT);
  if ((await page.getByRole('button', { name: 'Choose another' }).count()) === 0) {
    await page.getByLabel('Guest image file').setInputFiles(image, SHORT);
    await page.getByRole('button', { name: 'Choose another' }).waitFor(SHORT);
  }
  await page.getByRole('button', { name: 'Make the session' }).click(SHORT);
}

/** After an answer that never came, the guest may be there already. */
async function startGuest(page: Page): Promise<void> {
  const there = page.getByRole('button', { name: /^Use demo-/ });
  if (await page.getByText('but its answer never came').isVisible()) {
    await there
      .first()
      .waitFor(SHORT)
      .catch(() => undefined);
    if ((await there.count()) > 0) return there.last().click(SHORT);
  }
  await page.getByRole('radio', { name: /^demo / }).check(SHORT);
  await page.getByRole('button', { name: 'Launch the guest, paused' }).click(SHORT);
}

const abandon = (page: Page): Promise<void> => page.getByRole('button', { name: 'Abandon this launch' }).click(SHORT);

/** A sentence that is not the one from before. */
const other = (page: Page, before: string): Locator => verdict(page).filter({ hasNotText: before });

/** Waits a moment for the next sentence, or for words about what went wrong. */
async function settle(page: Page, before: string): Promise<void> {
  await other(page, before)
    .or(page.getByRole('alert'))
    .first()
    .waitFor({ timeout: before === '' ? 500 : 2500 });
}
