// The headers under which every file of the app is served: by `sev-verifier serve`, by the service worker, by any host.
// Pure constants: the command line imports this file too.

const directives: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'connect-src': "'self'",
  webrtc: "'block'",
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

/** Of pages, scripts and every other answer. A policy in a meta tag would not bind the workers; a header does. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policyOf(directives),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'permissions-policy': [
    'camera=(self)',
    'clipboard-write=(self)',
    'publickey-credentials-get=(self)',
    'publickey-credentials-create=(self)',
    'screen-wake-lock=(self)',
    ...[
      ...['accelerometer', 'bluetooth', 'clipboard-read', 'display-capture', 'fullscreen'],
      ...['encrypted-media', 'gamepad', 'geolocation', 'gyroscope', 'hid', 'idle-detection'],
      ...[
        'local-fonts',
        'magnetometer',
        'microphone',
        'midi',
        'payment',
        'picture-in-picture',
        'serial',
        'storage-access',
      ],
      ...['usb', 'window-management', 'xr-spatial-tracking'],
    ].map((name) => `${name}=()`),
  ].join(', '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
};

const CSP = 'content-security-policy';

/**
 * The three scripts that may compile WebAssembly: the workers that read QR codes, that hash files and that derive a key
 * from a passphrase. None does anything else, nor reaches more than this app's files.
 */
const MAY_COMPILE = /^\/assets\/(scan|digest|kdf)\.worker-[\w-]+\.js$/;
const compilingHeaders = {
  ...securityHeaders,
  [CSP]: policyOf({ ...directives, 'script-src': "'self' 'wasm-unsafe-eval'" }),
};

/**
 * The one script that may open sockets: the worker that holds those to relays, and that sees frames and nothing else. The relay's
 * address is chosen long after this header was sent, so it can name the kind of connection only; that none but the chosen one is
 * made, a story proves from all traffic.
 */
const MAY_CONNECT = /^\/assets\/socket\.worker-[\w-]+\.js$/;
const connectingHeaders = { ...securityHeaders, [CSP]: policyOf({ ...directives, 'connect-src': 'ws: wss:' }) };

/** The headers of one file, by its path below the app's origin. */
export const headersFor = (path: string): Readonly<Record<string, string>> =>
  MAY_COMPILE.test(path) ? compilingHeaders : MAY_CONNECT.test(path) ? connectingHeaders : securityHeaders;

/**
 * Whether a header of a file that a server sent binds it as ours does, or more. Some hosts cannot take a policy away and send two:
 * both bind. So a worker with a policy of its own may come with that of everything else, alone or besides; it can do less then.
 */
export function bindsAsOurs(path: string, name: string, sent: string): boolean {
  const own = headersFor(path)[name] ?? '';
  if (name !== CSP || own === securityHeaders[CSP]) return sent === own;
  const known = [securityHeaders[CSP]!, own];
  return sent.split(', ').every((one) => known.includes(one));
}
