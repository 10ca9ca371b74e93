import { randomBytes } from 'node:crypto';
import {
  GetRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import type { Role } from '../../src/core/role.ts';
import { after } from '../../src/core/time.ts';
import type { BindingSpec, CallOptions, Ending } from '../../src/providers/contract.ts';
import { NO_REVOCATIONS, printRevocations, withEntry } from '../../src/providers/aws/revocations.ts';
import { grantRole } from './aws-fixtures.ts';
import { awsHarness, hubSession, type AwsHarness } from './aws-harness.ts';
import { ACCOUNT, contractWorld } from './aws-world.ts';

/** What `method: assume-role` promises beyond the laws that hold for every provider. */
let on: AwsHarness;
let admin: IAMClient;

beforeAll(async () => {
  on = await awsHarness({ iamDelayMs: 300 });
});
beforeEach(async () => {
  const credentials = await hubSession(on.url, `arn:aws:iam::${ACCOUNT}:role/deployer`);
  admin = new IAMClient({ region: 'us-east-1', endpoint: on.url, credentials: { ...credentials } });
});
afterAll(() => on.close());

describe('a credential', () => {
  test('of a grant with less than 15 minutes left lasts longer in AWS, and is due at the end of the grant', async () => {
    const spec = on.binding(60_000);
    const { facts, usableUntil } = await on.provider.issueCredential(spec, call());
    expect(facts.expiresAt - facts.issuedAt).toBe(900_000);
    expect(usableUntil).toBe(Math.floor(spec.endsAt / 1_000) * 1_000);
  });

  test('of a long grant lasts one hour, which is all that AWS gives to a session of a session', async () => {
    const { facts, usableUntil } = await on.provider.issueCredential(on.binding(8 * 3_600_000), call());
    expect(facts.expiresAt - facts.issuedAt).toBe(3_600_000);
    expect(usableUntil).toBe(facts.expiresAt);
  });

  test('names the hash of the very policy that was planned', async () => {
    const spec = on.binding(600_000);
    const plan = on.provider.plan(spec);
    const { facts } = await on.provider.issueCredential(spec, call());
    expect(plan).toMatchObject({ ok: true, policyHash: facts.policyHash });
  });

  test('whose session policy AWS cannot pack is refused for good, in AWS’s words, and nothing was given', async () => {
    // Short enough to be sent, and too varied to be packed.
    const Resource = `arn:aws:s3:::${randomBytes(780).toString('base64url')}`;
    const sessionPolicy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource }],
    };
    const spec = { ...on.binding(600_000), role: grantRole({ sessionPolicy }) };
    expect(on.provider.plan(spec)).toMatchObject({ ok: true });
    const fault = { kind: 'invalid', message: expect.stringMatching(/PackedPolicyTooLarge.*%/) as string };
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({ ...fault, hasWritten: false });
    await expect(on.provider.issueCredential(spec, call())).rejects.toMatchObject(fault);
  });

  test('opens the console without a duration of its own', async () => {
    const issued = await on.provider.issueCredential(on.binding(600_000), call());
    const url = await on.provider.consoleUrl(issued, call());
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('invoice-reader');
    for (const secret of [issued.secret.secretAccessKey, issued.secret.sessionToken]) expect(url).not.toContain(secret);
  });
});

