import { sql, type Selectable } from 'kysely';
import type { CurfewRole, ProposalOutcome, RoleAction } from '../core/administration.ts';
import type { PersonId, ProposalId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** That somebody is to get a role of Curfew itself, or to lose it; it waits for a second person until it lapses. */
export interface RoleProposal {
  readonly id: ProposalId;
  readonly action: RoleAction;
  readonly role: CurfewRole;
  readonly person: PersonId;
  readonly proposedBy: PersonId;
  readonly proposedAt: Instant;
  readonly lapsesAt: Instant;
  /** `null`: nobody has decided it, and perhaps nobody can any more. */
  readonly outcome: ProposalOutcome | null;
}

export async function insertProposal(trx: Trx, proposal: Omit<RoleProposal, 'outcome'>): Promise<void> {
  await trx
    .insertInto('role_proposal')
    .values({
      id: proposal.id,
      action: proposal.action,
      role: proposal.role,
      person_id: proposal.person,
      proposed_by: proposal.proposedBy,
      proposed_at: toIso(proposal.proposedAt),
      lapses_at: toIso(proposal.lapsesAt),
    })
    .execute();
}

/** Reads a proposal and keeps everybody else from deciding it until the transaction ends. */
export async function lockProposal(trx: Trx, id: ProposalId): Promise<RoleProposal | null> {
  const row = await trx.selectFrom('role_proposal').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  return row === undefined ? null : toProposal(row);
}

/** Proposals that can still be decided, oldest first. */
export async function openProposals(db: Db | Trx): Promise<readonly RoleProposal[]> {
  const rows = await db
    .selectFrom('role_proposal')
    .selectAll()
    .where('outcome', 'is', null)
    .where(sql<boolean>`lapses_at > app_now()`)
    .orderBy('proposed_at')
    .orderBy('id')
    .execute();
  return rows.map(toProposal);
}

export async function saveOutcome(
  trx: Trx,
  id: ProposalId,
  outcome: ProposalOutcome,
  by: PersonId,
  at: Instant,
): Promise<void> {
  await trx
    .updateTable('role_proposal')
    .set({ outcome, decided_by: by, decided_at: toIso(at) })
    .where('id', '=', id)
    .execute();
}

function toProposal(row: Selectable<Schema['role_proposal']>): RoleProposal {
  return {
    id: row.id,
    action: row.action,
    role: row.role,
    person: row.person_id,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    lapsesAt: row.lapses_at,
    outcome: row.outcome,
  };
}
