import type { DirectorySnapshot, Person } from '../core/directory.ts';
import { definedOn, type Role } from '../core/role.ts';
import type { Target } from '../core/target.ts';
import { directoryIndex } from './directory-index.ts';
import { didYouMean } from './documents/closest.ts';
import { judgeScope } from './judge-scope.ts';
import type { PolicyRule, PolicySet } from './rules.ts';
import { RequestFacts, Requester, type Facts } from './facts.ts';
import { scopesOf, selectPolicies, type Scope } from './scope.ts';
import type { Decision, Item, Question } from './types.ts';
import { Verdict } from './verdict.ts';

/**
 * Decides a question. The one function behind the preview, the decision, the second look before a grant starts, and the
 * replay: pure, so the same arguments always give the same answer.
 *
 * Every item is judged on its target and on everything below it. On each, every policy whose `who`, `roles` and `targets`
 * match takes part, and so does every guardrail; the strictest of each thing wins. No policy means no.
 *
 * Costs some tens of microseconds with a thousand policies, as long as few of them match at once.
 */
export function decide(policy: PolicySet, directory: DirectorySnapshot, question: Question): Decision {
  const verdict = new Verdict(policy, directory, question);
  const requester = directory.people.get(question.requester);
  if (requester === undefined || !requester.active) {
    const text =
      requester === undefined
        ? `Nobody in the directory is called "${question.requester}".`
        : `${requester.name} has left, so nothing can be asked for in this name.`;
    verdict.refuse({ code: 'unknown-requester', item: null, rule: 'default', text });
    return verdict.decision();
  }
  if (question.items.length === 0) {
    verdict.refuse({ code: 'no-matching-policy', item: null, rule: 'default', text: 'Nothing was asked for.' });
  }
  const index = directoryIndex(directory);
  const groups = index.groupsOf(requester.key);
  const scopes: Scope[] = [];
  for (const item of question.items) {
    if (!isKnown(policy, item, verdict)) continue;
    const candidates = selectPolicies(policy, item.role, requester.key, groups);
    for (const scope of scopesOf(policy, item, candidates, requester.key, groups)) {
      if (scope.selected.length === 0) refuseUnmatched(policy, scope, candidates, verdict);
      scopes.push(scope);
    }
  }
  const durationMs = durationOf(scopes, question);
  verdict.setDuration(durationMs);
  const facts = factsOf(verdict, requester, groups, durationMs);
  for (const scope of scopes)
    judgeScope(scope, { ...facts, role: scope.roleFacts, target: scope.targetFacts }, verdict, requester);
  verdict.conclude();
  return verdict.decision();
}

function isKnown(policy: PolicySet, item: Item, verdict: Verdict): boolean {
  const role = policy.roles.get(item.role);
  const target = policy.vocabulary.targets.get(item.target);
  if (role === undefined) {
    const hint = didYouMean(item.role, policy.roles.keys(), 'Search the catalogue for what you need to do.');
    verdict.refuse({
      code: 'unknown-role',
      item,
      rule: 'default',
      text: `There is no role "${item.role}".`,
      ...hinted(hint),
    });
  }
  if (target === undefined) {
    const hint = didYouMean(item.target, policy.vocabulary.targets.keys(), targetsLike(policy, item, role));
    const text = `There is no target "${item.target}".`;
    verdict.refuse({ code: 'unknown-target', item, rule: 'default', text, ...hinted(hint) });
  }
  if (role === undefined || target === undefined) return false;
  if (!definedOn(role, target.provider)) {
    const text = `${role.name} is not defined on ${target.provider}, where ${target.key} is.`;
    verdict.refuse({ code: 'role-not-defined-on-target', item, rule: 'default', text });
    return false;
  }
  if (!isPlaceFor(role, target)) {
    verdict.refuse({ code: 'role-not-defined-on-target', item, rule: 'default', ...misplaced(role, target) });
    return false;
  }
  if (!policy.vocabulary.available.has(target.provider)) {
    const text = `${target.key} is on ${target.provider}, which this installation cannot provide access to yet.`;
    verdict.refuse({ code: 'provider-not-available', item, rule: 'default', text });
    return false;
  }
  return true;
}

/**
 * Whether a target is a place in which a role can be. On AWS it is assumed, and an identity has its policies, in an account and not in what
 * holds accounts. On Azure a role is assigned anywhere but to a whole tenant, and a path below the target has to lead somewhere from it.
 */
export function isPlaceFor(role: Role, target: Target): boolean {
  if (target.provider === 'aws') return role.aws === null || target.kind === 'account';
  if (target.provider !== 'azure' || role.azure === null) return true;
  const { scope } = role.azure;
  switch (target.kind) {
    case 'subscription':
      return true;
    case 'resource-group':
      return scope === '' || scope.startsWith('providers/');
    default:
      return target.kind === 'management-group' && scope === '';
  }
}

