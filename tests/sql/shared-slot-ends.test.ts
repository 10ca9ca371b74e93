import { beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { MAY_LAND_MS } from './shared-cloud.ts';
import { MINUTE, SLOT, sharedSlot, type SharedSlot } from './shared-slot-steps.ts';

describe('the end in the cloud beside what stands in a shared place', () => {
  const slot = sharedSlot();
  let here: SharedSlot;
  beforeEach(() => {
    here = slot();
  });

  test('what somebody gives by hand beside the end that a grant has left is not ours: that grant is known to be over', async () => {
    await here.ask(10 * MINUTE);
    await here.pass(11 * MINUTE);
    await here.pass(MAY_LAND_MS + 5_000);
    expect(await here.states()).toEqual(['ended']);
    expect(here.cloud.ends.get(SLOT)).toBe(here.grants[0]);
    here.cloud.places.set(SLOT, null);
    await here.ask(10 * MINUTE);
    await here.pass(11 * MINUTE);
    expect(await here.states()).toEqual(['ended', 'ended']);
    expect(here.cloud.places.get(SLOT)).toBeNull();
  });

  test('a start that wrote something before it was refused is not taken for one that never was: its end is looked for, and proven', async () => {
    here.cloud.mishaps.push({ kind: 'half-done' });
    await here.ask(10 * MINUTE);
    expect(await here.states()).toEqual(['ending']);
    await here.pass(MAY_LAND_MS + 5_000);
    expect((await here.all())[0]?.state).toMatchObject({ kind: 'failed', proof: { kind: 'observed' } });
  });

  test('what was written there for whoever ends it without us is forgotten once nothing can come back, and neither before nor while another needs the place', async () => {
    await here.ask(10 * MINUTE);
    await here.ask(20 * MINUTE);
    await here.pass(11 * MINUTE);
    expect(await here.states()).toEqual(['ended', 'active']);
    await here.pass(10 * MINUTE);
    expect([await here.states(), here.cloud.forgotten]).toEqual([['ended', 'ending'], []]);
    await here.pass(MAY_LAND_MS + 5_000);
    expect([await here.states(), here.cloud.forgotten]).toEqual([['ended', 'ended'], [here.grants[1]]]);
  });

  test('whoever stands still after the proof forgets nothing: another may have begun there meanwhile', async () => {
    await here.ask(10 * MINUTE);
    await here.pass(11 * MINUTE);
    here.cloud.onLook = () => (here.standsStillMs = 5_000);
    await here.pass(MAY_LAND_MS + 5_000);
    expect([await here.states(), here.cloud.forgotten]).toEqual([['ended'], []]);
  });

  test('a cloud that cannot forget it keeps no grant from being over', async () => {
    here.cloud.mishaps.push({ kind: 'half-done' });
    await here.ask(10 * MINUTE);
    here.cloud.mishaps.push({ kind: 'refused' });
    await here.pass(MAY_LAND_MS + 5_000);
    expect([await here.states(), here.cloud.forgotten]).toEqual([['failed'], here.grants]);
  });

  test('an end in the cloud that somebody has edited is told when the access is taken away', async () => {
    await here.ask(10 * MINUTE);
    here.cloud.edited = true;
    await here.end(here.grants[0] as GrantId, 'return');
    await here.pass(0);
    expect(here.cloud.places.has(SLOT)).toBe(false);
    expect(here.on.entries.filter((entry) => entry === 'finding.raised')).toHaveLength(1);
  });

  test('and also when it cannot be taken away, or was not seen at first: once, as what was seen', async () => {
    await here.ask(10 * MINUTE);
    here.cloud.edited = true;
    here.cloud.blind = true;
    here.cloud.mishaps.push({ kind: 'refused' }, { kind: 'refused' }, { kind: 'refused' });
    await here.end(here.grants[0] as GrantId, 'return');
    expect(here.on.found).toEqual([]);
    here.cloud.blind = false;
    await here.pass(2_000);
    expect(here.cloud.places.has(SLOT)).toBe(true);
    expect(here.on.found).toEqual(['end-was-edited']);
    for (let n = 0; n < 5; n += 1) await here.pass(5_000);
    expect(here.cloud.places.has(SLOT)).toBe(false);
    expect(here.on.found.filter((one) => one === 'end-was-edited')).toHaveLength(1);
  });
});