describe('the revocation policy', () => {
  test('keeps what somebody else wrote into it, and says that it is there', async () => {
    const foreign = { Sid: 'Theirs', Effect: 'Deny', Action: 's3:DeleteBucket', Resource: '*' };
    await put({ Version: '2012-10-17', Statement: [foreign] });
    const spec = on.binding(600_000);
    const ending = await end(spec);
    expect((await stored()).Statement).toContainEqual(foreign);
    expect(await on.provider.observe(spec, ending, call())).toMatchObject({ evidence: { foreignStatements: 1 } });
    await put({ Version: '2012-10-17', Statement: [denyOf(spec.grant)] });
  });

  test('takes early ends whatever somebody else wrote into it, even under our names', async () => {
    const spec = on.binding(600_000);
    const issued = await issue(spec);
    // The very Sid that the entry of this grant would get, in a document without a version.
    const [ours] = JSON.parse(printRevocations(withEntry(NO_REVOCATIONS, spec.grant, spec.endsAt)) ?? '{}')
      .Statement as { Sid: string }[];
    const mangled = { ...denyOf('grt_x' as GrantId), Sid: ours?.Sid, Action: 's3:DeleteBucket' };
    const note = { Sid: 'CurfewNote', Effect: 'Deny', Action: 's3:DeleteBucket', Resource: '*' };
    await put({ Statement: [mangled, note] });
    const ending = await end(spec);
    expect((await stored()).Statement).toEqual(expect.arrayContaining([mangled, note]));
    expect(await on.provider.observe(spec, ending, call())).toMatchObject({
      presence: 'absent',
      evidence: { foreignStatements: 2 },
    });
    await pause(600);
    expect(await on.use(issued)).toBe('refused');
    await put({ Version: '2012-10-17', Statement: [denyOf('grt_x' as GrantId)] });
  });

  test('denies what else is being ended there too, which a call that was given up may have put away', async () => {
    const [first, second] = [on.binding(600_000), on.binding(600_000)];
    const since = on.now();
    const restored: GrantId[] = [];
    const alongside = {
      ending: async () => [{ grant: first.grant, endsAt: first.endsAt, since }],
      restores: async (grants: readonly GrantId[]) => void restored.push(...grants),
      removes: async () => {},
    };
    await put({ Version: '2012-10-17', Statement: [denyOf('grt_x' as GrantId)] });
    await on.provider.revoke(second, { cause: 'revoked', since }, 0, { ...call(), alongside });
    expect(await on.provider.observe(first, { cause: 'revoked', since }, call())).toMatchObject({ presence: 'absent' });
    await put({
      Version: '2012-10-17',
      Statement: [{ ...denyOf('grt_old' as GrantId), Sid: 'CurfewUntil20200101T0000Z' }],
    });
    await on.provider.tidy(second, { ...call(), alongside });
    expect(await on.provider.observe(first, { cause: 'revoked', since }, call())).toMatchObject({ presence: 'absent' });
    expect(restored).toEqual([first.grant, first.grant]);
    // What a cut denies needs no entry: adding it would bring on the next cut.
    const cut = {
      DateLessThan: { 'aws:TokenIssueTime': new Date(on.now() + 20_000).toISOString().slice(0, 19) + 'Z' },
    };
    const { Sid: _, ...one } = denyOf('grt_x' as GrantId);
    await put({ Version: '2012-10-17', Statement: [{ Sid: 'CurfewCutUntil20990101T0000Z', ...one, Condition: cut }] });
    await on.provider.revoke(second, { cause: 'revoked', since }, 0, { ...call(), alongside });
    expect(JSON.stringify(await stored())).toContain(second.grant);
    expect(JSON.stringify(await stored())).not.toContain(first.grant);
    await put({ Version: '2012-10-17', Statement: [denyOf('grt_x' as GrantId)] });
  });

  test('loses expired entries at the next write, and at tidy', async () => {
    await put({
      Version: '2012-10-17',
      Statement: [{ ...denyOf('grt_old' as GrantId), Sid: 'CurfewUntil20200101T0000Z' }],
    });
    const spec = on.binding(600_000);
    await end(spec);
    const text = JSON.stringify(await stored());
    expect(text).toContain(spec.grant);
    expect(text).not.toContain('grt_old');
    await expect(on.provider.tidy(spec, call())).resolves.toEqual({ removed: false, left: 1 });
    const tomorrow = { ...call(), now: after(on.now(), 86_400_000) };
    await expect(on.provider.tidy(spec, tomorrow)).resolves.toEqual({ removed: true, left: 0 });
    await expect(stored()).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  });

  test('collapses into one cut at 70 % of the limit: old sessions are dead, new ones of live grants work', async () => {
    const [live, gone] = [on.binding(600_000), on.binding(600_000)];
    const [before, revoked] = [await issue(live), await issue(gone)];
    const many = Array.from({ length: 262 }, (_, index) => `grt_${String(index).padStart(20, 'a')}`);
    const Condition = { StringEquals: { 'aws:SourceIdentity': many } };
    await put({ Version: '2012-10-17', Statement: [{ ...denyOf('grt_x' as GrantId), Condition }] });
    const ending = await end(gone);
    expect(JSON.stringify(await stored()).length).toBeLessThan(500);
    const cutsBefore = on.cuts.length;
    await on.provider.observe(gone, ending, call());
    expect(on.cuts.slice(cutsBefore)).toEqual([
      { account: ACCOUNT, role: 'curfew/invoice-reader', at: expect.any(Number) as number },
    ]);
    await pause(1_400);
    expect(await on.use(before)).toBe('refused');
    expect(await on.use(revoked)).toBe('refused');
    expect(await on.use(await issue(live))).toBe('allowed');
    expect(await on.use(await issue(gone))).toBe('refused');
  });

  test("collapses as well when the role's other policies leave it no room", async () => {
    const filler = { Effect: 'Deny', Action: 's3:DeleteBucket', Resource: `arn:aws:s3:::${'x'.repeat(8_000)}` };
    await put({ Version: '2012-10-17', Statement: [filler] }, 'filler');
    const many = Array.from({ length: 60 }, (_, index) => `grt_${String(index).padStart(20, 'b')}`);
    const Condition = { StringEquals: { 'aws:SourceIdentity': many } };
    await put({ Version: '2012-10-17', Statement: [{ ...denyOf('grt_x' as GrantId), Condition }] });
    const specs = Array.from({ length: 12 }, () => on.binding(600_000));
    const cutsBefore = on.cuts.length;
    for (const spec of specs) {
      const ending = await end(spec);
      expect(await on.provider.observe(spec, ending, call())).toMatchObject({ presence: 'absent' });
    }
    expect(new Set(on.cuts.slice(cutsBefore).map(({ at }) => at)).size).toBe(1);
    await put({ Version: '2012-10-17', Statement: [{ ...filler, Resource: '*' }] }, 'filler');
  });

  test('a cut whose answer was lost is reported by whoever looks, and nothing is gone before that has been kept', async () => {
    const gone = on.binding(600_000);
    const kept: number[] = [];
    const provider = on.with({ onCut: async ({ at }) => void kept.push(at) });
    const ending: Ending = { cause: 'revoked', since: on.now() };
    await on.inject({ operation: 'revoke', name: 'PutRolePolicy', writes: true }, 'drop-after');
    await expect(provider.revoke(gone, ending, 1, call())).rejects.toMatchObject({ kind: 'unknown-outcome' });
    const forgetful = on.with({ onCut: () => Promise.reject(new Error('no space left on device')) });
    await expect(forgetful.observe(gone, ending, call())).rejects.toThrow('no space left on device');
    // Taking away waits for no record.
    await forgetful.revoke(gone, ending, 1, call());
    expect(kept).toEqual([]);
    await expect(provider.observe(gone, ending, call())).resolves.toMatchObject({ presence: 'absent' });
    expect(kept).toHaveLength(1);
    // Sessions of the next tests must not be of the second that was cut.
    await pause(1_100);
  });

  test('cuts a saved credential within the promised time although IAM is eventually consistent', async () => {
    const spec = on.binding(600_000);
    const issued = await issue(spec);
    await end(spec);
    expect(await on.use(issued)).toBe('allowed');
    await pause(600);
    expect(await on.use(issued)).toBe('refused');
  });
});

