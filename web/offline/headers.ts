// The headers under which every file of the app is served: by `sev-verifier serve`, by the service worker, by any host.
// Pure constants: the command line imports this file too.

const directives: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  // The one connection that leaves the page is the relay. Its address is chosen long after this header was sent, so the
  // policy can name the kind of connection only; that none but the chosen one is made, a story proves from all traffic.
  'connect-src': "'self' ws: wss:",
  'worker-src': "'self'",
  'manifest-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'require-trusted-types-for': "'script'",
  // Svelte's own policy for its templates, and ours (trusted.ts) for the worker scripts of this build.
  'trusted-types': 'svelte-trusted-html sev-verifier',
};

const policyOf = (policy: Readonly<Record<string, string>>): string =>
  Object.entries(policy)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

/** Of pages, and of every answer that is no script. A policy in a meta tag would not bind the workers; a header does. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policyOf(directives),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=(), payment=(), usb=(), serial=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const CSP = 'content-security-policy';
const ofScripts = { ...directives, 'connect-src': "'self'" };

/**
 * Of scripts. One that a page loads obeys the page; a worker obeys the policy of its own script, and no worker has anything
 * to ask of the relay: those that see passphrases, keys or other people's pictures reach nothing but this app's files.
 */
export const scriptHeaders: Readonly<Record<string, string>> = { ...securityHeaders, [CSP]: policyOf(ofScripts) };

const SCRIPTS = /^\/(sw\.js$|assets\/)/;

/**
 * The three scripts that may compile WebAssembly: the workers that read QR codes, that hash files and that derive a key
 * from a passphrase. None does anything else, nor reaches more than this app's files.
 */
const MAY_COMPILE = /^\/assets\/(scan|digest|kdf)\.worker-[\w-]+\.js$/;
const compilingHeaders = {
  ...securityHeaders,
  [CSP]: policyOf({ ...ofScripts, 'script-src': "'self' 'wasm-unsafe-eval'" }),
};

/** The headers of one file, by its path below the app's origin. */
export const headersFor = (path: string): Readonly<Record<string, string>> =>
  MAY_COMPILE.test(path) ? compilingHeaders : SCRIPTS.test(path) ? scriptHeaders : securityHeaders;

/**
 * Whether a header of a file that a server sent binds it as ours does, or more. A host that joins the policies of several
 * rules sends more than one: all of them bind, so it is enough that each is ours and that the file's own, or that of any
 * script, is among them.
 */
export function bindsAsOurs(path: string, name: string, sent: string): boolean {
  const own = headersFor(path)[name] ?? '';
  if (name !== CSP || !SCRIPTS.test(path)) return sent === own;
  const policies = sent.split(', ');
  const known = [securityHeaders, scriptHeaders, compilingHeaders].map((headers) => headers[CSP]);
  return (
    policies.every((one) => known.includes(one)) && policies.some((one) => [own, scriptHeaders[CSP]].includes(one))
  );
}
