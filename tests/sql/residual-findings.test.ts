import { expect, test } from 'vitest';
import { transitionGrant } from '../../src/core/grant.ts';
import { ok } from '../../src/core/result.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Observation, Provider, Residual } from '../../src/providers/contract.ts';
import { appNow } from '../../src/store/database.ts';
import { findGrant, saveGrantState } from '../../src/store/grants.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

/** What an end finds to survive it, and what was said of that before the access was approved. */
const HOUR = 3_600_000;

eachDatabase('what survives an end', (current) => {
  test.each([
    ['more than its method declares', HOUR, undefined, true],
    ['no more than its method declares', 0, undefined, false],
    ['more than was said of its role', 2 * HOUR, { maxMs: HOUR, words: 'an hour' }, true],
    ['no more than was said of its role', HOUR, { maxMs: HOUR, words: 'an hour' }, false],
    ['something where nobody could name a bound', HOUR, { maxMs: null, words: 'keys' }, false],
  ])('is told where it is %s', async (_what, maxMs, ofRole: Residual | undefined, isTold) => {
    const { db } = current();
    const fake = fakeProvider({ byConstruction: false });
    const provider: Provider = {
      ...fake,
      ...(ofRole === undefined ? {} : { residual: () => ofRole }),
      async observe(binding, ending, call): Promise<Observation> {
        const seen = await fake.observe(binding, ending, call);
        return seen.presence === 'absent' ? { ...seen, residual: { maxMs, words: 'what goes on' } } : seen;
      },
    };
    const found: unknown[] = [];
    const engine = createEngine({
      db,
      clock: systemClock,
      random: systemRandom,
      node: 'node-1',
      providers: new Map([['aws', provider]]),
      recheck: async () => ok(null),
      append: async (_trx, ...written) => {
        for (const { kind, facts } of written) if (kind === 'finding.raised') found.push(facts);
      },
      publish: () => {},
      log: silentLog,
    });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await db.transaction().execute(async (trx) => {
      const [now, grant] = [await appNow(trx), await findGrant(trx, id, true)];
      const next = grant === null ? null : transitionGrant(grant.state, { kind: 'return' }, now);
      if (next?.ok !== true) throw new Error('it is live');
      await saveGrantState(trx, id, next.value, now);
    });
    await engine.pass('ends');
    expect((await findGrant(db, id))?.state.kind).toBe('ended');
    const told = { finding: 'more-survives-than-promised', message: 'what goes on' };
    expect(found).toEqual(isTold ? [expect.objectContaining(told)] : []);
  });
});