test("by AWS's clock, not ours, a grant is over: while AWS may be behind, its end is not final", async () => {
  // AWS says whole seconds, so that its clock can look one more behind: together still what is tolerated.
  await on.skewClock(-3_500);
  await on.heal();
  // Another role than above: to this clock the cuts there lie in the future.
  const spec = { ...on.binding(2_000), role: grantRole({ role: 'curfew/invoice-publisher' }) };
  const issued = await issue(spec);
  await pause(2_100);
  const ending: Ending = { cause: 'expired', since: spec.endsAt };
  expect(await on.use(issued)).toBe('allowed');
  const seen = await on.provider.observe(spec, ending, call());
  expect(seen).toMatchObject({ presence: 'absent', final: false, finalAt: after(spec.endsAt, 5_000) });
  await on.skewClock(0);
  expect(await on.use(issued)).toBe('refused');
});

describe('doctor', () => {
  test('finds nothing to mend in a world that was made from the permissions, and leaves nothing behind', async () => {
    const before = await on.bystanders();
    const findings = await examine();
    expect(findings.filter((one) => !one.ok)).toEqual([]);
    expect(findings.length).toBeGreaterThan(4);
    expect(await on.bystanders()).toEqual(before);
  });

  test('names a trust policy that lacks the session tag, with the command that mends it', async () => {
    const trust = structuredClone(contractWorld.accounts[1]?.roles[0]?.trustPolicy) as {
      Statement: { Action: unknown }[];
    };
    const [, second] = trust.Statement;
    if (second !== undefined) second.Action = 'sts:SetSourceIdentity';
    await setTrust(trust);
    const findings = (await examine()).filter((one) => !one.ok);
    expect(findings.map((one) => one.message)).toEqual([
      'The trust policy of curfew/invoice-reader does not allow sts:TagSession.',
      expect.stringMatching(/AccessDenied/) as string,
    ]);
    const fix = /^aws iam update-assume-role-policy --role-name invoice-reader --policy-document '(.*)'$/.exec(
      findings[0]?.fix ?? '',
    );
    await setTrust(JSON.parse(fix?.[1] ?? '{}'));
    expect((await examine()).filter((one) => !one.ok)).toEqual([]);
  });

  test('names a role of the catalogue that nobody made, with the command that makes it', async () => {
    const findings = await examine(grantRole({ role: 'curfew/never-made' }));
    expect(findings.filter((one) => !one.ok)).toEqual([
      expect.objectContaining({
        message: 'The role curfew/never-made does not exist, or curfew/curfew-provisioner may not read it.',
        fix: expect.stringMatching(/^aws iam create-role --path \/curfew\/ --role-name never-made /) as string,
      }),
    ]);
  });

  test('says which account cannot be entered, and how to prepare it', async () => {
    const target = { ...on.binding(1).target, key: 'aws/new', native: '000000000001' };
    const findings = await on.provider.doctor([{ target, roles: [] }], call());
    expect(findings).toContainEqual(
      expect.objectContaining({
        target: 'aws/new',
        ok: false,
        fix: expect.stringMatching(/create-role .*curfew-provisioner/) as string,
      }),
    );
  });
});

