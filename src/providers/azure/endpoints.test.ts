import { expect, test } from 'vitest';
import { endpointsOf, GLOBAL_AUTHORITY, isAuthority } from './endpoints.ts';

test.each([
  ['https://login.microsoftonline.com/', 'https://management.azure.com'],
  [GLOBAL_AUTHORITY, 'https://management.azure.com'],
  ['https://login.microsoftonline.us/', 'https://management.usgovcloudapi.net'],
  ['https://login.chinacloudapi.cn/', 'https://management.chinacloudapi.cn'],
])('the cloud of %s is at %s', (authority, management) => {
  expect(endpointsOf(authority, undefined, false)).toEqual({
    authority: authority.replace(/\/$/, ''),
    management,
    resource: management,
  });
});

test.each([
  'https://login.evil.example/',
  'http://login.microsoftonline.com/',
  'https://login.microsoftonline.com/x',
  'no',
  '',
])('%s is not where Microsoft issues tokens', (authority) => {
  expect(isAuthority(authority)).toBe(false);
  expect(() => endpointsOf(authority, undefined, false)).toThrow(/is not where Microsoft issues tokens/);
});

test('another endpoint has to be allowed on purpose, and tokens are for Azure all the same', () => {
  expect(() => endpointsOf(GLOBAL_AUTHORITY, 'https://x.example', false)).toThrow(/is not Azure's own/);
  expect(() => endpointsOf(GLOBAL_AUTHORITY, 'http://x.example', true)).toThrow(/must be https/);
  expect(endpointsOf(GLOBAL_AUTHORITY, 'http://127.0.0.1:7431/', true)).toEqual({
    authority: 'http://127.0.0.1:7431',
    management: 'http://127.0.0.1:7431',
    resource: 'https://management.azure.com',
  });
});
