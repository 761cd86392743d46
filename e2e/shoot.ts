// What a camera in a hand sees of a screen: not the pixels themselves, but a picture a little turned, shifted, grey and soft.
// A film of bare screenshots is no test of a camera: Chromium's reader of motion JPEG garbles blocks of 8 by 8 pixels that only
// pixel-sharp black on white brings about, the same blocks whenever the film comes round.
import type { Page } from '@playwright/test';

/** As many lines as the app wishes for, in the shape of its view. */
const CAMERA = { width: 960, height: 720 } as const;

interface Pose {
  readonly turnedDegrees: number;
  /** Of the camera's height: how much the screen fills. */
  readonly share: number;
  /** Pixels of the camera, from the middle. */
  readonly x: number;
  readonly y: number;
  readonly softPixels: number;
}

/** A hand is never quite still, and the focus hunts. */
const POSES: readonly Pose[] = [
  { turnedDegrees: 0.6, share: 0.86, x: 4, y: -3, softPixels: 0.7 },
  { turnedDegrees: -1.8, share: 0.8, x: -21, y: 9, softPixels: 0.9 },
  { turnedDegrees: 2.7, share: 0.83, x: 13, y: 6, softPixels: 0.6 },
  { turnedDegrees: -0.4, share: 0.9, x: -7, y: -2, softPixels: 1.1 },
  { turnedDegrees: 1.5, share: 0.78, x: 26, y: -14, softPixels: 0.8 },
];
/** So many pictures of a code that stands still. */
export const TAKES = POSES.length;

/** @param picture PNG of a screen or of a part of it. @returns what the camera sees of it, as JPEG */
export async function shoot(studio: Page, picture: Buffer, take: number): Promise<Buffer> {
  const url = await studio.evaluate(
    async ({ png, pose, camera }) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const canvas = new OffscreenCanvas(camera.width, camera.height);
      const context = canvas.getContext('2d')!;
      context.fillStyle = '#56595c';
      context.fillRect(0, 0, camera.width, camera.height);
      context.imageSmoothingQuality = 'high';
      context.filter = `blur(${pose.softPixels}px) contrast(80%)`;
      const scale = (pose.share * camera.height) / Math.max(image.naturalWidth * 0.75, image.naturalHeight);
      context.translate(camera.width / 2 + pose.x, camera.height / 2 + pose.y);
      context.rotate((pose.turnedDegrees * Math.PI) / 180);
      context.scale(scale, scale);
      context.drawImage(image, -image.naturalWidth / 2, -image.naturalHeight / 2);
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
      return new Promise<string>((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result as string);
        reader.readAsDataURL(blob);
      });
    },
    { png: picture.toString('base64'), pose: POSES[take % POSES.length]!, camera: CAMERA },
  );
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}
