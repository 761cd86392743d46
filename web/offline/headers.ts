// The headers under which every file of the app is served: by `sev-verifier serve`, by the service worker, by any host.
// Pure constants: the command line imports this file too.

const directives: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  // The one connection that leaves the page is the relay, and the guest owner says where it is.
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

export const contentSecurityPolicy = policyOf(directives);

/** Sent with every response. A policy in a meta tag would not bind the workers; a header does. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=(), payment=(), usb=(), serial=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The one script that may compile WebAssembly: the worker that reads QR codes. A worker obeys its own response's policy. */
const MAY_COMPILE = /^\/assets\/scan\.worker-[\w-]+\.js$/;
const compilingHeaders = {
  ...securityHeaders,
  'content-security-policy': policyOf({ ...directives, 'script-src': "'self' 'wasm-unsafe-eval'" }),
};

/** The headers of one file, by its path below the app's origin. */
export const headersFor = (path: string): Readonly<Record<string, string>> =>
  MAY_COMPILE.test(path) ? compilingHeaders : securityHeaders;
