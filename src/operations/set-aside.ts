import type { Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { setAsideApprovals, type ApprovalRecord } from '../store/approvals.ts';
import type { RequestRecord } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { whyAside } from './votes.ts';
import type { RulesInForce, World } from './world.ts';

/**
 * Notes for good that some of what was said counts for nothing (`votes.ts`): the engine verifies what counts, and the log says why the rest
 * does not. `before`: the same approvals in the same order, as they were stored.
 */
export async function setAside(
  world: Pick<World, 'append'>,
  trx: Trx,
  deciding: { readonly request: RequestRecord; readonly said: readonly ApprovalRecord[]; readonly now: Instant },
  before: readonly ApprovalRecord[],
  rules: RulesInForce,
): Promise<void> {
  const { request, said, now } = deciding;
  const aside = said.filter((one, n) => one.setAside && before[n]?.setAside === false);
  if (aside.length === 0) return;
  const persons = aside.map(({ person }) => person);
  await setAsideApprovals(trx, request.id, persons);
  const why = whyAside(rules, request);
  const entries = aside.map((one): NewEntry => ({
    kind: 'approval.set-aside',
    at: now,
    actor: { kind: 'system', id: 'policy' },
    subjects: { request: request.id, person: request.person },
    facts: { approver: one.person, because: why(one), policyVersion: rules.policy.version },
  }));
  await world.append(trx, ...entries);
}
