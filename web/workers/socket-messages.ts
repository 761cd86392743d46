// What the page and the worker that holds its sockets say to each other. Everything is by the number of a socket.

export type ToSocket =
  | { readonly open: number; readonly url: string; readonly protocols: readonly string[] }
  | { readonly send: number; readonly frame: string }
  | { readonly close: number };

export type FromSocket =
  | { readonly opened: number }
  | { readonly heard: number; readonly frame: unknown }
  | { readonly closed: number }
  /** The browser does not let a socket be opened to this address. */
  | { readonly blocked: number };
