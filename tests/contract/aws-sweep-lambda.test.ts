import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListUserPoliciesCommand } from '@aws-sdk/client-iam';
import {
  CreateAccountAssignmentCommand,
  ListAccountAssignmentsCommand,
  ListInstancesCommand,
  ListPermissionSetsCommand,
} from '@aws-sdk/client-sso-admin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { after } from '../../src/core/time.ts';
import { sweeperTrust } from '../../src/providers/aws/sweep-permissions.ts';
import { assignmentSlot } from '../../src/providers/aws/identity-center-leases.ts';
import { sweeperBundle } from '../../tools/build-sweeper.ts';
import { CENTER, delegatedWorld, LEASES, startSweepWorld, SWEEPER, type SweepWorld } from './aws-sweep-world.ts';
import { hubSession } from './aws-harness.ts';
import { ACCOUNT, EXTERNAL_ID } from './aws-world.ts';

/** The code of the Lambda function as it would be uploaded: one file, in a folder with nothing beside it. */

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'curfew-lambda-'));
  writeFileSync(join(folder, 'index.mjs'), await sweeperBundle());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const template = parse(readFileSync('infra/aws/cloudformation/sweeper.yaml', 'utf8'), { version: '1.1' }) as {
  readonly Parameters: Readonly<Record<string, { readonly Default?: string }>>;
  readonly Resources: {
    readonly Function: {
      readonly Properties: {
        readonly Environment: { readonly Variables: Readonly<Record<string, { 'Fn::Sub': string }>> };
      };
    };
  };
};

/** What CloudFormation puts into the function's environment for these parameters. */
function deployed(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { Variables } = template.Resources.Function.Properties.Environment;
  const valueOf = (_: string, name: string) => {
    const value = parameters[name] ?? template.Parameters[name]?.Default;
    if (value === undefined) throw new Error(`the parameter ${name} has neither a value nor a default`);
    return value;
  };
  const filled = Object.entries(Variables).map(([name, { 'Fn::Sub': text }]) => [
    name,
    text.replace(/\$\{(\w+)\}/g, valueOf),
  ]);
  return Object.fromEntries(filled) as Readonly<Record<string, string>>;
}

/** Calls the handler as Lambda's runtime does: with the settings and the keys in the environment. */
async function invoke(
  world: SweepWorld,
  change: Readonly<Record<string, string>> = {},
  parameters: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = await hubSession(world.url, SWEEPER);
  const env = {
    PATH: process.env['PATH'] ?? '',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: 'eu-west-1',
    ...deployed({
      Keys: world.signer.publicKey,
      PeoplePaths: 'people/',
      Accounts: ACCOUNT,
      Bucket: LEASES,
      ExternalId: EXTERNAL_ID,
      ...parameters,
    }),
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

describe('the function', () => {
  let world: SweepWorld;
  beforeAll(async () => {
    world = await startSweepWorld();
  });
  afterAll(() => world.close());

  test('ends what is overdue, with the environment as its settings, and rejects when it could not', async () => {
    const spec = world.grant(20_000);
    await world.provider.provision(spec, { now: world.now(), signal: AbortSignal.timeout(5_000) });
    await world.pass(35_000);
    const refused = await invoke(world, { CURFEW_SWEEP_ALLOW_CUSTOM_ENDPOINT: '' });
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing allows a custom endpoint') as string,
    });
    const forbidden = await invoke(world, { CURFEW_AWS_EXTERNAL_ID: 'of-somebody-else' });
    expect(forbidden).toMatchObject({ code: 1, stderr: expect.stringContaining('0 alarms and 1 failures') as string });
    const done = await invoke(world, {});
    expect(done.stderr).toBe('');
    expect(JSON.parse(done.stdout)).toMatchObject({ counts: { ended: 1, failures: 0 } });
    const { PolicyNames } = await world.iam.send(new ListUserPoliciesCommand({ UserName: spec.principal }));
    expect(PolicyNames).toEqual(['own']);
  }, 60_000);
});

