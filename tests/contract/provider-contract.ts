import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { instant, type Instant } from '../../src/core/time.ts';
import { ProviderFault, type FaultKind } from '../../src/providers/contract.ts';
import {
  absent,
  boundBy,
  endedBy,
  finish,
  hold,
  issue,
  options,
  pause,
  perform,
  provide,
  retried,
  returned,
  revoke,
  shows,
  takeAway,
  untilRefused,
} from './contract-steps.ts';
import { extending } from './extending.ts';
import { CLOUD_FAULTS, type CloudCall, type CloudFault, type ProviderHarness } from './provider-harness.ts';

/** Takes away, and comes back where another change of the same place is under way, such as that of a schedule which an earlier test left. */
const takenAway = (...[on, ...of]: Parameters<typeof takeAway>) => retried(on, () => takeAway(on, ...of));

const MINUTE = 60_000;

/** The laws that every provider and method obeys. Stands on HTTP, so `makeHarness` starts servers. */
export function providerContract(name: string, makeHarness: () => Promise<ProviderHarness>): void {
  describe(name, () => {
    let on: ProviderHarness;
    beforeAll(async () => {
      on = await makeHarness();
    });
    afterEach(() => on.heal());
    afterAll(() => on.close());

    describe('planning', () => planning(() => on));
    describe('life', () => life(() => on));
    describe('ending', () => endings(() => on));
    describe('extending', () => extending(() => on));
    describe('reach', () => reach(() => on));
  });
}

/** The laws about faults of the cloud. Apart, because a slow method takes as long for them as for all others, and files run side by side. */
export function faultContract(name: string, makeHarness: () => Promise<ProviderHarness>): void {
  describe(`${name} with faults`, () => {
    let on: ProviderHarness;
    beforeAll(async () => {
      on = await makeHarness();
    });
    afterEach(() => on.heal());
    afterAll(() => on.close());
    faults(() => on);
  });
}

function planning(on: () => ProviderHarness): void {
  test('says the same in words each time, without calling the cloud', async () => {
    const spec = on().binding(10 * MINUTE);
    const before = await on().journal();
    const plan = on().provider.plan(spec);
    expect(plan).toMatchObject({ ok: true });
    expect(on().provider.plan(spec)).toEqual(plan);
    expect(await on().journal()).toEqual(before);
  });

  test('refuses the impossible with a hint, and provisioning it calls nothing', async () => {
    const spec = on().impossible();
    const before = await on().journal();
    expect(on().provider.plan(spec)).toMatchObject({ ok: false, hint: expect.stringMatching(/\w/) as string });
    await expect(on().provider.provision(spec, options(on()))).rejects.toMatchObject({ kind: 'invalid' });
    expect(await on().journal()).toEqual(before);
  });

  test('declares what the method can promise', () => {
    const method = on().provider.methods[on().method];
    expect(method?.rungs.length).toBeGreaterThan(0);
    expect(method?.residual.words).toMatch(/\w+ \w+/);
    expect(method?.abandonedCallMs).toBeGreaterThan(0);
  });
}

