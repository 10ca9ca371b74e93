import { slotKey } from '../src/core/slot.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemRandom } from '../src/platform/random.ts';
import { ProviderFault, type BindingSpec, type CallOptions } from '../src/providers/contract.ts';
import { centerHarness, type CenterHarness } from '../tests/contract/aws-center-harness.ts';
import { ACCOUNTS, CENTER } from '../tests/contract/aws-center-world.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

/** What the simulated AWS lets run at once, and takes of calls. */
const OUTSTANDING = 10;
const CALLS_PER_SECOND = 20;
/** The calls that an operation cannot do without: a look whether it is needed, the one that begins it, and a look what became of it. */
const NECESSARY_CALLS = 3;
/** Calls that ask what runs: how many are made is our own choice, so they are part of no limit. */
const POLLS = /^List\w+Status$/;

/**
 * Assignments made and removed as fast as AWS lets it be done, through the provider with its own limits, against the simulator as it is by
 * default: operations of 1 to 4 s, lists up to a second late, 20 calls a second. Who drives it comes back like the engine does.
 *
 * What counts is work done: operations a second, beside the most that both limits allow. Calls that were made say nothing of that.
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
  const seconds = (full - began) / 1_000;
  const timeOf = (one: { createdAt: number; finishAt: number }, until: number): number =>
    Math.max(0, Math.min(one.finishAt, until) - one.createdAt);
  // What runs at the edge counts in part, and what failed not at all: schedules take away in vain what is gone already.
  const useful = ours.filter((one) => one.status !== 'FAILED');
  const done = useful.reduce((sum, one) => sum + timeOf(one, full) / timeOf(one, Infinity), 0);
  const meanMs = useful.reduce((sum, one) => sum + timeOf(one, full), 0) / done;
  const calls = (await ssoCalls(on.url)).filter(({ at }) => at >= began && at < full);
  const polls = calls.filter(({ action }) => POLLS.test(action)).length;
  const most = Math.min((1_000 * OUTSTANDING) / meanMs, CALLS_PER_SECOND / NECESSARY_CALLS);
  const rate = (100 * calls.length) / (CALLS_PER_SECOND * seconds);
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
  const few = (value: number): string => value.toFixed(2);
  const note = `${few(done / seconds)} a second of ${few(most)}: ${OUTSTANDING} at once, ${few(meanMs / 1_000)} s each`;
  const each = `${few(calls.length / done)} an operation, ${few(polls / done)} of them to ask what runs`;
  return [
    row('operations done, of the most that AWS allows', '%', [(100 * done) / seconds / most], {
      budget: '>= 95 %',
      note,
    }),
    row('of the calls that AWS takes in a second', '%', [rate], { note: each }),
    row('assignments made and removed', 'per second', [lives], { note: `${lost} of ${count} were left behind` }),
    row('from asking to usable, all asked at once', 'ms', made),
    row('from giving back to gone, all given back at once', 'ms', removed),
  ];
}

/** When calls of sso-admin arrived, whoever made them. */
async function ssoCalls(url: string): Promise<readonly { readonly action: string; readonly at: number }[]> {
  const entries = (await (await fetch(`${url}/_sim/journal`)).json()) as readonly Record<
    'service' | 'action' | 'at',
    string
  >[];
  return entries.filter((one) => one.service === 'sso').map(({ action, at }) => ({ action, at: Date.parse(at) }));
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
