import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transitionGrant } from '../../src/core/grant.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { ok } from '../../src/core/result.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { EnginePorts } from '../../src/engine/ports.ts';
import { tidy } from '../../src/engine/tidy.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { AwsProvider } from '../../src/providers/aws/index.ts';
import { CUT_RESIDUAL, UNCUT_RESIDUAL } from '../../src/providers/aws/capabilities.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { appNow, openEmbedded, type Database } from '../../src/store/database.ts';
import { findGrant, saveGrantState, type GrantRecord } from '../../src/store/grants.ts';
import { scheduledGrant } from '../sql/rows.ts';
import { centerHarness, ownersPart, TOMBSTONE, type CenterHarness } from './aws-center-harness.ts';
import { OWNERS_POLICY } from './aws-center-world.ts';
import { filled, tombstoneSteps } from './aws-tombstone-steps.ts';

/** The engine with `tombstone: true`: what the receipt of a grant says, and that whoever is there later tidies. Each test stands on the one before. */
let on: CenterHarness;
let database: Database;
const { theSet, countOf, byHand, begin } = tombstoneSteps(() => on);
const entries: { readonly kind: string; readonly grant: unknown; readonly residual: unknown }[] = [];
const findings: { readonly grant: unknown; readonly message: unknown }[] = [];
let cut: { readonly id: GrantId; readonly spec: BindingSpec };
let full: { readonly id: GrantId; readonly spec: BindingSpec };

beforeAll(async () => {
  on = await centerHarness({}, TOMBSTONE);
  database = await openEmbedded();
  await begin();
});
afterAll(async () => {
  await database.close();
  await on.close();
});

const ports = (provider: AwsProvider, node: string): EnginePorts => ({
  db: database.db,
  clock: systemClock,
  random: systemRandom,
  node,
  providers: new Map([['aws', provider]]),
  recheck: async () => ok(null),
  append: async (_trx, ...written) => {
    for (const { kind, subjects, facts } of written) {
      const { finding, message, residual } = facts;
      entries.push({ kind, grant: subjects.grant, residual });
      if (finding === 'more-survives-than-promised') findings.push({ grant: subjects.grant, message });
    }
  },
  publish: () => {},
  log: silentLog,
});

async function grantOf(id: GrantId): Promise<GrantRecord> {
  const grant = await findGrant(database.db, id);
  if (grant === null) throw new Error('the grant is there');
  return grant;
}

async function ask(): Promise<{ readonly id: GrantId; readonly spec: BindingSpec }> {
  const spec = on.over({});
  const { slot, method, principal, role, target } = spec;
  return {
    id: await scheduledGrant(database, { over: { slot, method, principal, definition: { role, target } } }),
    spec,
  };
}

/** Works in a lane, with everything due at once, until the grant is as wanted. */
async function work(
  lane: 'starts' | 'ends',
  id: GrantId,
  wanted: (grant: GrantRecord) => boolean,
  each = async () => {},
) {
  const engine = createEngine(ports(on.provider, 'node-1'));
  const until = Date.now() + 20_000;
  for (;;) {
    await engine.pass(lane);
    const grant = await grantOf(id);
    if (wanted(grant)) return grant;
    if (Date.now() > until) throw new Error(`it is ${grant.state.kind}: ${grant.lastFault ?? ''}`);
    await each();
    await sql`update "grant" set due_at = app_now() where due_at is not null and state <> 'active'`.execute(
      database.db,
    );
  }
}

/** As if no call that was given up could land any more. */
const callsAreOver = async () =>
  void (await sql`update binding set last_call_at = app_now() - interval '2 minutes', absent_since = case when absent_since is null then null else app_now() - interval '2 minutes' end`.execute(
    database.db,
  ));

async function giveBack(id: GrantId): Promise<GrantRecord> {
  await database.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    const grant = await findGrant(trx, id, true);
    const next = grant === null ? null : transitionGrant(grant.state, { kind: 'return' }, now);
    if (next?.ok !== true) throw new Error('it is live');
    await saveGrantState(trx, id, next.value, now);
  });
  return work('ends', id, ({ state }) => state.kind === 'ended', callsAreOver);
}

