import type { Meaning } from '../core/meaning.ts';
import type { Instant } from '../core/time.ts';
import type { ApprovalRecord } from '../store/approvals.ts';
import type { RequestRecord } from '../store/requests.ts';
import { givenForNow, needsSignedApproval } from './step-up.ts';
import type { RulesInForce } from './world.ts';

/** The approvals of a request as `openSteps` counts them: by human, and none that was set aside or given by whoever asks, under whatever id. */
export function votesIn(said: readonly ApprovalRecord[]): readonly { by: string; human: string; at: Instant }[] {
  return said.flatMap(({ verdict, key, human, own, setAside, at }) =>
    verdict === 'approve' && !own && !setAside ? [{ by: key, human, at }] : [],
  );
}

/**
 * What people said to a request, with every yes set aside that the rules in force do not take for one while it waits: said without a passkey
 * to what takes one now, or given for what a role or a target no longer is, or for who the requester no longer is in that cloud. It would count
 * for something that its giver never saw, so it must not count before they look again.
 */
export function takenNow(
  rules: RulesInForce,
  request: Pick<RequestRecord, 'state' | 'items' | 'question' | 'createdAt'>,
  said: readonly ApprovalRecord[],
): readonly ApprovalRecord[] {
  if (request.state.kind !== 'pending' || said.length === 0) return said;
  const why = whyAside(rules, request);
  return said.map((one) => (one.setAside || why(one) === null ? one : { ...one, setAside: true }));
}

/** Why a yes counts for nothing: `unspecified` is one from before it was kept what it was given for. */
export type AsideCause = 'not-signed' | 'role-changed' | 'target-changed' | 'identity-changed' | 'unspecified';

/** Tells of each thing that was said to a request why the rules in force do not take it for a yes; `null`: they do, or it is a no. */
export function whyAside(
  rules: RulesInForce,
  request: Pick<RequestRecord, 'items' | 'question' | 'createdAt'>,
): (said: ApprovalRecord) => AsideCause | null {
  const mustBeSigned = needsSignedApproval(rules, request.items);
  const now = givenForNow(rules, request);
  return ({ verdict, signed, givenFor }) => {
    if (verdict === 'deny') return null;
    if (mustBeSigned && signed === null) return 'not-signed';
    if (givenFor === null) return 'unspecified';
    const changed = (what: keyof Meaning) => now.some((meaning, n) => givenFor[n]?.[what] !== meaning[what]);
    const isAnother = now.some(({ identity }, n) => (givenFor[n]?.identity ?? identity) !== identity);
    if (changed('definition')) return 'role-changed';
    if (changed('targetDefinition')) return 'target-changed';
    return isAnother ? 'identity-changed' : null;
  };
}
