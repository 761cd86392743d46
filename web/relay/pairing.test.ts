import { describe, expect, it } from 'vitest';
import type { SevError } from '../../shared/errors.ts';
import { looksLikePairing, pairingFragment, parsePairing } from './pairing.ts';

describe('a pairing link', () => {
  it.each([
    ['http://localhost:4173/#relay=ws://127.0.0.1:8455&code=a-b', 'ws://127.0.0.1:8455', 'a-b'],
    ['#relay=ws%3A%2F%2F127.0.0.1%3A8455&code=a', 'ws://127.0.0.1:8455', 'a'],
    ['relay=wss://host.example:1/&code=%2B1', 'wss://host.example:1', '+1'],
    ['  https://pwa.example/#relay=wss://[::1]:8455&code=x ', 'wss://[::1]:8455', 'x'],
  ])('is read from %s', (link, url, code) => {
    expect(parsePairing(link)).toEqual({ url, code });
  });

  it.each([
    '',
    'hello',
    '#relay=ws://127.0.0.1:8455',
    '#code=a',
    '#relay=http://127.0.0.1:8455&code=a',
    '#relay=javascript:alert(1)&code=a',
    '#relay=ws://user:pass@host&code=a',
    '#relay=ws://host/?token=1&code=a',
    `#relay=ws://host&code=${'a'.repeat(129)}`,
    `#relay=ws://host&code=a&${'x'.repeat(3000)}`,
  ])('is refused when it is %s', (link) => {
    expect(() => parsePairing(link)).toThrowError(expect.objectContaining({ code: 'RELAY_LINK' }) as SevError);
  });

  it('comes back as it was from the fragment that fills in the form', () => {
    const pairing = { url: 'wss://[::1]:8455', code: '+&=#1' };
    expect(parsePairing(pairingFragment(pairing))).toEqual(pairing);
  });

  it('is told from an address inside the app', () => {
    expect(looksLikePairing('#relay=ws://a&code=b')).toBe(true);
    expect(looksLikePairing('#/launches')).toBe(false);
  });
});