test('a grant says which residual holds for it: cut at the end, or an hour where the policy is full', async () => {
  cut = await ask();
  expect(await work('starts', cut.id, ({ state }) => state.kind === 'active')).toMatchObject({
    residual: CUT_RESIDUAL,
  });
  await byHand(filled((await theSet()).inlinePolicy ?? ''));
  full = await ask();
  expect(await work('starts', full.id, ({ state }) => state.kind === 'active')).toMatchObject({
    residual: UNCUT_RESIDUAL,
  });
  expect(entries.filter(({ kind }) => kind === 'grant.active')).toEqual([
    { kind: 'grant.active', grant: cut.id, residual: CUT_RESIDUAL },
    { kind: 'grant.active', grant: full.id, residual: UNCUT_RESIDUAL },
  ]);
}, 60_000);

test('so does the proof of its end', async () => {
  const evidence = async (id: GrantId) => {
    const { state } = await giveBack(id);
    return state.kind === 'ended' ? state.proof.evidence : {};
  };
  expect(await evidence(cut.id)).toMatchObject({ tombstone: 'in-force', sessionsIssuedBeforeMayLastMs: 0 });
  expect(await evidence(full.id)).toMatchObject({ tombstone: 'full', sessionsIssuedBeforeMayLastMs: 3_600_000 });
}, 60_000);

test('who was promised that sessions are cut, and has found no room for that at the end, makes somebody hear of it', async () => {
  expect(findings).toEqual([]);
  const before = (await theSet()).inlinePolicy;
  await byHand(OWNERS_POLICY, true);
  const promised = await ask();
  expect(await work('starts', promised.id, ({ state }) => state.kind === 'active')).toMatchObject({
    residual: CUT_RESIDUAL,
  });
  await byHand(filled(OWNERS_POLICY), true);
  const { state } = await giveBack(promised.id);
  await byHand(before);
  expect(state).toMatchObject({ proof: { evidence: { tombstone: 'full', sessionsIssuedBeforeMayLastMs: 3_600_000 } } });
  const message = expect.stringMatching(/were not cut: the permission set had no room/) as string;
  expect(findings).toEqual([{ grant: promised.id, message }]);
}, 60_000);

test('whoever is there when no session can be alive removes the tombstone, and the log says under which grant', async () => {
  const later = ports(on.with({}), 'node-2');
  await tidy(later, new AbortController().signal);
  expect(await countOf(cut.spec)).toBe(1);
  // As if it were of two hours ago, when nobody was there.
  const long = new Date(on.now() - 2 * 3_600_000).toISOString().replace(/\.\d+/, '');
  await byHand(
    (await theSet()).inlinePolicy?.replaceAll(/"aws:CurrentTime":"[^"]+"/g, `"aws:CurrentTime":"${long}"`) ?? '',
  );
  entries.length = 0;
  const restarted = ports(on.with({}), 'node-3');
  await tidy(restarted, new AbortController().signal);
  // Nobody who is still there saw the assignment go.
  expect(await countOf(cut.spec)).toBe(1);
  await sql`create or replace function app_now() returns timestamptz language sql volatile
    as $$ select clock_timestamp() + interval '70 minutes' $$`.execute(database.db);
  await tidy(restarted, new AbortController().signal);
  expect(await countOf(cut.spec)).toBe(0);
  // One write removes all that are past, under the grant of that set which was over last.
  const [tidied, ...others] = entries.filter(({ kind }) => kind === 'grant.tidied');
  expect(others).toEqual([]);
  const under = await grantOf(String(tidied?.grant) as GrantId);
  expect(under.state.kind).toBe('ended');
  expect(under.slot).not.toBe(cut.spec.slot);
  const owners = JSON.parse(OWNERS_POLICY) as { Statement: readonly unknown[] };
  expect(ownersPart((await theSet()).inlinePolicy)).toMatchObject({
    Statement: expect.arrayContaining([...owners.Statement]) as unknown,
  });
}, 60_000);