/** Why a role cannot be in a target, and where it can. */
function misplaced(role: Role, target: Target): { readonly text: string; readonly hint: string } {
  if (target.provider !== 'azure')
    return {
      text: `${role.name} is assumed in an AWS account, and ${target.key} is an ${target.kind}.`,
      hint: 'Ask for the accounts below it, all in one request.',
    };
  const scope = role.azure?.scope ?? '';
  const at = scope === '' ? 'a management group, a subscription or a resource group' : `${scope} of a subscription`;
  return {
    text: `${role.name} is assigned in ${at}, and ${target.key} is a ${target.kind}.`,
    hint: 'Ask for the subscriptions below it, all in one request.',
  };
}

/** Targets that a part of a name leads to: `aws` and `prod` to `aws/prod`; those on which the role exists, when some are. */
function targetsLike(policy: PolicySet, item: Item, role: Role | undefined): string | undefined {
  const wanted = item.target.toLowerCase();
  const near = [...policy.vocabulary.targets.values()].filter(({ key }) => key.split('/').includes(wanted));
  const fitting = near.filter(
    (target) => role !== undefined && definedOn(role, target.provider) && isPlaceFor(role, target),
  );
  const keys = (fitting.length > 0 ? fitting : near).map(({ key }) => key).sort();
  if (keys.length === 0) return 'Search the catalogue: it lists roles with their targets.';
  return `did you mean ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ' or another' : ''}?`;
}

function refuseUnmatched(policy: PolicySet, scope: Scope, candidates: readonly PolicyRule[], verdict: Verdict): void {
  const { item, target } = scope;
  const below = target.key === item.target ? '' : `, which is below ${item.target}`;
  const text = `No policy lets ${verdict.question.requester} ask for ${item.role} on ${target.key}${below}.`;
  const hint = candidates.length > 0 ? `You can ask for ${item.role} on other targets.` : whoElse(policy, item.role);
  verdict.refuse({ code: 'no-matching-policy', item, rule: 'default', text, ...hinted(hint) });
}

/** Names the groups that can ask for a role: knowing whom to turn to is worth more than a bare no. */
function whoElse(policy: PolicySet, role: string): string | undefined {
  const groups = [...(policy.index.byRole.get(role)?.byGroup.keys() ?? [])].sort();
  if (groups.length === 0) return undefined;
  const shown = groups.slice(0, 5).join(', ');
  return `It can be asked for by people in ${shown}${groups.length > 5 ? ' and others' : ''}.`;
}

/**
 * The duration that expressions see and that the grant gets: the one asked for, else the shortest default. The latter
 * respects every limit that could apply, even under a condition, so that no condition is judged on a longer time than is given.
 */
function durationOf(scopes: readonly Scope[], question: Question): { readonly ms: number; readonly defaultMs: number } {
  let defaultMs = Number.POSITIVE_INFINITY;
  for (const scope of scopes) {
    for (const policy of scope.selected) defaultMs = Math.min(defaultMs, policy.defaultMs, policy.maxMs);
  }
  if (!Number.isFinite(defaultMs)) return { ms: question.durationMs ?? 0, defaultMs: 0 };
  for (const scope of scopes) {
    for (const guardrail of scope.guardrails)
      if (guardrail.maxMs !== null) defaultMs = Math.min(defaultMs, guardrail.maxMs);
  }
  return { ms: question.durationMs ?? defaultMs, defaultMs };
}

function factsOf(
  verdict: Verdict,
  requester: Person,
  groups: readonly string[],
  duration: { readonly ms: number },
): Omit<Facts, 'role' | 'target'> {
  const { question, directory } = verdict;
  const { context, now } = question;
  const index = directoryIndex(directory);
  const onCall = (rotation: string): boolean => {
    if (!directory.rotations.has(rotation)) throw new RangeError(`there is no on-call rotation "${rotation}"`);
    return index.onCall(rotation, now, now).includes(requester.key);
  };
  return {
    requester: new Requester(requester, groups, index.labelsOf(requester), onCall),
    request: new RequestFacts({
      via: context.via,
      durationMs: Number.isSafeInteger(duration.ms) ? BigInt(duration.ms) : 0n,
      startsAt: new Date(question.startsAt ?? now),
      network: context.network,
      reason: question.reason,
      ticket: question.ticket,
      mfaAgeMs: context.mfaAt === undefined ? undefined : BigInt(verdict.submittedAt - context.mfaAt),
    }),
    now: new Date(now),
  };
}

function hinted(hint: string | undefined): { readonly hint?: string } {
  return hint === undefined ? {} : { hint };
}