describe('where another account administers IAM Identity Center, in another region', () => {
  let world: SweepWorld;
  beforeAll(async () => {
    world = await startSweepWorld(delegatedWorld);
  });
  afterAll(() => world.close());

  test('the role there opens to the sweeper of the hub alone, only with the external id', () => {
    const path = 'infra/aws/cloudformation/sweeper-identity-center.yaml';
    const made = parse(readFileSync(path, 'utf8'), { version: '1.1' }) as {
      Parameters: Record<string, { Default?: string }>;
      Resources: { Sweeper: { Condition: string; Properties: Record<string, unknown> } };
    };
    expect(Object.values(made.Parameters).map(({ Default }) => Default)).toEqual(['', '']);
    const { Condition, Properties } = made.Resources.Sweeper;
    expect([Condition, Properties['RoleName'], Properties['Path']]).toEqual([
      'MakesTheRole',
      'curfew-sweeper',
      '/curfew/',
    ]);
    const trust = JSON.stringify(Properties['AssumeRolePolicyDocument'])
      .replaceAll('{"Fn::Sub":"${SweeperRoleArn}"}', JSON.stringify(SWEEPER))
      .replaceAll('{"Fn::Sub":"${ExternalId}"}', JSON.stringify(EXTERNAL_ID));
    expect(JSON.parse(trust)).toEqual(sweeperTrust(SWEEPER, EXTERNAL_ID));
  });

  test('the function that infra/aws makes ends assignments there, once it is told where that is and as whom', async () => {
    const { Instances } = await world.sso.send(new ListInstancesCommand({}));
    const InstanceArn = Instances?.[0]?.InstanceArn ?? '';
    const { PermissionSets } = await world.sso.send(new ListPermissionSetsCommand({ InstanceArn }));
    const PermissionSetArn = PermissionSets?.[0] ?? '';
    const state = (await (await fetch(`${world.url}/_sim/organization`)).json()) as {
      identityCenter: { users: { id: string; userName: string }[] };
    };
    const PrincipalId = state.identityCenter.users.find(({ userName }) => userName === 'ana')?.id ?? '';
    const assigned = async () => {
      const input = { InstanceArn, AccountId: ACCOUNT, PermissionSetArn };
      const { AccountAssignments } = await world.sso.send(new ListAccountAssignmentsCommand(input));
      return (AccountAssignments ?? []).some((one) => one.PrincipalId === PrincipalId);
    };
    const call = { now: world.now(), signal: AbortSignal.timeout(10_000) };
    const place = { instanceArn: InstanceArn, account: ACCOUNT, permissionSetArn: PermissionSetArn };
    await world.leases.hold(assignmentSlot({ ...place, principalId: PrincipalId }), after(world.now(), 1_000), call);
    const target = { TargetId: ACCOUNT, TargetType: 'AWS_ACCOUNT', PrincipalType: 'USER' } as const;
    await world.sso.send(new CreateAccountAssignmentCommand({ InstanceArn, PermissionSetArn, PrincipalId, ...target }));
    await expect.poll(assigned, { timeout: 5_000, interval: 30 }).toBe(true);
    await world.pass(15_000);

    const IdentityCenterRoleArn = `arn:aws:iam::${CENTER}:role/curfew/curfew-sweeper`;
    for (const parameters of [{}, { IdentityCenterRoleArn }, { IdentityCenterRegion: 'eu-central-1' }]) {
      const untold = await invoke(world, {}, parameters);
      expect([untold.code, await assigned()]).toEqual([1, true]);
    }
    const told = await invoke(
      world,
      {},
      {
        IdentityCenterRoleArn,
        IdentityCenterRegion: 'eu-central-1',
      },
    );
    expect([told.code, told.stderr]).toEqual([0, '']);
    expect(JSON.parse(told.stdout)).toMatchObject({ counts: { ended: 1, failures: 0 } });
    expect(await assigned()).toBe(false);
  }, 60_000);
});
