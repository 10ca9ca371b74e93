import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAwsSimulator, type AwsSimulator } from '../../simulators/aws/server.ts';
import { hubSession } from '../contract/aws-harness.ts';
import { ACCOUNT, contractWorld, person } from '../contract/aws-world.ts';
import type { Outcome } from './aws-identity-center-cloud.ts';
import { hasAws } from './has-aws.ts';

/** The calls of IAM that Curfew makes, each by the real `aws` command: an administrator does by hand what the broker does. */
const ROLE = ['--role-name', 'invoice-reader'];
const USER = ['--user-name', person(0).name];
const NAME = ['--policy-name', 'by-hand'];
const DOCUMENT = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringEquals: { 'aws:SourceIdentity': 'x' } } },
  ],
};

let home: string;
let simulator: AwsSimulator;
let env: Record<string, string>;

function aws(...words: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile('aws', ['iam', ...words], { env, encoding: 'utf8', timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 255), stdout, stderr });
    });
  });
}

async function said(...words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await aws(...words);
  if (code !== 0) throw new Error(stderr);
  return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'curfew-iam-'));
  simulator = await startAwsSimulator({ port: 0, world: contractWorld });
  const {
    accessKeyId,
    secretAccessKey,
    sessionToken = '',
  } = await hubSession(simulator.url, `arn:aws:iam::${ACCOUNT}:role/deployer`);
  env = {
    HOME: home,
    PATH: process.env['PATH'] ?? '',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_ENDPOINT_URL: simulator.url,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  };
  writeFileSync(join(home, 'document.json'), JSON.stringify(DOCUMENT));
});

afterAll(async () => {
  await simulator.close();
  rmSync(home, { recursive: true, force: true });
});

describe.skipIf(!hasAws())('IAM and the real aws command (skipped where aws is not on the PATH)', () => {
  test.each([
    ['role', ROLE],
    ['user', USER],
  ])(
    'puts, reads, lists and removes an inline policy of a %s',
    async (kind, who) => {
      const file = ['--policy-document', `file://${join(home, 'document.json')}`];
      await said(`put-${kind}-policy`, ...who, ...NAME, ...file);
      expect(await said(`get-${kind}-policy`, ...who, ...NAME)).toMatchObject({ PolicyDocument: DOCUMENT });
      expect(await said(`list-${kind}-policies`, ...who)).toMatchObject({
        PolicyNames: expect.arrayContaining(['by-hand']) as unknown,
      });
      await said(`delete-${kind}-policy`, ...who, ...NAME);
      expect((await aws(`get-${kind}-policy`, ...who, ...NAME)).stderr).toContain('NoSuchEntity');
      expect((await aws(`delete-${kind}-policy`, ...who, ...NAME)).stderr).toContain('NoSuchEntity');
    },
    60_000,
  );

  test('says who a role and a user are, and how long sessions of the role may last', async () => {
    expect(await said('get-role', ...ROLE)).toMatchObject({
      Role: { Path: '/curfew/', MaxSessionDuration: expect.any(Number) as number },
    });
    expect(await said('get-user', ...USER)).toMatchObject({ User: { UserName: person(0).name } });
  }, 60_000);

  test('is told in the words of IAM what is no policy, and what is too long', async () => {
    const put = (text: string) => aws('put-role-policy', ...ROLE, ...NAME, '--policy-document', text);
    expect((await put('{"Statement":')).stderr).toContain('MalformedPolicyDocument');
    const Resource = Array.from({ length: 500 }, (_, n) => `arn:aws:s3:::bucket-of-invoices-number-${n}`);
    const long = { ...DOCUMENT, Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource }] };
    expect((await put(JSON.stringify(long))).stderr).toContain('LimitExceeded');
  }, 60_000);
});
