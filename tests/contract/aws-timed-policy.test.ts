import {
  CreateUserCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  GetUserPolicyCommand,
  PutUserPolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { after, instant } from '../../src/core/time.ts';
import { ABANDONED_CALL_MS } from '../../src/providers/aws/capabilities.ts';
import { CLOCK_TOLERANCE_MS } from '../../src/providers/calling.ts';
import type { BindingSpec, CallOptions, Ending } from '../../src/providers/contract.ts';
import { timedHarness, type TimedHarness } from './aws-timed-harness.ts';
import { post } from './aws-harness.ts';

/** What `method: timed-policy` promises beyond the laws that hold for every provider. */
let on: TimedHarness;
let admin: IAMClient;

beforeAll(async () => {
  on = await timedHarness();
  admin = await on.admin();
});
afterEach(async () => {
  await on.heal();
  await post(on.url, 'iam-delay', {});
});
afterAll(() => on.close());

const policyOf = (spec: BindingSpec) => ({ UserName: spec.principal, PolicyName: `curfew-${spec.grant}` });

describe('a document that somebody edited', () => {
  test.each([
    [
      'a later end',
      (text: string) =>
        text.replaceAll(/"DateLessThan":\{"aws:CurrentTime":"\d{4}/g, (all) => all.replace(/\d{4}$/, '2099')),
      true,
    ],
    ['no condition', () => allow('s3:GetObject'), true],
    ['more actions', (text: string) => text.replace('"s3:GetObject"', '"s3:*"'), false],
  ])(
    'with %s is access that is still there after the end, and each rung denies it',
    async (_what, edit, isOfTheEnd) => {
      for (const rung of [0, 1]) {
        const spec = await given();
        const { PolicyDocument } = await admin.send(new GetUserPolicyCommand(policyOf(spec)));
        await put(spec, edit(decodeURIComponent(PolicyDocument ?? '')));
        const ending: Ending = { cause: 'expired', since: spec.endsAt };
        const late = { ...call(), now: after(spec.endsAt, 60_000) };
        const seen = await on.provider.observe(spec, ending, late);
        expect(seen).toMatchObject({ presence: 'present', usable: true, native: { standing: 'edited by somebody' } });
        expect('endIsEdited' in seen).toBe(isOfTheEnd);
        await expect(on.provider.observe(spec, null, call())).resolves.toMatchObject({ usable: false });
        await on.provider.revoke(spec, ending, rung, late);
        // AWS may obey the edit for some seconds yet, so one look proves nothing; and what stands there goes with a tidying after that.
        const gone = { presence: 'absent', proof: 'observed', final: false };
        await expect(on.provider.observe(spec, ending, late)).resolves.toMatchObject(gone);
        expect(await on.use(on.own(spec))).toBe('refused');
        await expect(on.provider.tidy(spec, late)).resolves.toEqual({ removed: false, left: 1 });
        const later = { ...call(), now: after(spec.endsAt, ABANDONED_CALL_MS + CLOCK_TOLERANCE_MS) };
        await expect(on.provider.tidy(spec, later)).resolves.toEqual({ removed: true, left: 0 });
        await expect(on.provider.observe(spec, ending, later)).resolves.toMatchObject(gone);
      }
    },
  );

  test.each([0, 1])(
    'is removed by rung %i where we may delete and not put, and counts as gone a minute later',
    async (rung) => {
      const spec = await given();
      await put(spec, allow('s3:GetObject'));
      await post(on.url, 'faults', [{ service: 'iam', action: 'PutUserPolicy', kind: 'deny', times: 9 }]);
      const ending: Ending = { cause: 'expired', since: spec.endsAt };
      const late = { ...call(), now: after(spec.endsAt, 60_000) };
      await expect(on.provider.revoke(spec, ending, rung, late)).rejects.toMatchObject({
        kind: 'conflict',
        hasWritten: true,
        retryAfterMs: ABANDONED_CALL_MS,
        message: expect.stringMatching(/was removed, and AWS may believe it for some seconds/) as string,
      });
      await post(on.url, 'faults', []);
      await expect(on.provider.observe(spec, ending, late)).resolves.toMatchObject({ presence: 'absent' });
      expect(await on.use(on.own(spec))).toBe('refused');
    },
  );

  test('only by an extension that never arrived has an end that nobody edited', async () => {
    const spec = await given();
    const extended = { ...spec, endsAt: after(spec.endsAt, 600_000) };
    const seen = await on.provider.observe(extended, { cause: 'returned', since: on.now() }, call());
    expect(seen).toMatchObject({ presence: 'present', usable: true });
    expect(seen).not.toHaveProperty('endIsEdited');
  });

  test('says when its own end is, if it has one', async () => {
    const spec = await given();
    const text = allow('s3:GetObject', { DateLessThan: { 'aws:CurrentTime': '2099-01-01T00:00:00Z' } });
    await put(spec, text);
    const seen = await on.provider.observe(spec, { cause: 'revoked', since: on.now() }, call());
    expect(seen).toMatchObject({ native: { itsOwnEnd: '2099-01-01T00:00:00.000Z' } });
  });
});

describe('after the end, nothing under the name', () => {
  const expired = ({ endsAt }: BindingSpec): Ending => ({ cause: 'expired', since: endsAt });
  const at = (spec: BindingSpec, ms: number): CallOptions => ({ ...call(), now: after(spec.endsAt, ms) });
  const seenGone = { presence: 'absent', proof: 'observed', final: false };

  test.each([5_000, 3_600_000])(
    'is no proof by itself %i ms after it: a sweeper may have deleted an edit, which AWS obeys for some seconds yet',
    async (ms) => {
      const spec = await given();
      await put(spec, allow('s3:GetObject'));
      await admin.send(new DeleteUserPolicyCommand(policyOf(spec)));
      const seen = await on.provider.observe(spec, expired(spec), at(spec, ms));
      expect(seen).toMatchObject(seenGone);
      expect(seen).not.toHaveProperty('finalAt');
    },
  );

  test('is over by construction where this process has removed what nobody had edited, and it alone knows that', async () => {
    const spec = await given();
    const late = at(spec, 5_000);
    await expect(on.provider.observe(spec, expired(spec), late)).resolves.toMatchObject({ usable: false });
    await on.provider.revoke(spec, expired(spec), 0, late);
    const over = { presence: 'absent', proof: 'by-construction', final: true };
    await expect(on.provider.observe(spec, expired(spec), late)).resolves.toMatchObject(over);
    await expect(on.with({}).observe(spec, expired(spec), late)).resolves.toMatchObject(seenGone);
  });

  test('is no proof where it was removed before the end, edited or not', async () => {
    const spec = await given();
    await put(spec, allow('s3:GetObject'));
    await on.provider.revoke(spec, { cause: 'returned', since: on.now() }, 0, at(spec, -1_000));
    await expect(on.provider.observe(spec, expired(spec), at(spec, 5_000))).resolves.toMatchObject(seenGone);
  });
});

describe('the identity', () => {
  test('that does not exist gets nothing, and the refusal says what is missing', async () => {
    const spec = on.over({}, { principal: 'nobody' });
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/user\/people\/nobody does not exist/) as string,
    });
  });

  test('of the same name under another path is somebody else, and is never written to', async () => {
    const spec = on.over({}, { principal: 'robot' });
    await expect(on.provider.provision(spec, call())).rejects.toBeInstanceOf(Error);
    await expect(admin.send(new GetUserPolicyCommand(policyOf(spec)))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });

  test('without a permissions boundary of ours is not written to: the broker may not', async () => {
    const spec = on.over({}, { principal: 'kai' });
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
  });

  test('that was deleted has no access left, by the word of its account', async () => {
    const spec = await given();
    await admin.send(new DeleteUserPolicyCommand(policyOf(spec)));
    await admin.send(new DeleteUserPolicyCommand({ UserName: spec.principal, PolicyName: 'own' }));
    await admin.send(new DeleteUserCommand({ UserName: spec.principal }));
    const seen = await on.provider.observe(spec, { cause: 'revoked', since: on.now() }, call());
    expect(seen).toMatchObject({ presence: 'absent', final: false, evidence: { identity: 'does not exist' } });
  });

  test('that was made anew under the same name is said in the evidence, and gets nothing of the old grant', async () => {
    const given_ = await given();
    await admin.send(new DeleteUserPolicyCommand(policyOf(given_)));
    await admin.send(new DeleteUserPolicyCommand({ UserName: given_.principal, PolicyName: 'own' }));
    await admin.send(new DeleteUserCommand({ UserName: given_.principal }));
    await admin.send(new CreateUserCommand({ UserName: given_.principal, Path: '/people/' }));
    // As if the grant had begun a minute before.
    const spec = { ...given_, activatedAt: instant(given_.activatedAt - 60_000) };
    const seen = await on.provider.observe(spec, { cause: 'revoked', since: on.now() }, call());
    expect(seen).toMatchObject({
      presence: 'absent',
      evidence: {
        identityMadeAnewAt: expect.any(String) as string,
        identityId: expect.stringMatching(/^AIDA/) as string,
      },
    });
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/made anew/) as string,
    });
  });

  test('can be a role of the person as well', async () => {
    const spec = on.over({ attachTo: 'role' }, { principal: 'ana' });
    await expect(on.provider.provision(spec, call())).resolves.toMatchObject({ usable: true });
    const ending: Ending = { cause: 'returned', since: on.now() };
    await on.provider.revoke(spec, ending, 0, call());
    await expect(on.provider.observe(spec, ending, call())).resolves.toMatchObject({ presence: 'absent' });
  });
});

