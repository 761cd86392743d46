// What `serve` says: facts in, sentences out.

export const SERVE = {
  taken: (host: string, port: number) => ({
    sentence: `Port ${port} is in use at ${host}.`,
    next: 'Do not open the app there: what answers could be any program of this computer. End it if it is yours, or choose another port with --port. Another port has storage of its own.',
  }),
  closed: (port: number) => ({
    sentence: `Port ${port} cannot be opened.`,
    next: 'Choose another with --port. Another port has storage of its own.',
  }),
  at: (url: string, plainUrl: string): string =>
    `The verifier is at ${url}\nIf your browser does not find it: ${plainUrl} (with storage of its own)\n`,
} as const;
