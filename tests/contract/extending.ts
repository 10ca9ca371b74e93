import { expect, test } from 'vitest';
import { after, type Instant } from '../../src/core/time.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { endedBy, hold, options, pause, provide, returned, takeAway, untilRefused } from './contract-steps.ts';
import type { Held, ProviderHarness } from './provider-harness.ts';

/** What a provider promises about a binding whose end moves to later: `provision` with that end, and nothing else. */
export function extending(on: () => ProviderHarness): void {
  test('a later end moves the end in the cloud, without a moment in which there is no access, and is an end as well', async () => {
    const { durationMs, lateMs } = on().endsByItself ?? { durationMs: 4_000, lateMs: 500 };
    const spec = on().binding(durationMs);
    const held = await hold(on(), spec);
    const longer: BindingSpec = { ...spec, endsAt: after(spec.endsAt, lateMs + 3_000) };
    // The cloud ends access by whole seconds.
    const refusals = watch(on(), held, after(spec.endsAt, -1_000));
    expect((await provide(on(), longer)).usable).toBe(true);
    const fresh = await hold(on(), longer);
    expect(await refusals).toEqual([]);
    // What only the broker ends goes on until it does; what it wrote is there all the same.
    if (endedBy(on(), spec) === 'broker') {
      const seen = on().provider.observe(longer, null, options(on()));
      return expect(await seen).toMatchObject({ presence: 'present', usable: true });
    }
    await until(on(), after(spec.endsAt, lateMs + 500));
    expect(await on().use(fresh)).toBe('allowed');
    await until(on(), after(longer.endsAt, lateMs + 500));
    // What was handed out before may keep the end that it was handed out with, or get the later one, and no other.
    expect([await on().use(fresh), await on().use(held)]).toEqual(['refused', 'refused']);
  });

  test('a grant that ends at its time while a later end is under way is taken away at once', async () => {
    const spec = on().binding(600_000);
    const held = await hold(on(), spec);
    // To the grant its time is over now; the cloud was told a later one, which nobody acknowledged.
    const ending = { ...returned(on()), cause: 'expired' } as const;
    expect(await takeAway(on(), spec, ending)).toMatchObject({ presence: 'absent', proof: 'observed' });
    await untilRefused(on(), held);
    await expect(on().provider.observe(spec, ending, options(on()))).resolves.toMatchObject({ presence: 'absent' });
  });
}

/** Uses a credential again and again until shortly before its end. Returns when it was refused, in milliseconds before that. */
async function watch(on: ProviderHarness, held: Held, endsAt: Instant): Promise<readonly number[]> {
  const refused: number[] = [];
  while (on.now() < endsAt) {
    const at = on.now();
    if ((await on.use(held)) === 'refused' && on.now() < endsAt) refused.push(endsAt - at);
    await pause(25);
  }
  return refused;
}

async function until(on: ProviderHarness, at: Instant): Promise<void> {
  while (on.now() < at) await pause(50);
}
