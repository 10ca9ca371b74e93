import { definedOn, type Role, type Tier } from '../core/role.ts';
import type { Target } from '../core/target.ts';
import { decide } from '../policy/decide.ts';
import { needsSignedApproval, SIGNED_APPROVAL_MISSING } from './step-up.ts';
import type { Actor, World } from './world.ts';

/** One role on one target, and whether this person could ask for it. */
export interface CatalogueItem {
  readonly role: string;
  readonly target: string;
  readonly provider: string;
  readonly tier: Tier;
  readonly description: string;
  readonly categories: readonly string[];
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly requestable: boolean;
  /** How it would be decided: by rule, by people, not at all, or not yet because the provider does not exist. */
  readonly path: 'automatic' | 'approval' | 'refused' | 'later';
  readonly why: string;
  readonly defaultDurationMs: number;
  readonly maxDurationMs: number;
}

/** Decisions computed for one answer at most; more matches are counted, not judged. */
const JUDGED = 200;

/**
 * Searches roles on targets by words. Every word must occur in the role, its description, its categories, the target, or
 * its labels; matches in names come first. What a person cannot get is listed with the reason, not hidden: knowing whom
 * to ask is the point of a catalogue.
 */
export function searchCatalogue(
  world: World,
  actor: Actor,
  query: { q: string; limit: number },
): { items: readonly CatalogueItem[]; total: number } {
  const words = query.q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const { policy } = world.rules.current();
  const scored: { role: Role; target: Target; score: number }[] = [];
  for (const role of policy.roles.values()) {
    for (const target of policy.vocabulary.targets.values()) {
      if (!definedOn(role, target.provider)) continue;
      const score = scoreOf(role, target, words);
      if (score > 0) scored.push({ role, target, score });
    }
  }
  const ranked = scored.sort(
    (a, b) => b.score - a.score || a.role.name.localeCompare(b.role.name) || a.target.key.localeCompare(b.target.key),
  );
  const judged = ranked.slice(0, JUDGED).map(({ role, target }) => judge(world, actor, role, target));
  // What this person is not offered at all is listed only when nothing better matches: then the answer is whom to ask.
  const offered = judged.some((one) => one.offered) ? judged.filter((one) => one.offered) : judged;
  const sorted = offered.sort((a, b) => Number(b.item.requestable) - Number(a.item.requestable)).map((one) => one.item);
  return { items: sorted.slice(0, query.limit), total: sorted.length };
}

function scoreOf(role: Role, target: Target, words: readonly string[]): number {
  if (words.length === 0) return 1;
  const labels = Object.entries(target.labels).map(([key, value]) => `${key}=${value}`);
  const fields: readonly (readonly [string, number])[] = [
    [role.name.toLowerCase(), 8],
    [target.key.toLowerCase(), 6],
    [target.native.toLowerCase(), 6],
    [role.categories.join(' ').toLowerCase(), 3],
    [labels.join(' ').toLowerCase(), 3],
    [role.description.toLowerCase(), 2],
    [target.description.toLowerCase(), 1],
  ];
  let total = 0;
  for (const word of words) {
    const best = Math.max(0, ...fields.map(([text, weight]) => (text.includes(word) ? weight : 0)));
    if (best === 0) return 0;
    total += best;
  }
  return total;
}

function judge(world: World, actor: Actor, role: Role, target: Target): { item: CatalogueItem; offered: boolean } {
  const { policy, directory } = world.rules.current();
  const decision = decide(policy, directory, {
    now: world.clock.now(),
    requester: actor.key,
    items: [{ role: role.name, target: target.key }],
    // The catalogue asks "could I?": what a request must still say (reason, ticket) is not held against it.
    reason: 'x'.repeat(200),
    ticket: 'CATALOGUE-1',
    context: actor.context,
  });
  const absent = !world.providers.has(target.provider);
  const allowed = decision.effect === 'allow';
  const unsigned =
    allowed &&
    decision.steps.length > 0 &&
    needsSignedApproval(world.rules.current(), [{ role: role.name, target: target.key }]);
  const later = absent || unsigned;
  const path = later ? 'later' : !allowed ? 'refused' : decision.steps.length === 0 ? 'automatic' : 'approval';
  const why = absent
    ? `${target.provider} cannot be provided by this installation yet.`
    : unsigned
      ? SIGNED_APPROVAL_MISSING.detail
      : allowed
        ? decision.steps.length === 0
          ? 'By rule, at once.'
          : `Needs ${decision.steps.map((step) => `${step.count} of ${step.from.join(', ')}`).join(' and ')}.`
        : (decision.refusals[0]?.text ?? 'No rule allows it.');
  const item: CatalogueItem = {
    role: role.name,
    target: target.key,
    provider: target.provider,
    tier: role.tier,
    description: role.description,
    categories: role.categories,
    owner: role.owner,
    labels: target.labels,
    requestable: allowed && !later,
    path,
    why,
    defaultDurationMs: decision.defaultDurationMs,
    maxDurationMs: decision.maxDurationMs,
  };
  const unoffered = decision.refusals.some(
    (refusal) => refusal.code === 'no-matching-policy' || refusal.code === 'role-not-defined-on-target',
  );
  return { item, offered: !unoffered };
}
