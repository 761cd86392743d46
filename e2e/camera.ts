// Devices that see only each other's screens: what one shows is filmed as by hand, and the film is the other one's camera.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page, test } from '@playwright/test';
import { shoot, TAKES } from './shoot.ts';

/** A phone's screen. */
export const SCREEN = { width: 390, height: 844 };
/** The fake camera runs at 30 frames a second, and codes are shown ten times a second. */
const FRAMES_PER_CODE = 3;
/**
 * More codes than the reader needs: the film is a loop, while a screen never shows the same mixed code again. One that is not
 * read is missed forever, and the mixed ones of a loop need not be enough for every fragment.
 */
export const SPARE_CODES = 12;
const FILMING_MS = 30_000;

/** A browser of its own, whose camera sees the film that lies at `film`. */
export interface Device {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly film: string;
  /** Where its film is made: apart from the pages that see it. */
  readonly studio: Page;
  close(): Promise<void>;
}

/** Chromium opens the film anew whenever a page opens the camera, so that one browser can scan one thing after the other. */
export async function openDevice(folder: string, name: string): Promise<Device> {
  const { executablePath, args = [] } = test.info().project.use.launchOptions ?? {};
  const film = join(folder, `${name}.mjpeg`);
  const camera = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [...args, ...camera, `--use-file-for-fake-video-capture=${film}`],
  });
  const studio = await browser.newPage();
  const context = await browser.newContext({ viewport: SCREEN, permissions: ['camera'] });
  const device = { context, page: await context.newPage(), film, studio, close: () => browser.close() };
  await filmPictures([await studio.screenshot()], device);
  return device;
}

/** Films the codes on a screen, as they are played, for another device's camera. */
export async function filmCodes(screen: Page, device: Pick<Device, 'film' | 'studio'>): Promise<void> {
  const place = screen.getByRole('img', { name: /^QR codes?: / });
  // As a person would: clear of the bars at the edges, and once the code is drawn.
  await place.evaluate((element) => element.scrollIntoView({ block: 'center' }));
  await place.locator('canvas[data-drawn]').waitFor();
  const label = (await place.getAttribute('aria-label')) ?? '';
  const total = Number(/, (\d+) in turn$/.exec(label)?.[1] ?? 1);
  const wanted = total === 1 ? 1 : total + SPARE_CODES;
  const seen = new Map<string, Buffer>();
  for (const end = Date.now() + FILMING_MS; seen.size < wanted;) {
    if (Date.now() > end) throw new Error(`Only ${seen.size} of ${wanted} codes could be filmed: ${label}`);
    const picture = await place.screenshot({ animations: 'allow' });
    seen.set(createHash('sha256').update(picture).digest('hex'), picture);
  }
  await filmPictures([...seen.values()], device);
}

/** Motion JPEG is one JPEG after the other. All must have one size. A single picture is taken several times over. */
export async function filmPictures(
  pictures: readonly Buffer[],
  { film, studio }: Pick<Device, 'film' | 'studio'>,
): Promise<void> {
  const takes = pictures.length === 1 ? Array<Buffer>(TAKES).fill(pictures[0]!) : pictures;
  const shots: Buffer[] = [];
  for (const [i, picture] of takes.entries()) shots.push(await shoot(studio, picture, i));
  writeFileSync(film, Buffer.concat(shots.flatMap((shot) => Array<Buffer>(FRAMES_PER_CODE).fill(shot))));
}
