import { describe, expect, it } from 'vitest';
import { bindsAsOurs, headersFor, securityHeaders } from './headers.ts';

const CSP = 'content-security-policy';
const SCAN = '/assets/scan.worker-Bb9Mx2Pu.js';
const SOCKET = '/assets/socket.worker-Bb9Mx2Pu.js';
const policyOf = (path: string): string => headersFor(path)[CSP] ?? '';

describe('the policy of a file', () => {
  it.each(['scan', 'digest'])('lets the worker %s compile WebAssembly', (name) => {
    expect(policyOf(`/assets/${name}.worker-Bb9Mx2Pu.js`)).toContain("script-src 'self' 'wasm-unsafe-eval';");
  });

  it('lets nothing else compile it', () => {
    for (const path of [
      '/',
      '/index.html',
      '/sw.js',
      '/assets/index-Bb9Mx2Pu.js',
      '/assets/verify.worker-Bb9Mx2Pu.js',
      '/assets/scan.worker-Bb9Mx2Pu.js.html',
      '/assets/scan.worker-../index.html',
      '/scan.worker-Bb9Mx2Pu.js',
    ]) {
      expect(policyOf(path)).toContain("script-src 'self';");
    }
  });

  it('lets the worker that holds the sockets open them, and nothing else', () => {
    expect(policyOf(SOCKET)).toContain('connect-src ws: wss:;');
    for (const path of [
      ...[
        '/',
        '/index.html',
        '/sw.js',
        '/build.json',
        SCAN,
        '/assets/index-Bb9Mx2Pu.js',
        '/assets/kdf.worker-Bb9Mx2Pu.js',
      ],
      ...['/socket.worker-Bb9Mx2Pu.js', '/assets/socket.worker-Bb9Mx2Pu.js.html', '/assets/socket.worker-../x.js'],
    ])
      expect(policyOf(path), path).toContain("connect-src 'self';");
  });

  it('differs in nothing else, and never allows eval', () => {
    const { [CSP]: scan, ...others } = headersFor(SCAN);
    const { [CSP]: socket, ...sockets } = headersFor(SOCKET);
    const { [CSP]: page, ...same } = securityHeaders;
    expect(others).toEqual(same);
    expect(sockets).toEqual(same);
    expect(scan?.replace(" 'wasm-unsafe-eval'", '')).toBe(page);
    expect(socket?.replace('connect-src ws: wss:', "connect-src 'self'")).toBe(page);
    expect(`${scan} ${socket} ${page}`).not.toMatch(/'unsafe-(eval|inline)'/);
  });

  it('blocks WebRTC and DNS prefetch, and isolates the page', () => {
    expect(policyOf('/index.html')).toContain("webrtc 'block'");
    expect(securityHeaders).toMatchObject({
      'x-dns-prefetch-control': 'off',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    for (const feature of ['microphone', 'usb', 'serial', 'hid', 'geolocation', 'display-capture', 'payment'])
      expect(securityHeaders['permissions-policy']).toContain(`${feature}=()`);
    expect(securityHeaders['permissions-policy']).toContain('camera=(self)');
  });
});

describe('what a server sends', () => {
  const page = securityHeaders[CSP]!;
  const scan = policyOf(SCAN);
  const socket = policyOf(SOCKET);

  it.each([
    ['a page with its own policy', '/index.html', page, true],
    ['a page with the policy of the sockets', '/index.html', socket, false],
    ['a page without a policy', '/index.html', '', false],
    ['a script with its own policy', '/sw.js', page, true],
    ['a script with ours and another', '/sw.js', `${page}, default-src *`, false],
    ['a script that may compile and should not', '/sw.js', scan, false],
    ['the worker that may compile', SCAN, scan, true],
    ['the worker that may compile where a host cannot allow it', SCAN, page, true],
    ['the worker that may compile with both, joined', SCAN, `${page}, ${scan}`, true],
    ['the worker that may compile with that of the sockets', SCAN, socket, false],
    ['the worker of the sockets', SOCKET, socket, true],
    ['the worker of the sockets where a host cannot allow it', SOCKET, page, true],
    ['the worker of the sockets with a policy of its own making', SOCKET, 'connect-src *', false],
  ])('%s', (_, path, sent, binds) => {
    expect(bindsAsOurs(path, CSP, sent)).toBe(binds);
  });

  it('every other header to the letter', () => {
    expect(bindsAsOurs('/sw.js', 'referrer-policy', 'no-referrer')).toBe(true);
    expect(bindsAsOurs('/sw.js', 'referrer-policy', 'no-referrer, no-referrer')).toBe(false);
  });
});
