// The packages of others that reach a user, and why each is worth it. docs/dependencies.md is written from this table,
// and the tests hold it against the imports of the sources and against the real bundles.

/** `page`: inside the web app's scripts. `commands`: inside the built commands. `installed`: by npm beside them. */
export type ShippedIn = 'page' | 'commands' | 'installed';

export interface Shipped {
  readonly name: string;
  readonly in: readonly ShippedIn[];
  /** The package that brings it, where the sources do not import it themselves. */
  readonly by?: string;
  readonly does: string;
  /** Why it is not written here instead, and why this one. */
  readonly why: string;
}

export const SHIPPED: readonly Shipped[] = [
  {
    name: '@noble/curves',
    in: ['page', 'commands'],
    does: 'Tells whether a point lies on P-384, and computes with such points in the simulated AMD-SP.',
    why: 'WebCrypto refuses a bad point in some engines only, and says nothing of why. Audited, no dependencies but its sister.',
  },
  {
    name: '@noble/hashes',
    in: ['page', 'commands'],
    does: 'Argon2 for the vault where a browser compiles no WebAssembly; synchronous SHA-256 and HMAC in the simulated AMD-SP.',
    why: 'WebCrypto has no memory-hard KDF, and the simulated AMD-SP shares no hash with what checks it. Audited, no dependencies.',
  },
  {
    name: '@zxcvbn-ts/core',
    in: ['page'],
    does: 'Estimates how hard a passphrase is to guess.',
    why: 'A length says little: it knows common passwords, words, dates and keyboard walks. Well kept, and no eval. Loaded when a passphrase is chosen.',
  },
  {
    name: '@zxcvbn-ts/dictionary-compression',
    in: ['page'],
    by: '@zxcvbn-ts/language-common',
    does: 'Unpacks the lists of the next one.',
    why: 'Part of that package.',
  },
  {
    name: '@zxcvbn-ts/language-common',
    in: ['page'],
    does: "The common passwords that the estimate knows, and the 7,776 words of the EFF's list, of which a passphrase is suggested.",
    why: 'The smallest of its lists: 237 kB after gzip with the estimator. Loaded when a passphrase is chosen.',
  },
  {
    name: 'clsx',
    in: ['page'],
    by: 'svelte',
    does: 'Joins class names for Svelte.',
    why: "Part of Svelte's runtime; 30 lines.",
  },
  {
    name: 'fastest-levenshtein',
    in: ['page'],
    by: '@zxcvbn-ts/core',
    does: 'Tells how close a passphrase is to a common one.',
    why: 'Part of the estimator; 130 lines, no dependencies.',
  },
  {
    name: 'hash-wasm',
    in: ['page'],
    does: 'SHA-256 of large files in pieces, with a state that can be kept, and Argon2id for the vault and backups: as WebAssembly, in a worker each.',
    why: 'WebCrypto takes whole files only and has no memory-hard KDF. JavaScript does half as much SHA-256 and a fifth of the Argon2 in the same time, and serves where there is no WebAssembly. No dependencies; nothing else of it is shipped.',
  },
  {
    name: 'idb',
    in: ['page'],
    does: 'Promises around IndexedDB, with typed stores.',
    why: 'Hand-written wrappers around its events are a known source of lost transactions. 1 KB, no dependencies.',
  },
  {
    name: 'koffi',
    in: ['installed'],
    does: 'Calls ioctl() on /dev/sev from Node.',
    why: 'Node has no ioctl. Comes prebuilt, so that no compiler is needed on a host. Optional: loaded only when /dev/sev is opened.',
  },
  {
    name: 'qr',
    in: ['page', 'commands'],
    does: 'Draws QR codes; reads them where WebAssembly is missing.',
    why: 'QR encoding is a standard of its own. 6 KB, no dependencies; the only one found that both draws and reads.',
  },
  {
    name: 'svelte',
    in: ['page'],
    does: 'The screens.',
    why: 'Compiles to small scripts that run under a strict content security policy with Trusted Types. Only its runtime is shipped.',
  },
  {
    name: 'workbox-window',
    in: ['page'],
    does: "Tells the page about the service worker's life: installed, waiting, in control.",
    why: "The browsers' events for this differ in order and count. The service worker itself is ours.",
  },
  {
    name: 'ws',
    in: ['installed'],
    does: 'The WebSocket server of sev-relay.',
    why: 'Node 20 has none. The most used one, no dependencies; frames are bounded by it before they are parsed here.',
  },
  {
    name: 'zxing-wasm',
    in: ['page'],
    does: 'Reads QR codes from the camera, as WebAssembly in a worker of its own.',
    why: 'The only reader found that reads dense codes from a small picture, in 3 to 10 ms. Loaded when a scanner opens.',
  },
];

/** What was looked at for one of our own parts, and not taken. */
export interface Weighed {
  readonly what: string;
  readonly instead: string;
  readonly why: string;
}

export const WEIGHED: readonly Weighed[] = [
  {
    what: '@peculiar/x509 2.2.0, @peculiar/asn1-x509 2.11.1',
    instead: '`shared/encodings/der-reader.ts`, `shared/snp/formats/x509*.ts`',
    why: 'They read BER: a byte behind the certificate, lengths that are not minimal or not definite, padded numbers and extensions that occur twice are all accepted, and AMD’s own certificates are what an attacker would bend. 57 KB and 30 KB after gzip; one ARK takes 3 ms. The profile that AMD uses (one signature algorithm, two kinds of keys) needs some 500 lines of our own, refuses all of that, and is fuzzed.',
  },
  {
    what: 'valibot 1.5.0',
    instead: '`shared/schema.ts`',
    why: 'Weighed closest: as strict, and it names the place of a fault. It has twice the size (2.1 KB after gzip for a small schema, against 0.9 KB) and the same speed (100,000 objects in 0.5 s). What matters here would stay ours: base64 that is bounded before it is decoded, the first fault alone out of 100,000, and its code, place and sentence as a `SevError`.',
  },
  {
    what: '@rgrove/parse-xml 4.2.3',
    instead: '`shared/encodings/xml.ts`',
    why: 'It skips a document type where one must be refused, bounds neither depth nor number of elements, and ends in a stack overflow at 20,000 open elements; 400,000 elements take 2.5 s. 4.5 KB after gzip, against 0.9 KB.',
  },
  {
    what: 'cborg 6.1.5',
    instead: '`shared/airgap/cbor.ts`',
    why: 'With `strict` it still accepts a map whose keys are out of order, which deterministic CBOR forbids, and it ends in a stack overflow at 100,000 nested lists. 7.8 KB after gzip, against 0.8 KB.',
  },
  {
    what: 'a parser of command lines',
    instead: '`parseArgs` of Node, with a table of types over it (`web/cli/options.ts`, `relay/command/flags.ts`)',
    why: 'Node reads the words. Ours is only what it does not do: an option given twice is refused instead of the last one winning, numbers are read in both radices within their bounds, and faults are ours with their exit code.',
  },
];
