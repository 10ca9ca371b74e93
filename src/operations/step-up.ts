import type { RequestId } from '../core/ids.ts';
import type { GivenFor, Meaning } from '../core/meaning.ts';
import { isSignedTier } from '../core/role.ts';
import { hashOf, meaningOf } from '../ledger/decision-document.ts';
import type { ApprovalStep, Decision, Item } from '../policy/types.ts';
import { holdersAmong } from '../store/passkeys.ts';
import type { RequestRecord } from '../store/requests.ts';
import type { Db, Trx } from '../store/schema.ts';
import { principalFor } from './grant-shape.ts';
import type { OperationRefusal } from './refusal.ts';
import { storedQuestion } from './stored-decision.ts';
import type { RulesInForce, World } from './world.ts';

/** Whether somebody's approval of these items must be signed by a passkey; a terminal cannot give it. */
export function needsSignedApproval(rules: RulesInForce, items: readonly Item[]): boolean {
  return isSignedTier(strictestTier(rules, items));
}

/** The most sensitive tier among some items. A role that the rules do not have counts as the most sensitive there is. */
export function strictestTier({ policy }: RulesInForce, items: readonly Item[]): number {
  return Math.min(...items.map((item) => policy.roles.get(item.role)?.tier ?? 0));
}

/** What an item means by the rules in force. */
export function meaningNow({ policy }: RulesInForce, { role, target }: Item): Meaning {
  return meaningOf(policy.roles.get(role), policy.vocabulary.targets.get(target));
}

/** What a yes to each item of a request would be given for now. */
export function givenForNow(
  rules: RulesInForce,
  request: Pick<RequestRecord, 'items' | 'question' | 'createdAt'>,
): readonly GivenFor[] {
  const { requester } = storedQuestion(request);
  const isKnown = rules.directory.people.has(requester);
  return request.items.map((item) => {
    const provider = rules.policy.vocabulary.targets.get(item.target)?.provider;
    const called = provider === undefined || !isKnown ? null : principalFor(rules.directory, requester, provider);
    return { ...meaningNow(rules, item), identity: hashOf({ provider: provider ?? null, called }) };
  });
}

/** What somebody hears who approves without a passkey what needs one. The hint is where they can. */
export function signatureRequired({ passkeys }: Pick<World, 'passkeys'>, id: RequestId): OperationRefusal {
  return {
    code: 'signature-required',
    detail: 'Approving roles of tier 0 and 1 takes your passkey, over exactly what you approve.',
    hint: approvalPage(passkeys.origin, id),
  };
}

/** The page on which a request can be decided with a passkey. */
export function approvalPage(origin: string, id: RequestId): string {
  return `${origin}/approvals/${id}`;
}

/** How a request is decided by whoever may: the page where a passkey signs, or a command. */
export function whereDecided({ passkeys }: Pick<World, 'passkeys'>, id: RequestId, needsSignature: boolean): string {
  return needsSignature ? approvalPage(passkeys.origin, id) : `curfew approve ${id}`;
}

/** A step that cannot be satisfied until somebody registers a passkey. */
export interface UnsignableStep {
  readonly step: string;
  /** Directory keys of those who may decide it and have no passkey. */
  readonly without: readonly string[];
}

/**
 * The steps of a decision that too few of those who may decide them could sign now. Nothing is refused for it: a passkey is registered in
 * a minute, and the one who asks should know whom to tell.
 */
export async function unsignableSteps(
  db: Db | Trx,
  rules: RulesInForce,
  items: readonly Item[],
  { steps }: Pick<Decision, 'steps'>,
): Promise<readonly UnsignableStep[]> {
  if (steps.length === 0 || !needsSignedApproval(rules, items)) return [];
  const holders = await holdersAmong(db, [...new Set(steps.flatMap(peopleOf))]);
  return steps.flatMap((step) => {
    const people = peopleOf(step);
    const without = people.filter((key) => !holders.has(key));
    return people.length - without.length < step.count ? [{ step: step.id, without }] : [];
  });
}

function peopleOf({ eligible, escalatesTo }: ApprovalStep): readonly string[] {
  return [...new Set([...eligible, ...escalatesTo])];
}
