// What goes between a scanner and its worker.

/** A picture in which QR codes are to be found. */
export interface ScanRequest {
  readonly picture: ImageBitmap;
  /** A file may take its time; a camera's next frame is coming. */
  readonly thorough: boolean;
}

export interface ScanAnswer {
  /** What the codes say, if there are any. */
  readonly texts: readonly string[];
  readonly decoder: 'wasm' | 'plain';
}
