// Devices that see only each other's screens: what one shows is filmed, and the film is the other one's camera.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page, test } from '@playwright/test';

/** A phone's screen; the film has the same size, since a camera does not change its own between two scans. */
export const SCREEN = { width: 390, height: 844 };
/** The fake camera runs at 30 frames a second, and codes are shown ten times a second. */
const FRAMES_PER_CODE = 3;
/** More codes than the reader needs: the film is a loop, and one that is never read must not be missed forever. */
export const SPARE_CODES = 4;
const FILMING_MS = 20_000;
const SETTLE_MS = 800;

/** A browser of its own, whose camera sees the film that lies at `film`. */
export interface Device {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly film: string;
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
  const context = await browser.newContext({ viewport: SCREEN, permissions: ['camera'] });
  const page = await context.newPage();
  writeFilm(film, [await page.screenshot({ type: 'jpeg' })]);
  return { context, page, film, close: () => browser.close() };
}

/** Films the codes on a screen, as they are played, for another device's camera. */
export async function filmCodes(screen: Page, { film }: Pick<Device, 'film'>): Promise<void> {
  const place = screen.getByRole('img', { name: /^QR codes?: / });
  // As a person would: clear of the bars at the edges.
  await place.evaluate((element) => element.scrollIntoView({ block: 'center' }));
  // The code is drawn a moment after its place is there; a film of the empty place would never be read.
  await screen.waitForTimeout(SETTLE_MS);
  const label = (await place.getAttribute('aria-label')) ?? '';
  const total = Number(/, (\d+) in turn$/.exec(label)?.[1] ?? 1);
  const wanted = total === 1 ? 1 : total + SPARE_CODES;
  const seen = new Map<string, Buffer>();
  for (const end = Date.now() + FILMING_MS; seen.size < wanted;) {
    if (Date.now() > end) throw new Error(`Only ${seen.size} of ${wanted} codes could be filmed: ${label}`);
    const picture = await screen.screenshot({ type: 'jpeg', quality: 90 });
    seen.set(createHash('sha256').update(picture).digest('hex'), picture);
  }
  writeFilm(film, [...seen.values()]);
}

/** Motion JPEG is one JPEG after the other. All must have one size. */
export const writeFilm = (film: string, pictures: readonly Buffer[]): void =>
  writeFileSync(film, Buffer.concat(pictures.flatMap((picture) => Array<Buffer>(FRAMES_PER_CODE).fill(picture))));
