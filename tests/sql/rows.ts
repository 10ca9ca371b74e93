import { systemRandom, newId } from '../../src/platform/random.ts';
import { transitionGrant } from '../../src/core/grant.ts';
import type { GrantId } from '../../src/core/ids.ts';
import type { Role } from '../../src/core/role.ts';
import { slotKey } from '../../src/core/slot.ts';
import type { Target } from '../../src/core/target.ts';
import { after, type Instant } from '../../src/core/time.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { findGrant, insertGrant, saveGrantState, type NewGrant } from '../../src/store/grants.ts';
import { personIdFor } from '../../src/store/people.ts';
import { keepPolicyVersion } from '../../src/store/policy-versions.ts';
import { insertRequest } from '../../src/store/requests.ts';

export const ROLE: Role = {
  name: 'invoice-reader',
  tier: 2,
  categories: ['billing'],
  owner: 'group:finance',
  description: 'Read invoices.',
  aws: { method: 'assume-role', role: 'curfew/invoice-reader', sessionPolicy: null, allows: [] },
  azure: null,
  gcp: null,
};

export const TARGET: Target = {
  key: 'aws/prod',
  provider: 'aws',
  kind: 'account',
  native: '444455556666',
  description: 'Production',
  labels: { env: 'prod' },
  parent: null,
  owners: [],
};

type Over = Pick<NewGrant, 'slot' | 'method' | 'principal' | 'definition'>;

/**
 * Writes an approved request of one person with one scheduled grant that is due at `startsAt` (default: now). `place`: the cloud's names of
 * the shared slot that it stands on; without it the slot is its own. `over`: what the grant is for, instead of the role above.
 */
export async function scheduledGrant(
  database: Database,
  options: { durationMs?: number; startsAt?: Instant; place?: readonly string[]; role?: string; over?: Over } = {},
): Promise<GrantId> {
  const id = newId(systemRandom, 'grt');
  const role: Role = { ...ROLE, name: options.role ?? ROLE.name };
  await database.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    const person = await personIdFor(trx, 'ana', newId(systemRandom, 'per'), now);
    const request = newId(systemRandom, 'req');
    await keepPolicyVersion(trx, 'v1', [], now);
    await insertRequest(trx, {
      id: request,
      person,
      items: [{ role: role.name, target: TARGET.key }],
      reason: 'because',
      ticket: null,
      durationMs: options.durationMs ?? 900_000,
      startsAt: null,
      question: { requester: 'ana' },
      decision: { steps: [] },
      policyVersion: 'v1',
      createdAt: now,
      lapsesAt: after(now, 3_600_000),
      extends: null,
      state: { kind: 'approved', decidedAt: now },
    });
    await insertGrant(trx, {
      id,
      request,
      ordinal: 0,
      person,
      slot: slotKey('aws', 'assume-role', options.place ?? [id]),
      provider: 'aws',
      method: 'assume-role',
      principal: 'ana',
      durationMs: options.durationMs ?? 900_000,
      definition: { role, target: TARGET },
      startsAt: options.startsAt ?? now,
      ...options.over,
    });
  });
  return id;
}

/** Writes that somebody ends a grant, if it is not over already. */
export async function toldToEnd(database: Database, id: GrantId, kind: 'return' | 'revoke'): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    const grant = await findGrant(trx, id, true);
    const next = grant === null ? null : transitionGrant(grant.state, { kind }, now);
    if (next?.ok === true) await saveGrantState(trx, id, next.value, now);
  });
}

/** Writes an approved request to extend an active grant until a moment, and that this is what is to happen to it. */
export async function wantedExtension(database: Database, id: GrantId, until: Instant): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    const grant = await findGrant(trx, id, true);
    if (grant?.endsAt == null) throw new Error(`${id} does not run`);
    const request = newId(systemRandom, 'req');
    const durationMs = until - grant.endsAt;
    await insertRequest(trx, {
      id: request,
      person: grant.person,
      items: [{ role: grant.definition.role.name, target: grant.definition.target.key }],
      reason: 'because it takes longer',
      ticket: null,
      durationMs,
      startsAt: null,
      question: {},
      decision: { steps: [] },
      policyVersion: 'v1',
      createdAt: now,
      lapsesAt: grant.endsAt,
      extends: { grant: id, until, outcome: null },
      state: { kind: 'approved', decidedAt: now },
    });
    const limits = { maxDurationMs: until, extensions: 9, latestEndAt: until };
    const next = transitionGrant(grant.state, { kind: 'want-extension', extension: { request, until }, limits }, now);
    if (!next.ok) throw new Error(JSON.stringify(next.refusal));
    await saveGrantState(trx, id, next.value, now);
  });
}
