import { beforeEach, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import {
  findBinding,
  noteAbsence,
  noteCall,
  noteEndWritten,
  noteSettled,
  noteStanding,
  noteUnsettled,
  unnoteCall,
  type Claim,
} from '../../src/store/bindings.ts';
import { appNow } from '../../src/store/database.ts';
import { claimDue } from '../../src/store/leases.ts';
import type { Db, Trx } from '../../src/store/schema.ts';
import { scheduledGrant } from './rows.ts';
import { onTwoConnections } from './two-connections.ts';

const LEASE_MS = 10_000;
const MAY_LAND_MS = 60_000;
const PLACE = ['444455556666', 'ana'];
const SLOT = slotKey('aws', 'assume-role', PLACE);

const inside =
  <Result>(work: (trx: Trx) => Promise<Result>) =>
  (db: Db): Promise<Result> =>
    db.transaction().execute(work);

onTwoConnections('what is remembered about a shared place', (current) => {
  let id: GrantId;
  let claim: Claim;
  beforeEach(async () => {
    id = await scheduledGrant(current().database, { place: PLACE });
    await claimDue(current().database.db, 'starts', 'one', LEASE_MS, 10);
    claim = { grant: { id, slot: SLOT }, owner: 'one' };
  });
  const binding = () =>
    current().database.db.selectFrom('binding').selectAll().where('slot', '=', SLOT).executeTakeFirstOrThrow();
  const leaves = (db: Db | Trx) =>
    noteCall(db, SLOT, { callTimeoutMs: 4_000, shared: { until: null, mayLandMs: MAY_LAND_MS } });

  test.each<readonly [string, (db: Db) => Promise<unknown>, unknown]>([
    ['a call was answered', (db: Db) => noteSettled(db, claim, null), undefined],
    ['an end was written', async (db: Db) => noteEndWritten(db, claim, await endNow(), {}), undefined],
    ['something stood there', (db: Db) => noteStanding(db, claim, true), false],
    ['absence was seen', (db: Db) => noteAbsence(db, claim, true), null],
    ['a call did nothing', (db: Db) => unnoteCall(db, claim), undefined],
  ])('that %s is not, once the claim ran out behind the note of somebody else', async (_, late, answer) => {
    await leaves(current().database.db);
    const outcome = await current().interleave(inside(leaves), late, () => current().skipAhead(LEASE_MS + 1));
    expect(outcome.waitedIn).not.toBeNull();
    expect(outcome.second).toBe(answer);
    const row = await binding();
    expect(row).toMatchObject({ standing: false, absent_since: null, written_until: null });
    expect([row.unsettled_until, row.last_call_at]).not.toContain(null);
  });

  test.each(['before', 'after'] as const)(
    'a call outside of a turn is, also when it is noted right %s another call was answered',
    async (order) => {
      const { db } = current().database;
      await leaves(db);
      const until = after(await appNow(db), MAY_LAND_MS / 2);
      const told = (to: Db) => noteUnsettled(to, SLOT, until);
      const settled = (to: Db) => noteSettled(to, claim, null);
      const outcome = await (order === 'before'
        ? current().interleave(inside(told), settled)
        : current().interleave(inside(settled), told));
      expect(outcome.waitedIn).not.toBeNull();
      expect((await findBinding(db, SLOT)).unsettledUntil).toBe(until);
    },
  );

  const endNow = async () => ({ until: await appNow(current().database.db), unsettledBefore: null });
});
