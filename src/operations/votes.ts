import type { Instant } from '../core/time.ts';
import { readDocument } from '../ledger/decision-document.ts';
import type { ApprovalRecord } from '../store/approvals.ts';
import type { RequestRecord } from '../store/requests.ts';
import { definitionHash, needsSignedApproval } from './step-up.ts';
import type { RulesInForce } from './world.ts';

/** The approvals of a request as `openSteps` counts them: by human, and none that was set aside or given by whoever asks, under whatever id. */
export function votesIn(said: readonly ApprovalRecord[]): readonly { by: string; human: string; at: Instant }[] {
  return said.flatMap(({ verdict, key, human, own, setAside, at }) =>
    verdict === 'approve' && !own && !setAside ? [{ by: key, human, at }] : [],
  );
}

/**
 * What people said to a request, with every yes set aside that the rules in force do not take for one while it waits: said without a passkey
 * to what takes one now, or signed over what a role no longer is. The engine would refuse to begin on it, so it must not count before.
 */
export function takenNow(
  rules: RulesInForce,
  request: Pick<RequestRecord, 'state' | 'items'>,
  said: readonly ApprovalRecord[],
): readonly ApprovalRecord[] {
  if (request.state.kind !== 'pending' || said.length === 0) return said;
  const mustBeSigned = needsSignedApproval(rules, request.items);
  return said.map((one) => {
    if (one.verdict === 'deny' || one.setAside) return one;
    const { signed } = one;
    const holds = signed === null ? !mustBeSigned : isStillAbout(rules, request.items, signed.document);
    return holds ? one : { ...one, setAside: true };
  });
}

/** Whether the roles are what they were when somebody signed. A document that nobody can read is for the engine to alarm about. */
function isStillAbout(rules: RulesInForce, items: RequestRecord['items'], text: string): boolean {
  const document = readDocument('curfew.approval', text);
  if (document === null) return true;
  return items.every(({ role }, n) => document.items[n]?.definition === definitionHash(rules, role));
}
