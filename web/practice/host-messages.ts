// What goes between the page and the worker in which the practice host lives.

/** A frame of the relay's protocol. */
export interface ToHost {
  readonly frame: string;
}

/** A frame of the relay's protocol, or all that a guest has written on its console: what somebody in front of it would read. */
export type FromHost = { readonly frame: string } | { readonly guest: string; readonly console: string };

/** Where the worker keeps the simulated chip, so that a reload meets the same platform. */
export const HOST_DATABASE = 'sev-verifier-practice-host';