test('a role that is gone, or that we may not see, is no proof that its sessions are dead', async () => {
  const gone: BindingSpec = on.binding(600_000);
  const aws = gone.role.aws;
  if (aws === null) throw new Error('no definition');
  const spec = { ...gone, role: { ...gone.role, aws: { ...aws, role: 'curfew/never-made' } } };
  await expect(on.provider.observe(spec, { cause: 'revoked', since: on.now() }, call())).rejects.toMatchObject({
    kind: 'forbidden-to-us',
  });
});

function examine(role?: Role) {
  const { target, role: usual } = on.binding(1);
  return on.provider.doctor([{ target, roles: [role ?? usual] }], call());
}

function call(): CallOptions {
  return { now: on.now(), signal: AbortSignal.timeout(5_000) };
}

function issue(spec: BindingSpec) {
  return on.provider.issueCredential(spec, call());
}

async function end(spec: BindingSpec): Promise<Ending> {
  const ending: Ending = { cause: 'revoked', since: on.now() };
  await on.provider.revoke(spec, ending, 0, call());
  return ending;
}

/** An entry as Curfew writes it, valid for a day. */
function denyOf(grant: GrantId) {
  const until = new Date(Math.ceil((on.now() + 86_400_000) / 3_600_000) * 3_600_000).toISOString();
  return {
    Sid: `CurfewUntil${until.slice(0, 13).replace(/-/g, '')}00Z`,
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: { StringEquals: { 'aws:SourceIdentity': [grant as string] } },
  };
}

async function put(document: unknown, PolicyName = 'CurfewRevocations'): Promise<void> {
  const PolicyDocument = JSON.stringify(document);
  await admin.send(new PutRolePolicyCommand({ RoleName: 'invoice-reader', PolicyName, PolicyDocument }));
}

async function stored(): Promise<{ readonly Statement: readonly object[] }> {
  const names = { RoleName: 'invoice-reader', PolicyName: 'CurfewRevocations' };
  const { PolicyDocument } = await admin.send(new GetRolePolicyCommand(names));
  return JSON.parse(decodeURIComponent(PolicyDocument ?? '')) as { Statement: object[] };
}

async function setTrust(document: unknown): Promise<void> {
  const PolicyDocument = JSON.stringify(document);
  await admin.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'invoice-reader', PolicyDocument }));
  await pause(400);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
