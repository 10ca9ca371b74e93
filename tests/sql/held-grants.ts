import { sql } from 'kysely';
import type { GrantId, PersonId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { insertGrant } from '../../src/store/grants.ts';
import { personKeys } from '../../src/store/people.ts';
import { keepPolicyVersion } from '../../src/store/policy-versions.ts';
import { insertRequest } from '../../src/store/requests.ts';
import type { AcmeOperations } from './acme-operations.ts';

const DURATION_MS = 900_000;

/** What somebody holds, or will hold: written without the engine, so that there can be hundreds of them. */
export interface Held {
  readonly person: PersonId;
  readonly role?: string;
  readonly target?: string;
  readonly state: 'scheduled' | 'activating' | 'active';
  readonly count: number;
}

/** Writes approved requests and their grants, each in the state it is to be in; what runs stands in the cloud of the test. */
export async function heldGrants(acme: AcmeOperations, database: Database, held: Held): Promise<readonly GrantId[]> {
  const { roles, vocabulary } = acme.rules.current().policy;
  const role = roles.get(held.role ?? 'invoice-reader');
  const target = vocabulary.targets.get(held.target ?? 'aws/prod');
  if (role === undefined || target === undefined) throw new Error('Acme has no such role or target');
  const ids: GrantId[] = [];
  const requester = (await personKeys(database.db, [held.person])).get(held.person) ?? '';
  const known = acme.rules.current().directory.people.get(requester);
  const principal = known?.accounts[target.provider] ?? requester;
  await database.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    await keepPolicyVersion(trx, 'v1', [], now);
    for (let made = 0; made < held.count; made += 1) {
      const id = newId(systemRandom, 'grt');
      const request = newId(systemRandom, 'req');
      await insertRequest(trx, {
        id: request,
        person: held.person,
        items: [{ role: role.name, target: target.key }],
        reason: 'because',
        ticket: null,
        durationMs: DURATION_MS,
        startsAt: null,
        question: { requester },
        decision: { steps: [] },
        policyVersion: 'v1',
        createdAt: now,
        lapsesAt: after(now, 3_600_000),
        extends: null,
        state: { kind: 'approved', decidedAt: now },
      });
      const grant = await insertGrant(trx, {
        id,
        request,
        ordinal: 0,
        person: held.person,
        slot: slotKey('aws', 'assume-role', [id]),
        provider: 'aws',
        method: 'assume-role',
        principal,
        durationMs: DURATION_MS,
        definition: { role, target },
        startsAt: held.state === 'scheduled' ? after(now, 3_600_000) : now,
      });
      if (held.state !== 'scheduled') acme.provider.held.add(grant.slot);
      ids.push(id);
    }
    if (held.state === 'scheduled') return;
    const list = sql.join(ids);
    await sql`
      update "grant" set state = 'activating', activated_at = app_now(), due_at = app_now() + interval '15 minutes',
        ends_at = app_now() + interval '15 minutes' where id in (${list})`.execute(trx);
    if (held.state === 'activating') return;
    await sql`update "grant" set state = 'active', usable_at = app_now() where id in (${list})`.execute(trx);
  });
  return ids;
}

/** Entries of a kind in the log, oldest first. */
export async function entriesOf(
  database: Database,
  kind: string,
): Promise<
  readonly { readonly facts: Readonly<Record<string, unknown>>; readonly subjects: Readonly<Record<string, string>> }[]
> {
  const { rows } = await sql<{ body: string }>`
    select body from ledger_outbox where body::jsonb ->> 'kind' = ${kind} order by id`.execute(database.db);
  return rows.map(
    (row) =>
      JSON.parse(row.body) as {
        facts: Readonly<Record<string, unknown>>;
        subjects: Readonly<Record<string, string>>;
      },
  );
}
