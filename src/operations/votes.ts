import type { Meaning } from '../core/meaning.ts';
import type { Instant } from '../core/time.ts';
import type { ApprovalRecord } from '../store/approvals.ts';
import type { RequestRecord } from '../store/requests.ts';
import { meaningNow, needsSignedApproval } from './step-up.ts';
import type { RulesInForce } from './world.ts';

/** The approvals of a request as `openSteps` counts them: by human, and none that was set aside or given by whoever asks, under whatever id. */
export function votesIn(said: readonly ApprovalRecord[]): readonly { by: string; human: string; at: Instant }[] {
  return said.flatMap(({ verdict, key, human, own, setAside, at }) =>
    verdict === 'approve' && !own && !setAside ? [{ by: key, human, at }] : [],
  );
}

/**
 * What people said to a request, with every yes set aside that the rules in force do not take for one while it waits: said without a passkey
 * to what takes one now, or given for what a role or a target no longer is. It would count for something that its giver never saw, so it must
 * not count before they look again.
 */
export function takenNow(
  rules: RulesInForce,
  request: Pick<RequestRecord, 'state' | 'items'>,
  said: readonly ApprovalRecord[],
): readonly ApprovalRecord[] {
  if (request.state.kind !== 'pending' || said.length === 0) return said;
  const why = whyAside(rules, request.items);
  return said.map((one) => (one.setAside || why(one) === null ? one : { ...one, setAside: true }));
}

/** Why a yes counts for nothing: `unspecified` is one from before it was kept what it was given for. */
export type AsideCause = 'not-signed' | 'role-changed' | 'target-changed' | 'unspecified';

/** Tells of each thing that was said to some items why the rules in force do not take it for a yes; `null`: they do, or it is a no. */
export function whyAside(
  rules: RulesInForce,
  items: RequestRecord['items'],
): (said: ApprovalRecord) => AsideCause | null {
  const mustBeSigned = needsSignedApproval(rules, items);
  const now = items.map((item) => meaningNow(rules, item));
  return ({ verdict, signed, givenFor }) => {
    if (verdict === 'deny') return null;
    if (mustBeSigned && signed === null) return 'not-signed';
    if (givenFor === null) return 'unspecified';
    const changed = (what: keyof Meaning) => now.some((meaning, n) => givenFor[n]?.[what] !== meaning[what]);
    if (changed('definition')) return 'role-changed';
    return changed('targetDefinition') ? 'target-changed' : null;
  };
}
