import { expect, test } from 'vitest';
import { Failure } from './failure.ts';
import { readAzureSweepSettings } from './sweep-settings-azure.ts';
import type { SweepFlags } from './sweep-settings.ts';

const KEY = 'A'.repeat(43);
const SUBSCRIPTION = '33333333-3333-4333-8333-333333333333';
const TENANT = '11111111-1111-4111-8111-111111111111';
const flags: SweepFlags = { provider: 'azure', scope: [SUBSCRIPTION], key: [KEY] };
const env = { CURFEW_AZURE_TENANT: TENANT };

test('a subscription may be named by its id, and tenant and identity by the names that the broker has for them', () => {
  const group = '/providers/Microsoft.Management/managementGroups/production';
  const more = {
    ...env,
    AZURE_CLIENT_ID: '22222222-2222-4222-8222-222222222222',
    AZURE_FEDERATED_TOKEN_FILE: '/token',
    AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/',
    CURFEW_SWEEP_KEYS: KEY,
    CURFEW_SWEEP_SCOPES: `${SUBSCRIPTION.toUpperCase()}, ${group}`,
  };
  expect(readAzureSweepSettings({ provider: 'azure' }, more)).toEqual({
    identity: expect.objectContaining({ kind: 'federated', tenantId: TENANT }) as object,
    authority: 'https://login.microsoftonline.us/',
    keys: [KEY],
    scopes: [`/subscriptions/${SUBSCRIPTION}`, group],
    dryRun: false,
  });
  expect(readAzureSweepSettings({ ...flags, dryRun: true }, more)).toMatchObject({
    scopes: [`/subscriptions/${SUBSCRIPTION}`],
    dryRun: true,
  });
});

test.each<readonly [string, SweepFlags, Readonly<Record<string, string>>, string]>([
  ['no tenant', flags, {}, 'does not know your Entra tenant'],
  ['a tenant by its name', flags, { CURFEW_AZURE_TENANT: 'acme' }, 'must be the id of your Entra tenant'],
  ['a secret', flags, { ...env, AZURE_CLIENT_SECRET: 'x' }, 'refuses to run with AZURE_CLIENT_SECRET'],
  ['nothing to sweep', { provider: 'azure', key: [KEY] }, env, 'nothing to sweep'],
  ['a resource group', { ...flags, scope: [`/subscriptions/${SUBSCRIPTION}/resourceGroups/x`] }, env, 'neither a sub'],
  ['no key', { provider: 'azure', scope: [SUBSCRIPTION] }, env, 'no key'],
  ['an option of AWS', { ...flags, identityCenterRegion: 'x' }, env, '--identity-center-region means nothing on Azure'],
])('%s is refused, and said', (_what, wrong, environment, words) => {
  expect(() => readAzureSweepSettings(wrong, environment)).toThrow(Failure);
  expect(() => readAzureSweepSettings(wrong, environment)).toThrow(words);
});

test('an endpoint is not allowed by being named', () => {
  const endpoint = 'http://127.0.0.1:1';
  expect(readAzureSweepSettings({ ...flags, endpoint }, env)).toMatchObject({ endpoint, allowCustomEndpoint: false });
});
