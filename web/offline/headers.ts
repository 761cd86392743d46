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

export const contentSecurityPolicy = Object.entries(directives)
  .map(([name, value]) => `${name} ${value}`)
  .join('; ');

/** Sent with every response. A policy in a meta tag would not bind the workers; a header does. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=(), payment=(), usb=(), serial=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
