import { describe, expect, it } from 'vitest';
import { bindsAsOurs, headersFor, scriptHeaders, securityHeaders } from './headers.ts';

const CSP = 'content-security-policy';
const SCAN = '/assets/scan.worker-Bb9Mx2Pu.js';
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

  it("lets no worker connect anywhere but to the app's own files", () => {
    for (const path of ['/sw.js', SCAN, '/assets/kdf.worker-Bb9Mx2Pu.js', '/assets/index-Bb9Mx2Pu.js'])
      expect(policyOf(path)).toContain("connect-src 'self';");
    for (const path of ['/', '/index.html', '/sw.js.html', '/x/sw.js', '/x/assets/y.js', '/build.json'])
      expect(headersFor(path)).toBe(securityHeaders);
    expect(policyOf('/index.html')).toContain("connect-src 'self' ws: wss:;");
  });

  it('differs in nothing else, and never allows eval', () => {
    const { [CSP]: scan, ...others } = headersFor(SCAN);
    const { [CSP]: script, ...scripts } = scriptHeaders;
    const { [CSP]: page, ...same } = securityHeaders;
    expect(others).toEqual(same);
    expect(scripts).toEqual(same);
    expect(scan?.replace(" 'wasm-unsafe-eval'", '')).toBe(script);
    expect(script?.replace("connect-src 'self'", "connect-src 'self' ws: wss:")).toBe(page);
    expect(`${scan} ${script} ${page}`).not.toMatch(/'unsafe-(eval|inline)'/);
  });
});

describe('what a server sends', () => {
  const page = securityHeaders[CSP]!;
  const script = scriptHeaders[CSP]!;
  const scan = policyOf(SCAN);

  it.each([
    ['a page with its own policy', '/index.html', page, true],
    ['a page with the policy of scripts, which cannot reach a relay', '/index.html', script, false],
    ['a page without a policy', '/index.html', '', false],
    ['a script with its own policy', '/sw.js', script, true],
    ['a script with the policy of pages alone', '/sw.js', page, false],
    ['a script with both, joined', '/sw.js', `${page}, ${script}`, true],
    ['a script with ours and another', '/sw.js', `${script}, default-src *`, false],
    ['a script that may compile and should not', '/sw.js', scan, false],
    ['the worker that may compile', SCAN, scan, true],
    ['the worker that may compile where a host cannot allow it', SCAN, `${page}, ${script}`, true],
  ])('%s', (_, path, sent, binds) => {
    expect(bindsAsOurs(path, CSP, sent)).toBe(binds);
  });

  it('every other header to the letter', () => {
    expect(bindsAsOurs('/sw.js', 'referrer-policy', 'no-referrer')).toBe(true);
    expect(bindsAsOurs('/sw.js', 'referrer-policy', 'no-referrer, no-referrer')).toBe(false);
  });
});
