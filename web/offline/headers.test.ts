import { describe, expect, it } from 'vitest';
import { headersFor, securityHeaders } from './headers.ts';

const policyOf = (path: string): string => headersFor(path)['content-security-policy'] ?? '';

describe('the policy of a file', () => {
  it('lets only the worker that reads codes compile WebAssembly', () => {
    expect(policyOf('/assets/scan.worker-Bb9Mx2Pu.js')).toContain("script-src 'self' 'wasm-unsafe-eval';");
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
      expect(headersFor(path)).toBe(securityHeaders);
    }
  });

  it('differs in nothing else, and never allows eval', () => {
    const { 'content-security-policy': worker, ...others } = headersFor('/assets/scan.worker-x.js');
    const { 'content-security-policy': page, ...same } = securityHeaders;
    expect(others).toEqual(same);
    expect(worker?.replace(" 'wasm-unsafe-eval'", '')).toBe(page);
    expect(`${worker} ${page}`).not.toMatch(/'unsafe-(eval|inline)'/);
  });
});
