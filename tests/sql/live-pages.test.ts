import { expect, test } from 'vitest';
import { listLive } from '../../src/operations/show-grants.ts';
import { acmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

eachDatabase('live access', (current) => {
  test('comes in pages that leave nothing out, and the last one says that it is the last', async () => {
    const { world } = await acmeOperations(current());
    const made: string[] = [];
    for (let n = 0; n < 4; n += 1) made.push(await scheduledGrant(current()));
    const seen: string[] = [];
    let cursor: string | null = null;
    for (const more of [true, false]) {
      const page = await listLive(world, null, { cursor, limit: 2 });
      if (!page.ok) throw new Error(page.refusal.detail);
      seen.push(...page.value.items.map((grant) => grant.id));
      cursor = page.value.nextCursor;
      expect([page.value.items.length, cursor !== null]).toEqual([2, more]);
    }
    expect(seen.sort()).toEqual(made.sort());
    expect(await listLive(world, null, { cursor: 'nonsense', limit: 2 })).toMatchObject({ ok: false });
  });
});
