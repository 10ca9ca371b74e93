import { describe, expect, test } from 'vitest';
import { after } from '../../core/time.ts';
import { systemClock } from '../../platform/clock.ts';
import { binding, grantRole } from '../../../tests/contract/aws-fixtures.ts';
import { ASSUME_ROLE } from './capabilities.ts';
import { createAwsProvider } from './provider.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';

/** A provider that fails the test when it calls anything. */
function offline() {
  return createAwsProvider({
    region: 'eu-west-1',
    externalId: 'acme-curfew',
    clock: systemClock,
    identity: async () => {
      throw new Error('called the cloud');
    },
  });
}

const call = { now: binding().activatedAt, signal: new AbortController().signal };

describe('plan', () => {
  test('says in words what will happen, with the length of the policy', () => {
    expect(offline().plan(binding())).toEqual({
      ok: true,
      words:
        'AssumeRole curfew/invoice-reader in 444455556666 as ana@grt_abcdefghijklmnopqrst, until 2026-11-21T14:30:00Z; ' +
        'session policy 602 of 2048 characters',
      policyHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  test('names what a role declares that no end reaches', () => {
    const plan = offline().plan(binding({ role: grantRole({ allows: ['role-chaining', 'pass-role'] }) }));
    expect(plan).toMatchObject({
      ok: true,
      words: expect.stringMatching(/role-chaining, pass-role: what comes of that is not ended$/) as string,
    });
  });

  test('refuses an over-long session policy with the count, before anybody calls AWS', async () => {
    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::a/${'x'.repeat(2_000)}` };
    const role = grantRole({ sessionPolicy: { Version: '2012-10-17', Statement: [statement] } });
    const plan = offline().plan(binding({ role }));
    expect(plan).toMatchObject({ ok: false, message: expect.stringMatching(/has 2\d{3} characters/) as string });
    await expect(offline().provision(binding({ role }), call)).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('what survives', () => {
  test('is bounded by the two clocks for a role that may make nothing that outlives it', () => {
    expect(offline().residual(binding())).toEqual(ASSUME_ROLE.residual);
    expect(ASSUME_ROLE.residual.maxMs).toBe(CLOCK_TOLERANCE_MS);
  });

  test.each([
    ['role-chaining', /Sessions of other roles/],
    ['pass-role', /under other roles/],
    ['create-keys', /Keys, passwords and tokens/],
  ] as const)(
    'has no bound for a role that declares %s, and the receipt says that this is not covered',
    async (ability, words) => {
      const role = grantRole({ allows: [ability] });
      const residual = offline().residual(binding({ role }));
      expect(residual).toEqual({ maxMs: null, words: expect.stringMatching(words) as string });
      const now = after(binding().endsAt, CLOCK_TOLERANCE_MS);
      const seen = await offline().observe(binding({ role }), { cause: 'expired', since: now }, { ...call, now });
      expect(seen).toMatchObject({ final: true, evidence: { notCovered: ability } });
    },
  );
});

describe('after the end', () => {
  const late = { ...call, now: binding().endsAt };
  const surely = { ...call, now: after(binding().endsAt, CLOCK_TOLERANCE_MS) };

  test('access is gone by construction, without asking AWS, once its clock cannot be before the end any more', async () => {
    const planned = offline().plan(binding());
    const ending = { cause: 'expired', since: late.now } as const;
    for (const now of [late.now, after(surely.now, -1)]) {
      const seen = await offline().observe(binding(), ending, { ...call, now });
      expect(seen).toMatchObject({ presence: 'absent', final: false, finalAt: surely.now });
    }
    const seen = await offline().observe(binding(), ending, surely);
    expect(seen).toMatchObject({
      presence: 'absent',
      proof: 'by-construction',
      final: true,
      evidence: { endsAt: '2026-11-21T14:30:00Z', policyHash: planned.ok ? planned.policyHash : '' },
    });
  });

  test('one millisecond before it, it is not', async () => {
    const early = { ...call, now: after(binding().endsAt, -1) };
    await expect(offline().observe(binding(), null, early)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('nothing is issued any more', async () => {
    await expect(offline().issueCredential(binding(), late)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(offline().provision(binding(), late)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('revoking needs no call', async () => {
    await expect(offline().revoke(binding(), { cause: 'expired', since: late.now }, 1, late)).resolves.toBeUndefined();
    await expect(offline().revoke(binding(), { cause: 'revoked', since: call.now }, 0, late)).resolves.toBeUndefined();
  });
});

test('early ends of one role share one lock, and two roles do not; a session is a thing of its own', () => {
  const provider = offline();
  const lock = provider.exclusive(binding(), 'end-early');
  expect(lock).not.toBeNull();
  expect(provider.exclusive(binding({ principal: 'bo' }), 'end-early')).toBe(lock);
  expect(provider.exclusive(binding(), 'tidy')).toBe(lock);
  const publisher = binding({ role: grantRole({ role: 'curfew/invoice-publisher' }) });
  expect(provider.exclusive(publisher, 'end-early')).not.toBe(lock);
  expect([provider.exclusive(binding(), 'provision'), provider.exclusive(binding(), 'expire')]).toEqual([null, null]);
});

test('a static key is refused at the moment it would be used', async () => {
  const provider = createAwsProvider({
    region: 'eu-west-1',
    externalId: 'acme-curfew',
    clock: systemClock,
    identity: async () => ({ accessKeyId: 'AKIAABCDEFGHIJKLMNOP', secretAccessKey: 's' }),
  });
  await expect(provider.provision(binding(), call)).rejects.toMatchObject({
    kind: 'forbidden-to-us',
    message: expect.stringMatching(/refuses to run with a static AWS access key/) as string,
  });
});
