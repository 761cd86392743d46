// The verbs of sev-verifier. Each is loaded only when it is asked for.

export interface Verb {
  /** @returns the exit code: 0 verified or done, 1 refused or mismatch, 2 wrong use or unreadable input */
  run(args: readonly string[]): Promise<number>;
}

interface Entry {
  readonly summary: string;
  load(): Promise<Verb>;
}

export const VERBS: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'serve the web app on this device (the default)',
    load: () => import('./serve-verb.ts'),
  },
};