describe('room on the identity', () => {
  test('a policy that is too long by itself is refused before any call, with the count', () => {
    const Resource = Array.from({ length: 40 }, (_, index) => `arn:aws:s3:::a-bucket-with-a-long-name-${index}/*`);
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource }] };
    const user = on.provider.plan(on.over({ policy }));
    expect(user).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^The policy has \d{4} characters, \d+ more than the 2048/) as string,
    });
    expect(on.provider.plan(on.over({ policy, attachTo: 'role' }))).toMatchObject({ ok: true });
  });

  test('what stands there already counts, is said with the count, and is not touched', async () => {
    const spec = on.binding(600_000);
    const filler = allow('s3:GetObject').replace('"*"', `"arn:aws:s3:::${'x'.repeat(1_700)}"`);
    await put(spec, filler, 'filler');
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(
        /2048 characters together\. .* have 1\d{3} already, this one has \d+: \d+ too many/,
      ) as string,
    });
    const { PolicyDocument } = await admin.send(
      new GetUserPolicyCommand({ UserName: spec.principal, PolicyName: 'filler' }),
    );
    expect(decodeURIComponent(PolicyDocument ?? '')).toBe(filler);
  });
});

describe('writing', () => {
  test('is usable only when the read-back shows our document', async () => {
    await post(on.url, 'iam-delay', { delayMs: 300, readDelayMs: 5_000 });
    const spec = on.binding(600_000);
    await expect(on.provider.provision(spec, call())).resolves.toMatchObject({ usable: false });
    await post(on.url, 'iam-delay', { delayMs: 0, readDelayMs: 300 });
    await expect(on.provider.provision(on.binding(600_000), call())).resolves.toMatchObject({ usable: true });
  });

  test.each(['throttle', 'unavailable', 'deny'])(
    'that was done is not denied when the read-back is answered with %s',
    async (kind) => {
      const spec = on.binding(600_000);
      await post(on.url, 'faults', [{ service: 'iam', action: 'GetUserPolicy', kind, times: 9 }]);
      // A fault of a read would say that nothing happened, and that the person got nothing.
      await expect(on.provider.provision(spec, call())).resolves.toMatchObject({
        usable: false,
        unseen: expect.stringMatching(/^(throttled|unreachable|forbidden-to-us): /) as string,
      });
      await post(on.url, 'faults', []);
      await expect(on.provider.observe(spec, null, call())).resolves.toMatchObject({ presence: 'present' });
    },
  );

  test.each(['conflict', 'unmodifiable'])('%s is a conflict: observe, then try again', async (kind) => {
    const spec = on.binding(600_000);
    await post(on.url, 'faults', [{ service: 'iam', action: 'PutUserPolicy', kind }]);
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({ kind: 'conflict' });
    await expect(on.provider.provision(spec, call())).resolves.toMatchObject({ usable: true });
  });
});

