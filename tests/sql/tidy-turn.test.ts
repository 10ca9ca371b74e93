import { beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { tidy } from '../../src/engine/tidy.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ProviderFault, type Alongside, type Provider } from '../../src/providers/contract.ts';
import { doneUntil } from '../../src/store/upkeep.ts';
import { MAY_LAND_MS } from './shared-cloud.ts';
import { MINUTE, sharedSlot, type SharedSlot } from './shared-slot-steps.ts';

/** What is removed beside a shared place bears the name that the next grant's has: nobody begins there meanwhile, or while it may land late. */
describe('removing what ends have left on a shared place', () => {
  const slot = sharedSlot();
  let here: SharedSlot;
  let logged: unknown[];
  beforeEach(async () => {
    here = slot();
    logged = [];
    await here.ask(10 * MINUTE);
    await here.end(here.grants[0] as GrantId, 'return');
    await here.pass(MAY_LAND_MS + 5_000);
    expect(await here.states()).toEqual(['ended']);
  });
  /** Goes through what is left; `remove`: what the provider does, which returns whether it removed anything. */
  const tidying = async (remove: (told: Alongside) => Promise<boolean>) => {
    const provider: Provider = {
      ...here.cloud.provider(),
      landing: () => ({ identity: 'user/ana', words: 'her own' }),
      tidy: async (_binding, { alongside }) => {
        if (alongside === undefined) throw new Error('it is told what else stands there');
        return { removed: await remove(alongside), left: 0 };
      },
    };
    const { db } = here.database;
    const append = async (...entries: unknown[]) => void logged.push(...entries.slice(1));
    const providers = new Map([['aws' as const, provider]]);
    const ports = { db, clock: here.time.clock, providers, node: 'node-3', append, log: silentLog };
    return tidy(ports, new AbortController().signal);
  };
  const last = async () => (await here.states()).at(-1);

  test('is noted before: whoever begins next waits until a removal that was given up cannot land any more', async () => {
    const given = tidying(async (told) => {
      await told.removes(0);
      throw new ProviderFault('unknown-outcome', 'no answer');
    });
    expect(await given).toBe(0);
    expect(logged).toMatchObject([{ kind: 'grant.tidied' }]);
    await here.ask(10 * MINUTE);
    expect(await last()).toBe('scheduled');
    await here.pass(MAY_LAND_MS);
    expect(await last()).toBe('scheduled');
    await here.pass(5_000);
    expect(await last()).toBe('active');
  });

  test('keeps nobody waiting where nothing was to be removed', async () => {
    expect(await tidying(async () => false)).toBe(0);
    await here.ask(10 * MINUTE);
    expect(await last()).toBe('active');
  });

  test('has the place to itself: a start waits for its turn', async () => {
    let during: string | undefined;
    await tidying(async () => {
      await here.ask(10 * MINUTE);
      during = await last();
      return false;
    });
    expect(during).toBe('scheduled');
    await here.pass(1_000);
    expect(await last()).toBe('active');
  });

  test('is left for the next time while somebody is at work there', async () => {
    await here.somebodyElseWorksThere();
    let looks = 0;
    const look = async () => ((looks += 1), false);
    await tidying(look);
    expect(looks).toBe(0);
    expect(await doneUntil(here.database.db, 'tidy')).toBeNull();
    await here.time.advance(5_001);
    await tidying(look);
    expect(looks).toBe(1);
  });

  test('is not done any more by who stood still until somebody else had begun there', async () => {
    let goesOn = false;
    await tidying(async (told) => {
      await here.pass(20_000);
      await here.ask(10 * MINUTE);
      expect(await last()).toBe('active');
      await told.removes(0);
      return (goesOn = true);
    });
    expect(goesOn).toBe(false);
    expect(logged).toEqual([]);
    expect(await doneUntil(here.database.db, 'tidy')).toBeNull();
  });

  test('is not done at all where somebody has begun since it was read what is over', async () => {
    let looks = 0;
    const { db } = here.database;
    const provider: Provider = {
      ...here.cloud.provider(),
      // Asked for each grant right before its place is taken.
      landing: () => ({ identity: 'user/ana', words: 'her own' }),
      tidy: async () => ((looks += 1), { removed: false, left: 0 }),
    };
    const providers = new Map([['aws' as const, provider]]);
    const ports = { db, clock: here.time.clock, providers, node: 'node-3', append: async () => {}, log: silentLog };
    await tidy(ports, new AbortController().signal, async () => (await here.ask(10 * MINUTE), true));
    expect(await last()).toBe('active');
    expect(looks).toBe(0);
  });
});
