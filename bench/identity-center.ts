import { slotKey } from '../src/core/slot.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemRandom } from '../src/platform/random.ts';
import { ProviderFault, type BindingSpec, type CallOptions } from '../src/providers/contract.ts';
import { centerHarness, type CenterHarness } from '../tests/contract/aws-center-harness.ts';
import { ACCOUNTS, CENTER } from '../tests/contract/aws-center-world.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

/** What the simulated AWS lets run at once; the quota that is used up first when an operation takes seconds. */
const OUTSTANDING = 10;
const CALLS_PER_SECOND = 20;

/**
 * Assignments made and removed as fast as AWS lets it be done, through the provider with its own limits, against the simulator as it is by
 * default: operations of 1 to 4 s, lists up to a second late, 20 calls a second. Who drives it comes back like the engine does.
 */
export const bench: Bench = {
  name: 'identity-center',
  title: 'IAM Identity Center: throughput as a share of the quota',
  async run({ quick }) {
    const settings = { assignmentMs: [1_000, 4_000], listDelayMs: [0, 1_000], fireDelayMs: [0, 59_000] } as const;
    const on = await centerHarness({
      ...settings,
      ssoCallsPerSecond: CALLS_PER_SECOND,
      outstandingOperations: OUTSTANDING,
    });
    try {
      return { rows: await measure(on, quick ? 30 : 120) };
    } finally {
      await on.close();
    }
  },
};

async function measure(on: CenterHarness, count: number): Promise<readonly BenchRow[]> {
  const provider = on.with({ identityCenter: { account: CENTER, region: 'eu-west-1' } });
  const specs = Array.from({ length: count }, (_, index): BindingSpec => {
    const one = on.over({});
    const target = { ...one.target, native: ACCOUNTS[index % ACCOUNTS.length] ?? '' };
    const spec = { ...one, target };
    return { ...spec, slot: slotKey('aws', 'identity-center', provider.sharedPlace(spec)) };
  });
  const [made, removed]: [number[], number[]] = [[], []];
  const began = systemClock.now();
  const call = (): CallOptions => ({ now: systemClock.now(), signal: AbortSignal.timeout(4_000) });
  await Promise.all(
    specs.map(async (spec) => {
      const asked = systemClock.now();
      await until(async () => (await provider.provision(spec, call())).usable);
      const usable = systemClock.now();
      made.push(usable - asked);
      const ending = { cause: 'returned' as const, since: usable };
      const isGone = async () => (await provider.observe(spec, ending, call())).presence === 'absent';
      await until(async () => {
        if (await isGone()) return true;
        await provider.revoke(spec, ending, 0, call());
        return isGone();
      });
      removed.push(systemClock.now() - usable);
    }),
  );
  const { identityCenter } = await on.remembered();
  const ended = systemClock.now();
  const { operations, assignments } = identityCenter;
  const ours = operations.filter((one) => one.createdAt >= began);
  // While there was more to do than fits: until fewer are left to be begun than may run at once.
  const begun = ours.filter((one) => one.kind === 'create').map((one) => one.createdAt);
  const full = begun.toSorted((one, other) => one - other)[count - OUTSTANDING] ?? ended;
  const usedMs = ours.reduce((sum, one) => sum + Math.max(0, Math.min(one.finishAt, full) - one.createdAt), 0);
  const calls = (await ssoCalls(on.url)).filter((at) => at >= began && at < full).length;
  const rate = (100 * calls * 1_000) / (CALLS_PER_SECOND * (full - began));
  const share = (100 * usedMs) / (OUTSTANDING * (full - began));
  const people = new Set(assignments.filter((one) => one.until === null).map((one) => one.principalId));
  const lost = specs.filter((spec) => {
    const id = identityCenter.users.find((user) => user.userName === spec.principal)?.id ?? '';
    return people.has(id);
  }).length;
  const row = (name: string, unit: string, samples: readonly number[], more: Partial<BenchRow> = {}): BenchRow => ({
    name,
    unit,
    ...distribution(samples),
    ...more,
  });
  const lives = (1_000 * count) / (ended - began);
  const note = `${ours.length} operations in ${Math.round((ended - began) / 1_000)} s; the removals of schedules count too`;
  return [
    row('share of the quota that is used up first', '%', [Math.max(share, rate)], { budget: '>= 95 %', note }),
    row('of the operations that AWS lets run at once', '%', [share]),
    row('of the calls that AWS takes in a second', '%', [rate]),
    row('assignments made and removed', 'per second', [lives], { note: `${lost} of ${count} were left behind` }),
    row('from asking to usable, all asked at once', 'ms', made),
    row('from giving back to gone, all given back at once', 'ms', removed),
  ];
}

/** When calls of sso-admin arrived, whoever made them. */
async function ssoCalls(url: string): Promise<readonly number[]> {
  const entries = (await (await fetch(`${url}/_sim/journal`)).json()) as readonly { service: string; at: string }[];
  return entries.filter((one) => one.service === 'sso').map((one) => Date.parse(one.at));
}

/** Comes back until it is done, a little later whenever the cloud had no room; spread like the engine, so that not all come at once. */
async function until(work: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      if (await work()) return;
    } catch (error) {
      if (
        !(error instanceof ProviderFault) ||
        !['throttled', 'conflict', 'unreachable', 'unknown-outcome'].includes(error.kind)
      )
        throw error;
    }
    const spread = (systemRandom.bytes(1)[0] ?? 0) / 255;
    await systemClock.sleep(Math.min(2_000, 250 * 2 ** attempt) * (0.75 + spread / 2));
  }
}
