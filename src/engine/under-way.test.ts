import { describe, expect, test } from 'vitest';
import { after, instant } from '../core/time.ts';
import { PACE } from './ports.ts';
import { UnderWay } from './under-way.ts';

const AT = instant(Date.UTC(2026, 0, 5, 9));
const HANGS = after(AT, PACE.hangsMs);

/** `count` steps on each of these targets, begun at `AT`; and how the first of them comes to its end. */
function steps(lane: UnderWay, targets: readonly string[], count: number, triedBefore = false, method = 'assume-role') {
  const begun: Promise<void>[] = [];
  for (const key of targets)
    for (let n = 0; n < count; n += 1) {
      const done = new Promise<void>(() => {});
      lane.begin(done, { method, definition: { target: { key } } }, AT, triedBefore);
      begun.push(done);
    }
  return { over: () => begun.splice(0, 1).forEach((done) => lane.over(done)) };
}

describe('the room that a lane has', () => {
  test('is as much as a batch leaves, until what is under way hangs', () => {
    const lane = new UnderWay();
    steps(lane, ['aws/prod'], PACE.hangAtOnce - 1);
    expect(lane.room(after(HANGS, -1)).all).toBe(PACE.batch - PACE.hangAtOnce + 1);
    expect(lane.room(HANGS)).toEqual({ all: PACE.batch, again: PACE.again, passedOver: [] });
  });

  test('is elsewhere than where several hang that were never tried, until they come back', () => {
    const lane = new UnderWay();
    const { over } = steps(lane, ['aws/prod'], PACE.hangAtOnce);
    expect(lane.room(after(HANGS, -1)).passedOver).toEqual([]);
    expect(lane.room(HANGS).passedOver).toEqual([{ method: 'assume-role', target: 'aws/prod' }]);
    over();
    expect(lane.room(HANGS).passedOver).toEqual([]);
  });

  test('is there by another method, on the target where one hangs', () => {
    const lane = new UnderWay();
    steps(lane, ['aws/prod'], PACE.hangAtOnce - 1);
    steps(lane, ['aws/prod'], PACE.hangAtOnce, false, 'identity-center');
    expect(lane.room(HANGS).passedOver).toEqual([{ method: 'identity-center', target: 'aws/prod' }]);
  });

  test('is bounded, however much hangs: what comes back wants the database all at once', () => {
    const lane = new UnderWay();
    const targets = Array.from({ length: 10 }, (_, n) => `aws/${n}`);
    steps(lane, targets, 12);
    expect(lane.room(HANGS)).toEqual({ all: PACE.batchHanging - 120, again: PACE.again, passedOver: [] });
  });

  test('of what was tried before is its own, also while that hangs, and passes nothing over', () => {
    const lane = new UnderWay();
    steps(lane, ['aws/prod'], PACE.again, true);
    expect(lane.room(HANGS)).toEqual({ all: PACE.batch, again: 0, passedOver: [] });
  });
});