function life(on: () => ProviderHarness): void {
  test('says of every binding whether credentials are handed out or the access lands on what the person has', async () => {
    const spec = on().binding(10 * MINUTE);
    const landing = on().provider.landing?.(spec) ?? null;
    expect(landing === null).toBe(on().own === undefined);
    if (landing === null) return;
    expect(landing.words).toContain(landing.identity);
    await provide(on(), spec);
    await expect(on().provider.issueCredential(spec, options(on()))).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('provisioning makes the access usable, and twice is once', async () => {
    const spec = on().binding(10 * MINUTE);
    const first = await provide(on(), spec);
    const second = await on().provider.provision(spec, options(on()));
    expect(first.usable).toBe(true);
    expect(second.native).toEqual(first.native);
    await expect(on().provider.observe(spec, null, options(on()))).resolves.toMatchObject({
      presence: 'present',
      usable: true,
    });
  });

  test('credentials that come into being by looking are told, so that each one counts', async () => {
    const spec = on().binding(10 * MINUTE);
    await provide(on(), spec);
    const handedOut = (await on().journal()).filter((one) => one.handsOut);
    const seen = await on().provider.observe(spec, null, options(on()));
    const since = (await on().journal()).filter((one) => one.handsOut).length - handedOut.length;
    expect(seen.presence === 'present' ? (seen.credentials ?? []).length : 0).toBe(since);
  });

  test('a credential works, is due no later than the grant, and its facts give nothing away', async () => {
    const spec = on().binding(10 * MINUTE);
    const own = on().own?.(spec);
    if (own !== undefined) expect(await on().use(own)).toBe('refused');
    const held = await hold(on(), spec);
    expect(await on().use(held)).toBe('allowed');
    if (own !== undefined) return;
    const issued = await issue(on(), spec);
    expect(issued.usableUntil).toBeLessThanOrEqual(spec.endsAt);
    expect(issued.facts.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    const { kind: _kind, ...secrets } = issued.secret;
    for (const secret of Object.values(secrets)) expect(JSON.stringify(issued.facts)).not.toContain(secret);
  });

  test('what would outlive the grant is refused under it', async () => {
    const issued = await hold(on(), on().binding(10 * MINUTE));
    expect(on().escapes.length).toBeGreaterThan(0);
    for (const escape of on().escapes)
      expect([escape.name, await escape.attempt(issued)]).toEqual([escape.name, 'refused']);
  });
}

function endings(on: () => ProviderHarness): void {
  test('a credential that was saved before an early end is refused within the promised time, and observing says so', async () => {
    const spec = on().binding(10 * MINUTE);
    const issued = await hold(on(), spec);
    const ending = returned(on());
    await expect(on().provider.observe(spec, ending, options(on()))).resolves.toMatchObject({ presence: 'present' });
    await takenAway(on(), spec, ending);
    await untilRefused(on(), issued);
    const seen = await on().provider.observe(spec, ending, options(on()));
    expect(seen).toMatchObject({ presence: 'absent', proof: 'observed' });
    expect(JSON.stringify(absent(seen).evidence)).not.toBe('{}');
  });

  test('every rung takes the access away', async () => {
    const rungs = on().provider.methods[on().method]?.rungs ?? [];
    for (const rung of rungs.keys()) {
      const spec = on().binding(10 * MINUTE);
      const issued = await hold(on(), spec);
      const ending = returned(on());
      await takenAway(on(), spec, ending, rung);
      await untilRefused(on(), issued);
      await expect(on().provider.observe(spec, ending, options(on()))).resolves.toMatchObject({ presence: 'absent' });
      // A rung may cut by time, and clouds count whole seconds: what is issued within this one would be cut as well.
      await pause(1_100);
    }
  });

  test('revoking again, or what was never provisioned, succeeds', async () => {
    const spec = on().binding(10 * MINUTE);
    const ending = returned(on());
    await takenAway(on(), spec, ending);
    await revoke(on(), spec, ending);
    await expect(on().provider.observe(spec, ending, options(on()))).resolves.toMatchObject({ presence: 'absent' });
  });

  test('of two grants of one role, ending one leaves the other', async () => {
    const gone = on().binding(10 * MINUTE);
    // Of one person on a shared slot the engine takes away only what the last one needed: here it is another person.
    const shared = on().provider.methods[on().method]?.slot === 'shared';
    const stays = on().binding(10 * MINUTE, shared ? undefined : gone);
    const [goes, works] = [await hold(on(), gone), await hold(on(), stays)];
    const ending = returned(on());
    await takenAway(on(), gone, ending);
    // With one credential for both there is nothing to be refused before the second one ends too.
    if (on().own === undefined || shared) await untilRefused(on(), goes);
    else await pause(1_000);
    expect(await on().use(works)).toBe('allowed');
    await expect(on().provider.observe(stays, null, options(on()))).resolves.toMatchObject({ presence: 'present' });
    if (on().own === undefined) return;
    await takenAway(on(), stays, returned(on()));
    await untilRefused(on(), works);
  });

  test('grants of one role that end at once all end', async () => {
    const specs = Array.from({ length: 4 }, () => on().binding(10 * MINUTE));
    // The lock of `exclusive` is the caller's duty; this caller takes one after the other, as the engine does.
    const ending = returned(on());
    for (const spec of specs) await takenAway(on(), spec, ending);
    for (const spec of specs) {
      await expect(on().provider.observe(spec, ending, options(on()))).resolves.toMatchObject({ presence: 'absent' });
    }
  });

  test('at its end a saved credential is refused with nobody left to do anything', async () => {
    const { durationMs, lateMs } = on().endsByItself ?? { durationMs: 3_000, lateMs: 500 };
    const spec = on().binding(durationMs);
    // Where the method says that nobody but the broker does it, approvers have read so.
    if (endedBy(on(), spec) === 'broker') return;
    const issued = await hold(on(), spec);
    // Nothing of the provider is called from here on: the cloud, or the credential itself, must do it.
    const answers: { at: Instant; answer: string }[] = [];
    while (on().now() < spec.endsAt + 1_000 + lateMs) {
      const at = on().now();
      answers.push({ at, answer: await on().use(issued) });
      await pause(50);
    }
    const endsAt = instant(Math.floor(spec.endsAt / 1_000) * 1_000);
    const wrong = answers.filter(
      ({ at, answer }) => at >= endsAt === (answer === 'allowed') && Math.abs(at - endsAt) > lateMs,
    );
    expect(answers.some(({ answer }) => answer === 'allowed')).toBe(true);
    expect(wrong).toEqual([]);
    expect(await on().use(issued)).toBe('refused');
  });

  test('after its end what the cloud does not know an end of is taken away, and looking proves it', async () => {
    if (on().provider.methods[on().method]?.proofAtExpiry !== 'observed') return;
    const spec = on().binding(10 * MINUTE);
    await provide(on(), spec);
    const ending = { cause: 'expired', since: spec.endsAt } as const;
    const seen = absent(await takenAway(on(), spec, ending));
    expect(seen).toMatchObject({ proof: 'observed' });
    expect(JSON.stringify(seen.evidence)).not.toBe('{}');
    const late = { ...options(on()), now: spec.endsAt };
    await expect(on().provider.issueCredential(spec, late)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(on().provider.provision(spec, late)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('after its end it is gone by construction, with evidence, and nothing more is issued', async () => {
    if (on().provider.methods[on().method]?.proofAtExpiry === 'observed') return;
    const spec = on().binding(10 * MINUTE);
    const policyHash = await boundBy(on(), spec);
    const call = { ...options(on()), now: spec.endsAt };
    const ending = { cause: 'expired', since: spec.endsAt } as const;
    const seen = absent(await on().provider.observe(spec, ending, call));
    expect(seen).toMatchObject({ proof: on().provider.methods[on().method]?.proofAtExpiry });
    expect(JSON.stringify(seen.evidence)).toContain(policyHash);
    await expect(on().provider.issueCredential(spec, call)).rejects.toMatchObject({ kind: 'invalid' });
    // What is not final yet says when it will be, or waits for calls that were given up.
    const later = { ...call, now: seen.finalAt ?? spec.endsAt };
    const left = await on().provider.observe(spec, ending, later);
    if (left.presence === 'present') {
      // What the cloud keeps of it can be used by nobody, and goes with the first attempt.
      expect(left.usable).toBe(false);
      await on().provider.revoke(spec, ending, 0, later);
    }
    await expect(on().provider.observe(spec, ending, later)).resolves.toMatchObject({
      presence: 'absent',
      proof: on().provider.methods[on().method]?.proofAtExpiry,
      ...(seen.final || seen.finalAt !== undefined ? { final: true } : {}),
    });
  });
}

/** What each fault must be classified as. A write that got no answer may have happened; nothing else may claim that. */
function expectedKind(fault: CloudFault, call: CloudCall): FaultKind {
  switch (fault) {
    case 'throttle':
      return 'throttled';
    case 'deny':
      return 'forbidden-to-us';
    case 'unavailable':
    case 'slow':
    case 'drop-before':
    case 'drop-after':
      return call.writes ? 'unknown-outcome' : 'unreachable';
  }
}

const isConflict = (thrown: unknown): boolean => thrown instanceof ProviderFault && thrown.kind === 'conflict';

function faults(on: () => ProviderHarness): void {
  test.each(CLOUD_FAULTS)(
    '%s is classified at every call of every operation, and passes',
    { timeout: 120_000 },
    async (fault) => {
      for (const call of on().calls) {
        const spec = on().binding(10 * MINUTE);
        const ending = returned(on());
        if (call.standing === true) await provide(on(), spec);
        if (call.operation === 'issueCredential') await on().prepare?.(spec);
        const where = `${call.operation} at ${call.name}`;
        const struck = async (): Promise<unknown> => {
          await on().heal();
          await on().inject(call, fault);
          return perform(on(), call.operation, spec, ending, fault === 'slow' ? 700 : 5_000).then(
            () => 'nothing',
            (error: unknown) => error,
          );
        };
        let thrown = await struck();
        // What an earlier test has left to a cloud may be under way at the same place: that is no word about this fault.
        for (let tries = 0; tries < 3 && isConflict(thrown); tries += 1) thrown = await struck();
        expect([where, thrown]).toEqual([where, expect.objectContaining({ kind: expectedKind(fault, call) })]);
        await on().heal();
        // Whatever the lost call did, looking and trying again gets there.
        await retried(on(), () => finish(on(), call.operation, spec, ending));
      }
    },
  );

  test('a revocation with a lost answer is resolved by looking: it happened, or it did not', async () => {
    for (const [fault, presence] of [
      ['drop-after', 'absent'],
      ['drop-before', 'present'],
    ] as const) {
      for (const call of on().calls.filter((one) => one.operation === 'revoke' && one.writes)) {
        const spec = on().binding(10 * MINUTE);
        const ending = returned(on());
        await provide(on(), spec);
        await on().heal();
        await on().inject(call, fault);
        await expect(revoke(on(), spec, ending)).rejects.toMatchObject({ kind: 'unknown-outcome' });
        await on().heal();
        await shows(on(), spec, ending, call.followed === true ? 'present' : presence);
      }
    }
  });

  test('a clock that differs by more than a minute issues nothing, but still takes away', async () => {
    const spec = on().binding(10 * MINUTE);
    // As the engine ends what it could not begin.
    const ending = { cause: 'failed', since: on().now() } as const;
    for (const offsetMs of [90_000, -90_000]) {
      await on().skewClock(offsetMs);
      await on().heal();
      // Whatever gives access: a credential where there is one, otherwise what is put on the person's own identity.
      const give =
        on().own === undefined
          ? on().provider.issueCredential(spec, options(on()))
          : on().provider.provision(spec, options(on()));
      await expect(give).rejects.toMatchObject({ kind: 'clock-skew' });
      await revoke(on(), spec, ending);
      await on().skewClock(0);
    }
    await on().heal();
    await expect(on().provider.observe(spec, ending, options(on()))).resolves.toMatchObject({ presence: 'absent' });
  });
}

function reach(on: () => ProviderHarness): void {
  test('nothing is touched that Curfew did not create', async () => {
    const before = await on().bystanders();
    const spec = on().binding(10 * MINUTE);
    await hold(on(), spec);
    await takenAway(on(), spec, returned(on()));
    await on().provider.doctor([{ target: spec.target, roles: [spec.role] }], options(on()));
    expect(await on().bystanders()).toEqual(before);
  });

  test('every call that was made until now stands in the list of permissions', async () => {
    const journal = await on().journal();
    expect(journal.length).toBeGreaterThan(0);
    expect(journal.filter((one) => !one.permitted).map((one) => one.action)).toEqual([]);
  });
}
