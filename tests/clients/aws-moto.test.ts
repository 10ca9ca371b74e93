import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { CreateRoleCommand, GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { after } from '../../src/core/time.ts';
import { createAwsProvider, type AwsProvider } from '../../src/providers/aws/index.ts';
import { account, binding } from '../contract/aws-fixtures.ts';
import { freePorts } from '../free-ports.ts';
import type { BindingSpec, CallOptions } from '../../src/providers/contract.ts';

/**
 * The AWS provider against moto, an implementation of AWS's wire protocols that shares nothing with ours. Moto believes every
 * caller and every document, so this proves the protocol (requests that are understood, answers that are read), not the refusals.
 */
const present = spawnSync('moto_server', ['--help']).status === 0;
if (!present) console.warn('SKIPPED aws-moto: moto_server is not on the PATH (pip install "moto[server]")');

/** Whom moto takes unknown keys to belong to. */
const MOTO_ACCOUNT = '123456789012';
const anybody = { accessKeyId: 'ASIAMOTOMOTOMOTOMOTO', secretAccessKey: 'moto', sessionToken: 'moto' };

describe.skipIf(!present)('moto (skipped where moto_server is not on the PATH)', () => {
  let moto: ChildProcess;
  let endpoint: string;
  let iam: IAMClient;
  let provider: AwsProvider;

  beforeAll(async () => {
    const port = await freePorts(1);
    endpoint = `http://127.0.0.1:${port}`;
    moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    await answers(endpoint);
    iam = new IAMClient({ region: 'us-east-1', endpoint, credentials: anybody });
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] }],
    });
    await iam.send(new CreateRoleCommand({ RoleName: 'invoice-reader', Path: '/curfew/', AssumeRolePolicyDocument }));
    provider = createAwsProvider({
      region: 'eu-west-1',
      externalId: 'acme-curfew',
      clock: systemClock,
      identity: async () => anybody,
      endpoint,
      allowCustomEndpoint: true,
      requestTimeoutMs: 10_000,
    });
  });

  afterAll(async () => {
    if (moto.exitCode === null) {
      moto.kill('SIGKILL');
      await once(moto, 'exit');
    }
  });

  test('issues a credential that moto takes for a session of the role, named after the grant', async () => {
    const spec = fresh();
    const issued = await provider.issueCredential(spec, call());
    expect(issued.usableUntil).toBe(Math.floor(spec.endsAt / 1_000) * 1_000);
    const credentials = { ...issued.secret };
    const sts = new STSClient({ region: 'eu-west-1', endpoint, credentials });
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
    expect(Arn).toMatch(new RegExp(`assumed-role/invoice-reader/ana@${spec.grant}$`));
  });

  test('writes the early end of a grant where it can be read back, and keeps what else stands there', async () => {
    const [one, two] = [fresh(), fresh()];
    await end(one);
    await end(two);
    const { PolicyDocument } = await iam.send(
      new GetRolePolicyCommand({ RoleName: 'invoice-reader', PolicyName: 'CurfewRevocations' }),
    );
    const text = decodeURIComponent(PolicyDocument ?? '');
    expect(text).toContain(one.grant);
    expect(text).toContain(two.grant);
    for (const spec of [one, two]) {
      const seen = await provider.observe(spec, { cause: 'revoked', since: systemClock.now() }, call());
      expect(seen).toMatchObject({ presence: 'absent', proof: 'observed', final: false });
    }
  });

  test('removes the policy when the last entry has expired', async () => {
    await end(fresh());
    const later = after(systemClock.now(), 7_200_000);
    await expect(provider.tidy(fresh(), call(later))).resolves.toEqual({ removed: true, left: 0 });
    const gone = iam.send(new GetRolePolicyCommand({ RoleName: 'invoice-reader', PolicyName: 'CurfewRevocations' }));
    await expect(gone).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  });

  test('says that a role is gone, and does not take it for an ended session', async () => {
    const spec = fresh();
    const elsewhere: BindingSpec = { ...spec, target: { ...spec.target, native: '111122223333' } };
    const ending = { cause: 'revoked' as const, since: systemClock.now() };
    await expect(provider.observe(elsewhere, ending, call())).rejects.toMatchObject({ kind: 'target-gone' });
  });

  test('keeps what somebody else wrote into the document, even under our names, and denies beside it', async () => {
    const foreign = { Sid: 'CurfewUntil20261121T1500Z', Effect: 'Allow', Action: 's3:*', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [foreign] });
    const names = { RoleName: 'invoice-reader', PolicyName: 'CurfewRevocations' };
    await iam.send(new PutRolePolicyCommand({ ...names, PolicyDocument }));
    await end(fresh());
    const { PolicyDocument: kept } = await iam.send(new GetRolePolicyCommand(names));
    const { Statement } = JSON.parse(decodeURIComponent(kept ?? '')) as { Statement: readonly object[] };
    expect(Statement).toContainEqual(foreign);
    expect(Statement).toContainEqual(expect.objectContaining({ Effect: 'Deny' }));
  });

  async function end(spec: BindingSpec): Promise<void> {
    await provider.revoke(spec, { cause: 'returned', since: systemClock.now() }, 0, call());
  }
});

function fresh(): BindingSpec {
  const now = systemClock.now();
  const target = { ...account, native: MOTO_ACCOUNT };
  return binding({ target, grant: newId(systemRandom, 'grt'), activatedAt: now, endsAt: after(now, 600_000) });
}

function call(now = systemClock.now()): CallOptions {
  return { now, signal: AbortSignal.timeout(20_000) };
}

/** Moto is a Python program and takes some seconds to start. */
async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const response = await fetch(url).catch(() => null);
    if (response !== null) return;
    await systemClock.sleep(100);
  }
  throw new Error('moto_server did not answer');
}
