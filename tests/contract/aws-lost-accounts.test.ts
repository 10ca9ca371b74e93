import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startAwsSimulator } from '../../simulators/aws/server.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import type { BindingSpec, CallOptions, Ending } from '../../src/providers/contract.ts';
import { openAuthority, type CertificateAuthority } from '../../src/providers/aws/certificate-authority.ts';
import { anywhereWorld } from './aws-anywhere-harness.ts';
import { newAuthority } from './authority.ts';
import { CENTER, centerWorld } from './aws-center-world.ts';
import { account, anywhereRole, binding, grantRole, timedRole } from './aws-fixtures.ts';
import { awsProvider, post } from './aws-harness.ts';
import { ACCOUNT, person } from './aws-world.ts';

/** What becomes of access in accounts that let nobody in any more, because they are suspended, closed, or gone. */
let simulator: Awaited<ReturnType<typeof startAwsSimulator>>;

let authority: CertificateAuthority;
const where = () => ({ identityCenter: { account: CENTER, region: 'eu-west-1' }, authority });

beforeAll(async () => {
  const { pem, certificate } = await newAuthority();
  authority = await openAuthority(pem, systemClock.now());
  // The account of the other methods, in an organization.
  const others = anywhereWorld(certificate).accounts;
  const accounts = centerWorld.accounts.map((one) =>
    one.id === ACCOUNT ? (others.find(({ id }) => id === ACCOUNT) ?? one) : one,
  );
  const settings = { rolesAnywhereCallsPerSecond: 0 };
  simulator = await startAwsSimulator({ port: 0, world: { ...centerWorld, accounts }, settings });
});
afterEach(async () => {
  await post(simulator.url, 'faults', []);
});
afterAll(() => simulator.close());

const now = () => systemClock.now();
const call = (): CallOptions => ({ now: now(), signal: AbortSignal.timeout(5_000) });
const returned = (): Ending => ({ cause: 'returned', since: now() });
let people = 0;
const fresh = (change: Partial<BindingSpec>): BindingSpec => {
  const grant = newId(systemRandom, 'grt');
  const slot = slotKey('aws', change.method ?? '', [grant]);
  const target = { ...account, native: ACCOUNT };
  return binding({ grant, slot, target, activatedAt: now(), endsAt: after(now(), 600_000), ...change });
};
const timed = () => fresh({ method: 'timed-policy', role: timedRole({}), principal: person((people += 1)).name });
const session = () => fresh({ method: 'assume-role', role: grantRole({}) });
const certified = () =>
  fresh({
    method: 'roles-anywhere',
    role: anywhereRole({ role: 'curfew/anywhere-reader', profile: 'curfew-anywhere-reader' }),
  });
/** The same so much later, when its end is past by `byMs`. */
const over = (spec: BindingSpec, byMs = 60_000): BindingSpec => ({
  ...spec,
  activatedAt: after(now(), -600_000),
  endsAt: after(now(), -byMs),
});

const NOBODY_GETS_IN = { service: 'sts', action: 'AssumeRole', match: ACCOUNT, kind: 'deny', times: 100 };
/** Puts the account into a state in which nobody gets in; a process that has no session from before. */
async function lose(state: 'ACTIVE' | 'SUSPENDED' | 'CLOSED' | 'GONE', more: readonly object[] = []) {
  await post(simulator.url, 'account-state', { account: ACCOUNT, state });
  await post(simulator.url, 'faults', [NOBODY_GETS_IN, ...more]);
  return awsProvider(simulator.url, where());
}
async function provided(spec: BindingSpec): Promise<BindingSpec> {
  await post(simulator.url, 'account-state', { account: ACCOUNT, state: 'ACTIVE' });
  await awsProvider(simulator.url, where()).provision(spec, call());
  return spec;
}

const REFUSED = { kind: 'forbidden-to-us' };

describe('an ending in an account that is suspended or closed', () => {
  test.each([
    ['SUSPENDED', 'a timed policy', timed],
    ['CLOSED', 'a timed policy', timed],
    ['SUSPENDED', 'a certificate', certified],
    ['CLOSED', 'a certificate', certified],
  ] as const)('%s: %s is over by its own time, and not before', async (state, _what, make) => {
    const spec = await provided(make());
    const provider = await lose(state);
    await expect(provider.observe(spec, returned(), call())).rejects.toMatchObject(REFUSED);
    await expect(provider.observe(over(spec), returned(), call())).resolves.toMatchObject({
      presence: 'absent',
      proof: 'by-construction',
      evidence: { accountIs: state, saidBy: 'its organization', policyHash: expect.any(String) as string },
      final: true,
    });
    await expect(provider.observe(over(spec, 100), returned(), call())).resolves.toMatchObject({
      presence: 'absent',
      final: false,
    });
    // To whoever waits for access it says nothing.
    await expect(provider.observe(over(spec), null, call())).rejects.toMatchObject(REFUSED);
  });

  test('sessions are over by their own time, and not before', async () => {
    const spec = await provided(session());
    const provider = await lose('SUSPENDED');
    await expect(provider.observe(spec, returned(), call())).rejects.toMatchObject(REFUSED);
    const seen = { presence: 'absent', proof: 'by-construction' };
    await expect(provider.observe(over(spec), returned(), call())).resolves.toMatchObject(seen);
  });

  test('where nobody can be asked, a certificate is over when no session of it can be alive', async () => {
    const spec = await provided(certified());
    await lose('CLOSED');
    const alone = awsProvider(simulator.url, { authority });
    const halfADayMs = 12 * 3_600_000;
    await expect(alone.observe(over(spec, halfADayMs), returned(), call())).rejects.toMatchObject(REFUSED);
    await expect(alone.observe(over(spec, halfADayMs + 6_000), returned(), call())).resolves.toMatchObject({
      presence: 'absent',
      proof: 'by-construction',
      evidence: { standing: 'sessions expired' },
      final: true,
    });
  });

  test.each([
    ['a timed policy', timed],
    ['a certificate', certified],
  ])(
    '%s: an account that is as it was, or of which nobody can be asked, is a refusal like any other',
    async (_what, make) => {
      const spec = await provided(make());
      const active = await lose('ACTIVE');
      await expect(active.observe(over(spec), returned(), call())).rejects.toMatchObject(REFUSED);
      const silent = await lose('CLOSED', [
        { service: 'organizations', action: 'DescribeAccount', kind: 'deny', times: 1 },
      ]);
      await expect(silent.observe(over(spec), returned(), call())).rejects.toMatchObject(REFUSED);
      const alone = awsProvider(simulator.url, { authority });
      await expect(alone.observe(over(spec), returned(), call())).rejects.toMatchObject(REFUSED);
    },
  );
});

test('an account that is not in the organization may work as ever: nothing there is gone before somebody has looked', async () => {
  const provider = await lose('GONE');
  for (const spec of [timed(), session(), certified(), over(timed()), over(certified())])
    await expect(provider.observe(spec, returned(), call())).rejects.toMatchObject(REFUSED);
});
