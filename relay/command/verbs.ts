// The verbs of sev-relay; each is a file of its own, loaded when it is called.

export interface Verb {
  readonly summary: string;
  readonly load: () => Promise<{ readonly run: (args: readonly string[]) => Promise<number> }>;
}

export const VERBS: Readonly<Record<string, Verb>> = {
  serve: {
    summary: 'carry blobs between a guest owner and this host (the default)',
    load: () => import('./verbs/serve.ts'),
  },
  pair: { summary: 'make a pairing code for a guest owner', load: () => import('./verbs/pair.ts') },
  pairings: { summary: 'list who has a code, and what it reaches', load: () => import('./verbs/pairings.ts') },
  revoke: { summary: 'end a pairing', load: () => import('./verbs/revoke.ts') },
  check: {
    summary: 'tell whether this host can run SEV and SEV-ES guests, and how to mend it',
    load: () => import('./verbs/check.ts'),
  },
  export: { summary: "write the platform's chain to files", load: () => import('./verbs/export.ts') },
  show: { summary: 'show single facts about the platform', load: () => import('./verbs/show.ts') },
  qr: {
    summary: 'show the chain, a request, a measurement, a report or a file as QR codes',
    load: () => import('./verbs/qr.ts'),
  },
  generate: { summary: "make an owner's certificate and key", load: () => import('./verbs/generate.ts') },
  provision: { summary: 'take the platform into ownership', load: () => import('./verbs/provision.ts') },
  rotate: { summary: 'make a new PDH', load: () => import('./verbs/rotate.ts') },
  reset: { summary: 'take the owner and all keys from the platform', load: () => import('./verbs/reset.ts') },
};
