import { sql, type Insertable, type Selectable } from 'kysely';
import type { ProposalOutcome, ProposedChange } from '../core/administration.ts';
import type { PersonId, ProposalId } from '../core/ids.ts';
import { invariant } from '../core/result.ts';
import { toIso, type Instant } from '../core/time.ts';
import { fromNow, isAnyOf } from './columns.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** A change that an admin proposed; it waits for a second person until it lapses. */
export type Proposal = ProposedChange & {
  readonly id: ProposalId;
  /** In the words of whoever proposed it. */
  readonly reason: string;
  readonly proposedBy: PersonId;
  readonly proposedAt: Instant;
  readonly lapsesAt: Instant;
  /** `null`: nobody has decided it, and perhaps nobody can any more. */
  readonly outcome: ProposalOutcome | null;
};

export async function insertProposal(trx: Trx, proposal: Proposal): Promise<void> {
  await trx
    .insertInto('proposal')
    .values({
      id: proposal.id,
      reason: proposal.reason,
      proposed_by: proposal.proposedBy,
      proposed_at: toIso(proposal.proposedAt),
      lapses_at: toIso(proposal.lapsesAt),
      ...columnsOf(proposal),
    })
    .execute();
}

/** Reads a proposal and keeps everybody else from deciding it until the transaction ends. */
export async function lockProposal(trx: Trx, id: ProposalId): Promise<Proposal | null> {
  const row = await trx.selectFrom('proposal').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  return row === undefined ? null : toProposal(row);
}

export async function findProposal(db: Db | Trx, id: ProposalId): Promise<Proposal | null> {
  const row = await db.selectFrom('proposal').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toProposal(row);
}

/** Proposals that can still be decided, oldest first. */
export async function openProposals(db: Db | Trx): Promise<readonly Proposal[]> {
  const rows = await db
    .selectFrom('proposal')
    .selectAll()
    .where('outcome', 'is', null)
    .where(sql<boolean>`lapses_at > app_now()`)
    .orderBy('proposed_at')
    .orderBy('id')
    .execute();
  return rows.map(toProposal);
}

/** How many proposals a human made in the last `withinMs`, under whichever of these ids, whatever became of them. */
export async function countProposedBy(trx: Trx, people: readonly PersonId[], withinMs: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from proposal
    where ${isAnyOf('proposed_by', people)} and proposed_at > ${fromNow(-withinMs)}`.execute(trx);
  return rows[0]?.count ?? 0;
}

export async function saveOutcome(
  trx: Trx,
  id: ProposalId,
  outcome: ProposalOutcome,
  by: PersonId,
  at: Instant,
): Promise<void> {
  await trx
    .updateTable('proposal')
    .set({ outcome, decided_by: by, decided_at: toIso(at) })
    .where('id', '=', id)
    .execute();
}

type Columns = Pick<
  Insertable<Schema['proposal']>,
  'action' | 'person_id' | 'role' | 'other_id' | 'grants' | 'account_id'
>;

function columnsOf(change: ProposedChange): Columns {
  const { action, person } = change;
  const none = { action, person_id: person, role: null, other_id: null, grants: null, account_id: null };
  if (change.action === 'merge') return { ...none, other_id: change.other, grants: change.grants };
  if (change.action === 'release') return { ...none, account_id: change.account };
  return { ...none, role: change.role };
}

function changeOf(row: Selectable<Schema['proposal']>): ProposedChange {
  const { id, action, person_id: person, role, other_id: other, grants, account_id: account } = row;
  if (action === 'merge') {
    invariant(other !== null && grants !== null, `${id} merges nobody`);
    return { action, person, other, grants };
  }
  if (action === 'release') {
    invariant(account !== null, `${id} releases nothing`);
    return { action, person, account };
  }
  invariant(role !== null, `${id} is about no role`);
  return { action, person, role };
}

function toProposal(row: Selectable<Schema['proposal']>): Proposal {
  return {
    ...changeOf(row),
    id: row.id,
    reason: row.reason,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    lapsesAt: row.lapses_at,
    outcome: row.outcome,
  };
}
