import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListUserPoliciesCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweeperBundle } from '../../tools/build-sweeper.ts';
import { LEASES, startSweepWorld, SWEEPER, type SweepWorld } from './aws-sweep-world.ts';
import { hubSession } from './aws-harness.ts';
import { ACCOUNT, EXTERNAL_ID } from './aws-world.ts';

/** The code of the Lambda function as it would be uploaded: one file, in a folder with nothing beside it. */

let world: SweepWorld;
let folder: string;
beforeAll(async () => {
  world = await startSweepWorld();
  folder = mkdtempSync(join(tmpdir(), 'curfew-lambda-'));
  writeFileSync(join(folder, 'index.mjs'), await sweeperBundle());
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Calls the handler as Lambda's runtime does: with the settings and the keys in the environment. */
async function invoke(change: Record<string, string>): Promise<{ code: number; stdout: string; stderr: string }> {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = await hubSession(world.url, SWEEPER);
  const env = {
    PATH: process.env['PATH'] ?? '',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: 'eu-west-1',
    CURFEW_SWEEP_KEYS: world.signer.publicKey,
    CURFEW_SWEEP_PATHS: 'people/',
    CURFEW_SWEEP_ACCOUNTS: ACCOUNT,
    CURFEW_SWEEP_BUCKET: LEASES,
    CURFEW_AWS_EXTERNAL_ID: EXTERNAL_ID,
    CURFEW_SWEEP_ENDPOINT: world.url,
    CURFEW_SWEEP_ALLOW_CUSTOM_ENDPOINT: 'yes',
    ...change,
  };
  const program = "await (await import('./index.mjs')).handler()";
  return new Promise((resolve) => {
    const options = { cwd: folder, env, encoding: 'utf8' as const, timeout: 20_000 };
    execFile(process.execPath, ['--input-type=module', '-e', program], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ code, stdout, stderr });
    });
  });
}

test('ends what is overdue, with the environment as its settings, and rejects when it could not', async () => {
  const spec = world.grant(20_000);
  await world.provider.provision(spec, { now: world.now(), signal: AbortSignal.timeout(5_000) });
  await world.pass(35_000);
  const refused = await invoke({ CURFEW_SWEEP_ALLOW_CUSTOM_ENDPOINT: '' });
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nothing allows a custom endpoint') as string,
  });
  const forbidden = await invoke({ CURFEW_AWS_EXTERNAL_ID: 'of-somebody-else' });
  expect(forbidden).toMatchObject({ code: 1, stderr: expect.stringContaining('0 alarms and 1 failures') as string });
  const done = await invoke({});
  expect(done.stderr).toBe('');
  expect(JSON.parse(done.stdout)).toMatchObject({ counts: { ended: 1, failures: 0 } });
  const { PolicyNames } = await world.iam.send(new ListUserPoliciesCommand({ UserName: spec.principal }));
  expect(PolicyNames).toEqual(['own']);
}, 60_000);
