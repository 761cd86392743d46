// The device's cameras: opened, chosen, lit and closed again.

/** Why there is no picture, in the cases that a person can do something about. */
export type CameraTrouble = 'refused' | 'none' | 'busy' | 'failed' | 'gone';

export interface CameraChoice {
  readonly id: string;
  readonly label: string;
}

/** What a QR code needs: 720 lines, thirty times a second, from the side that faces away from the person. */
const WISH = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } as const;

const TROUBLES: Readonly<Record<string, CameraTrouble>> = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/** A camera that is on. */
export class Camera {
  readonly stream: MediaStream;
  readonly #track: MediaStreamTrack;

  private constructor(stream: MediaStream, track: MediaStreamTrack) {
    this.stream = stream;
    this.#track = track;
  }

  /** @returns the camera, or why there is none; asks the person for permission where that is needed */
  static async open(id?: string): Promise<Camera | CameraTrouble> {
    // Without a secure context there are no media devices at all.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) return 'none';
    const which = id === undefined ? { facingMode: { ideal: 'environment' } } : { deviceId: { exact: id } };
    try {
      const stream = await devices.getUserMedia({ video: { ...WISH, ...which }, audio: false });
      const [track] = stream.getVideoTracks();
      return track ? new Camera(stream, track) : 'none';
    } catch (error) {
      return TROUBLES[error instanceof Error ? error.name : ''] ?? 'failed';
    }
  }

  get id(): string | undefined {
    return this.#track.getSettings().deviceId;
  }

  /** Calls back when the camera is taken away: unplugged, or forbidden after all. */
  onEnded(listener: () => void): void {
    this.#track.addEventListener('ended', listener);
  }

  /** Every camera of the device; they have names only once one of them may be used. */
  static async choices(): Promise<readonly CameraChoice[]> {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const cameras = devices.filter(({ kind }) => kind === 'videoinput');
    return cameras.map(({ deviceId, label }, i) => ({ id: deviceId, label: label || `${i + 1}` }));
  }

  /** Whether the camera has a lamp. */
  get hasTorch(): boolean {
    const capabilities = this.#track.getCapabilities?.() as { torch?: boolean } | undefined;
    return capabilities?.torch === true;
  }

  /** @returns whether the lamp obeyed */
  async light(on: boolean): Promise<boolean> {
    const constraint: MediaTrackConstraintSet & { torch: boolean } = { torch: on };
    return this.#track.applyConstraints({ advanced: [constraint] }).then(
      () => true,
      () => false,
    );
  }

  close(): void {
    for (const track of this.stream.getTracks()) track.stop();
  }
}

/** A camera that is covered by a call or a switch stops giving frames, and says nothing. */
const NO_FRAME_MS = 1000;

/** Waits for the next frame of a video, or a second; where the browser cannot say, for the next frame of the screen. */
export function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, NO_FRAME_MS);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
    else if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(done);
    else requestAnimationFrame(done);
  });
}
