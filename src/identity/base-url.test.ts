import { describe, expect, test } from 'vitest';
import { isLoopback, parseBaseUrl, requireSecureTransport } from './base-url.ts';

describe('the base URL', () => {
  test('gives the issuer and the audience', () => {
    expect(parseBaseUrl('https://curfew.acme.example')).toMatchObject({
      origin: 'https://curfew.acme.example',
      issuer: 'https://curfew.acme.example/oauth',
      audience: 'https://curfew.acme.example/v1',
      secure: true,
    });
    expect(parseBaseUrl('http://localhost:7420/')).toMatchObject({ origin: 'http://localhost:7420', secure: false });
  });

  test.each([
    'http://curfew.acme.example',
    'http://127.0.0.1.evil.example',
    'http://10.0.0.5',
    'http://localhost.evil.example',
  ])('refuses plain http to %s', (text) => {
    expect(() => parseBaseUrl(text)).toThrow(/plain http/);
  });

  test.each([
    'https://acme.example/curfew',
    'https://acme.example/?x=1',
    'https://user@acme.example',
    'https://acme.example/#x',
  ])('refuses more than scheme, host and port: %s', (text) => {
    expect(() => parseBaseUrl(text)).toThrow(/alone/);
  });

  test('says what was given, but not a password', () => {
    expect(() => parseBaseUrl('https://acme.example/curfew?x=1')).toThrow(/not "https:\/\/acme.example\/curfew\?x=1"/);
    expect(() => parseBaseUrl('https://me:hunter2@acme.example')).toThrow(/^((?!hunter2).)*alone/);
  });

  test.each(['ftp://acme.example', 'curfew', 'javascript:alert(1)'])('refuses what is no web address: %s', (text) => {
    expect(() => parseBaseUrl(text)).toThrow(/http or https address/);
  });

  test('knows the loopback addresses', () => {
    for (const text of ['http://localhost:1', 'http://127.0.0.1', 'http://[::1]:80'])
      expect(isLoopback(new URL(text))).toBe(true);
    for (const text of ['http://127.0.0.1.nip.io', 'http://0.0.0.0', 'http://[::2]'])
      expect(isLoopback(new URL(text))).toBe(false);
    expect(() => requireSecureTransport(new URL('http://idp.acme.example'))).toThrow(/Use https/);
  });
});
