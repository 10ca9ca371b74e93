import { beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { MAY_LAND_MS } from './shared-cloud.ts';
import { MINUTE, SLOT, sharedSlot, type SharedSlot } from './shared-slot-steps.ts';

describe('access that stood on a shared place before', () => {
  const slot = sharedSlot();
  let here: SharedSlot;
  beforeEach(async () => {
    here = slot();
    here.cloud.places.set(SLOT, null);
    await here.ask(10 * MINUTE);
    expect(await here.states()).toEqual(['active']);
  });

  const evidence = async () => {
    const state = (await here.all())[0]?.state;
    return state?.kind === 'ended' ? state.proof.evidence : null;
  };

  test('is seen to remain before that is said', async () => {
    here.cloud.calls.length = 0;
    await here.pass(11 * MINUTE);
    expect(await evidence()).toMatchObject({ standingAccessRemains: true });
    expect(here.cloud.calls).toContain('observe');
    expect(here.on.found).toEqual(['standing-access-remains']);
  });

  test('that somebody has taken away meanwhile does not remain: the grant is over when absence has been seen for long enough', async () => {
    here.cloud.places.delete(SLOT);
    await here.pass(11 * MINUTE);
    expect(await here.states()).toEqual(['ending']);
    await here.pass(MAY_LAND_MS + 5_000);
    expect(await here.states()).toEqual(['ended']);
    expect(await evidence()).not.toHaveProperty('standingAccessRemains');
    expect(here.on.found).toEqual([]);
    expect(here.cloud.calls).not.toContain('revoke');
  });

  test('that is given anew while its absence is being proven remains', async () => {
    here.cloud.places.delete(SLOT);
    await here.pass(11 * MINUTE);
    here.cloud.places.set(SLOT, null);
    await here.pass(MAY_LAND_MS + 5_000);
    expect(await here.states()).toEqual(['ended']);
    expect(await evidence()).toMatchObject({ standingAccessRemains: true });
    expect(here.cloud.calls).not.toContain('revoke');
    expect(here.cloud.places.get(SLOT)).toBeNull();
  });

  test('nothing is said, and nothing is removed, as long as the cloud does not let us look', async () => {
    here.cloud.blind = true;
    await here.pass(11 * MINUTE);
    await here.pass(MINUTE);
    expect(await here.states()).toEqual(['ending']);
    expect(here.cloud.calls).not.toContain('revoke');
    here.cloud.blind = false;
    await here.pass(MINUTE);
    expect(await evidence()).toMatchObject({ standingAccessRemains: true });
  });

  test('that somebody has taken away meanwhile is given to who begins then, with an end', async () => {
    here.cloud.places.delete(SLOT);
    await here.ask(20 * MINUTE, 'invoice-auditor');
    expect(await here.states()).toEqual(['active', 'active']);
    expect(here.cloud.places.get(SLOT)).toBe((await here.all())[1]?.endsAt);
    await here.pass(11 * MINUTE);
    expect(await here.states()).toEqual(['ended', 'active']);
    await here.end(here.grants[1] as GrantId, 'return');
    await here.pass(MAY_LAND_MS + 5_000);
    expect(await here.states()).toEqual(['ended', 'ended']);
    expect(here.cloud.places.has(SLOT)).toBe(false);
    expect(here.on.found).toEqual([]);
  });

  test('that somebody has taken away meanwhile is given with the extension', async () => {
    here.cloud.places.delete(SLOT);
    const longer = await here.extend(10 * MINUTE);
    expect((await here.all())[0]).toMatchObject({ endsAt: longer, extended: 1 });
    expect(here.cloud.places.get(SLOT)).toBe(longer);
    await here.pass(21 * MINUTE);
    expect(here.cloud.places.has(SLOT)).toBe(false);
  });
});