describe('when it cannot be deleted', () => {
  test('the second rung denies instead, the person keeps what she holds otherwise, and it is proven', async () => {
    const spec = await given();
    const ending: Ending = { cause: 'revoked', since: on.now() };
    await post(on.url, 'faults', [{ service: 'iam', action: 'DeleteUserPolicy', kind: 'deny', times: 9 }]);
    await expect(on.provider.revoke(spec, ending, 0, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    await on.provider.revoke(spec, ending, 1, call());
    expect(await on.use(on.own(spec))).toBe('refused');
    await expect(on.provider.observe(spec, ending, call())).resolves.toMatchObject({
      presence: 'absent',
      evidence: { standing: 'a deny of what it allowed' },
    });
    await post(on.url, 'faults', []);
    // What it left is litter once its own end has passed, and goes with the next tidying.
    await expect(on.provider.tidy(spec, call())).resolves.toEqual({ removed: false, left: 1 });
    const late = { ...call(), now: after(spec.endsAt, ABANDONED_CALL_MS + CLOCK_TOLERANCE_MS) };
    await expect(on.provider.tidy(spec, late)).resolves.toEqual({ removed: true, left: 0 });
  });

  test('the second rung puts nothing where nothing stands', async () => {
    const spec = on.binding(600_000);
    await on.provider.revoke(spec, { cause: 'revoked', since: on.now() }, 1, call());
    await expect(admin.send(new GetUserPolicyCommand(policyOf(spec)))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });
});

describe('doctor', () => {
  const examine = (spec: BindingSpec) =>
    on.provider
      .doctor([{ target: spec.target, roles: [spec.role] }], call())
      .then((all) => all.filter(({ ok }) => !ok));

  test('finds nothing to mend where everything is there', async () => {
    expect(await examine(on.over({}))).toEqual([]);
    expect(await examine(on.over({ attachTo: 'role' }))).toEqual([]);
  });

  test('says how somebody gets an identity where nobody has one', async () => {
    expect(await examine(on.over({ path: 'guests/' }))).toEqual([
      expect.objectContaining({
        message: 'Nobody has an IAM user under guests/ in aws/prod, so nobody can be given a timed policy there.',
        fix: expect.stringMatching(/^aws iam create-user --path \/guests\/ .*curfew-people-boundary$/) as string,
      }),
    ]);
  });

  test.each(['GetUser', 'ListUsers', 'ListUserPolicies', 'GetUserPolicy', 'PutUserPolicy', 'DeleteUserPolicy'])(
    'names %s when it is not allowed, with the command that allows it',
    async (action) => {
      await post(on.url, 'faults', [{ service: 'iam', action, kind: 'deny' }]);
      expect(await examine(on.over({}))).toEqual([
        expect.objectContaining({
          message: expect.stringMatching(/AccessDenied/) as string,
          fix: expect.stringMatching(
            new RegExp(`^aws iam put-role-policy --role-name curfew-provisioner .*iam:${action}`),
          ) as string,
        }),
      ]);
    },
  );
});

/** A grant whose policy stands on its person. */
async function given(): Promise<BindingSpec> {
  const spec = on.binding(600_000);
  await on.provider.provision(spec, call());
  return spec;
}

function allow(Action: string, Condition?: object): string {
  const statement = { Effect: 'Allow', Action, Resource: '*', ...(Condition === undefined ? {} : { Condition }) };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

async function put(spec: BindingSpec, PolicyDocument: string, PolicyName = `curfew-${spec.grant}`): Promise<void> {
  await admin.send(new PutUserPolicyCommand({ UserName: spec.principal, PolicyName, PolicyDocument }));
}

function call(): CallOptions {
  return { now: on.now(), signal: AbortSignal.timeout(5_000) };
}
