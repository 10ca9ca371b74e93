import { beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { tidy } from '../../src/engine/tidy.ts';
import { silentLog } from '../../src/platform/log.ts';
import { findBinding } from '../../src/store/bindings.ts';
import { MAY_LAND_MS } from './shared-cloud.ts';
import { MINUTE, SLOT, sharedSlot, type SharedSlot } from './shared-slot-steps.ts';

describe('what a provider said of what it made on a shared place', () => {
  const slot = sharedSlot();
  let here: SharedSlot;
  beforeEach(() => {
    here = slot();
    here.cloud.native = { user: 'ana-1' };
  });
  const gone = async () => {
    await here.end(here.grants.at(-1) as GrantId, 'return');
    await here.pass(MAY_LAND_MS + 5_000);
  };
  /** What was told with each kind of call, each once. */
  const told = () => [...new Set(here.cloud.told.map(([call, native]) => `${call} ${JSON.stringify(native ?? null)}`))];

  test('is told again with every call that takes it away, and when it is forgotten', async () => {
    await here.ask(10 * MINUTE);
    here.cloud.told.length = 0;
    await gone();
    expect(told()).toEqual(['observe {"user":"ana-1"}', 'revoke {"user":"ana-1"}', 'forget {"user":"ana-1"}']);
  });

  test('also where it cannot be used yet, and where a later end was written last', async () => {
    here.cloud.slow = true;
    await here.ask(10 * MINUTE);
    expect((await findBinding(here.database.db, SLOT)).native).toEqual({ user: 'ana-1' });
    here.cloud.slow = false;
    await here.pass(5_000);
    here.cloud.native = { user: 'ana-1', scheduledEnd: 'later' };
    await here.extend(10 * MINUTE);
    expect((await findBinding(here.database.db, SLOT)).native).toEqual(here.cloud.native);
  });

  test('is told to who removes its traces', async () => {
    await here.ask(10 * MINUTE);
    await gone();
    const tidied: unknown[] = [];
    const provider = {
      ...here.cloud.provider(),
      landing: () => ({ identity: 'user/ana', words: 'her own' }),
      tidy: async ({ native }: { native?: unknown }) => {
        tidied.push(native);
        return { removed: false, left: 0 };
      },
    };
    const { db } = here.database;
    const { clock } = here.time;
    const providers = new Map([['aws' as const, provider]]);
    const ports = { db, clock, providers, node: 'node-1', append: async () => {}, log: silentLog };
    await tidy(ports, new AbortController().signal);
    expect(tidied).toEqual([{ user: 'ana-1' }]);
  });

  test('is nothing of the next one’s, who makes something else there', async () => {
    await here.ask(10 * MINUTE);
    await gone();
    here.cloud.native = { user: 'ana-2' };
    here.cloud.mishaps.push({ kind: 'lands-late', afterMs: 5_000 });
    here.cloud.told.length = 0;
    await here.ask(10 * MINUTE);
    await gone();
    await here.pass(2 * MAY_LAND_MS);
    expect((await here.states()).at(-1)).toBe('ended');
    expect(told().filter((one) => one.includes('ana-1'))).toEqual([]);
  });
});
