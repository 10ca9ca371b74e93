import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from './failure.ts';
import { readEvery, readSweepSettings, type SweepFlags } from './sweep-settings.ts';

const KEY = 'A'.repeat(43);
const OTHER = 'B'.repeat(43);
const flags: SweepFlags = { provider: 'aws', path: ['people/'], key: [KEY] };

test('what is not said on the command line comes from the environment, and what is said wins', () => {
  const env = {
    AWS_REGION: 'cn-north-1',
    CURFEW_SWEEP_KEYS: `${KEY}, ${OTHER}`,
    CURFEW_SWEEP_PATHS: 'people/,staff/eu/',
    CURFEW_SWEEP_ACCOUNTS: '111122223333',
    CURFEW_SWEEP_BUCKET: 'acme-curfew',
    CURFEW_SWEEP_NAME: 'eu',
    CURFEW_AWS_EXTERNAL_ID: 'x',
  };
  expect(readSweepSettings({ provider: 'aws' }, env)).toEqual({
    region: 'cn-north-1',
    keys: [KEY, OTHER],
    roleArns: ['arn:aws-cn:iam::111122223333:role/curfew/curfew-sweeper'],
    externalId: 'x',
    paths: ['people/', 'staff/eu/'],
    bucket: { name: 'acme-curfew', region: 'cn-north-1' },
    identityCenter: { region: 'cn-north-1', roleArn: null },
    name: 'eu',
    dryRun: false,
  });
  const said = readSweepSettings({ ...flags, region: 'eu-west-1', bucket: 'other', name: 'us', dryRun: true }, env);
  expect(said).toMatchObject({ region: 'eu-west-1', bucket: { name: 'other' }, name: 'us', dryRun: true, keys: [KEY] });
});

test('a file may hold the keys, one in each line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-keys-'));
  try {
    writeFileSync(join(folder, 'keys'), `${KEY}\n${OTHER}\n`);
    expect(readSweepSettings({ ...flags, key: [join(folder, 'keys')] }, {}).keys).toEqual([KEY, OTHER]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each<readonly [string, SweepFlags, string]>([
  ['nothing to sweep', { provider: 'aws', key: [KEY] }, 'nothing to sweep'],
  ['no key', { provider: 'aws', path: ['people/'] }, 'no key'],
  ['a key that is none', { ...flags, key: ['nowhere'] }, 'neither a public key nor a file'],
  ['a path with a slash in front', { ...flags, path: ['/people/'] }, 'not a path'],
  ['an account by its name', { ...flags, account: ['prod'] }, 'not an AWS account'],
  ['a role by its name', { ...flags, roleArn: ['sweeper'] }, 'not the ARN'],
  ['a name with capitals', { ...flags, name: 'EU' }, 'cannot be the name'],
])('%s is refused, and said', (_what, wrong, words) => {
  expect(() => readSweepSettings(wrong, {})).toThrow(Failure);
  expect(() => readSweepSettings(wrong, {})).toThrow(words);
});

test('an endpoint is not allowed by being named', () => {
  const endpoint = 'http://127.0.0.1:1';
  expect(readSweepSettings({ ...flags, endpoint }, {})).toMatchObject({ endpoint, allowCustomEndpoint: false });
  expect(readSweepSettings({ ...flags, endpoint, allowCustomEndpoint: true }, {}).allowCustomEndpoint).toBe(true);
});

test('the time between two runs is a duration of ten seconds or more, and once is once', () => {
  expect([readEvery({}), readEvery({ once: true }), readEvery({ every: '1m' })]).toEqual([null, null, 60_000]);
  for (const every of ['5s', '0m', 'soon']) expect(() => readEvery({ every })).toThrow('no time between two runs');
  expect(() => readEvery({ once: true, every: '1m' })).toThrow('Choose one');
});
