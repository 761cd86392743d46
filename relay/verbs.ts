// The verbs of sev-relay; each is a file of its own, loaded when it is called.

export interface Verb {
  readonly summary: string;
  readonly load: () => Promise<{ readonly run: (args: readonly string[]) => Promise<number> }>;
}

export const VERBS: Readonly<Record<string, Verb>> = {
  check: {
    summary: 'tell whether this host can run SEV and SEV-ES guests, and how to mend it',
    load: () => import('./verbs/check.ts'),
  },
  serve: {
    summary: 'carry blobs between a guest owner and this host (the default)',
    load: () => import('./verbs/serve.ts'),
  },
};
