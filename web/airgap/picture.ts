// A picture file as something that codes can be read from.
import { SevError } from '../../shared/errors.ts';

const MAX_FILE_BYTES = 32 * 1024 * 1024;
/** Enough for the densest code that fills a third of the picture, and little enough to be read at once. */
const MAX_SIDE = 2400;
/** A drawing without a size of its own, such as an SVG. */
const DRAWN_SIDE = 1600;

/**
 * @param file any format that the browser can show
 * @throws SevError BYTES_TOO_LARGE, BYTES_UNKNOWN when the browser cannot show it
 */
export async function openPicture(file: Blob): Promise<ImageBitmap> {
  if (file.size > MAX_FILE_BYTES) throw new SevError('BYTES_TOO_LARGE');
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return await createImageBitmap(image, boundedSize(image.naturalWidth, image.naturalHeight, file.type));
  } catch (cause) {
    throw new SevError('BYTES_UNKNOWN', {
      sentence: 'This file is not a picture that can be shown here.',
      next: 'Give a photo or screenshot of the code, as PNG or JPEG.',
      cause,
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}

function boundedSize(width: number, height: number, type: string): ImageBitmapOptions {
  const drawn = type === 'image/svg+xml' || width === 0 || height === 0;
  const [w, h] = drawn ? [DRAWN_SIDE, DRAWN_SIDE * (width > 0 ? height / width : 1)] : [width, height];
  const scale = Math.min(1, MAX_SIDE / Math.max(w, h));
  return { resizeWidth: Math.round(w * scale), resizeHeight: Math.round(h * scale), resizeQuality: 'high' };
}
