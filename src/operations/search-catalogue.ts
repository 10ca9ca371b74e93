import { invariant, ok, type Result } from '../core/result.ts';
import type { Role, Tier } from '../core/role.ts';
import type { ProviderName, Target } from '../core/target.ts';
import { directoryIndex } from '../policy/directory-index.ts';
import { mayAlways } from './authorisation.ts';
import { cursorOf, inOrderOfNames, parseCursor, targetsWhere, type Pair } from './browse-catalogue.ts';
import { catalogueIndex } from './catalogue-index.ts';
import { findMatches, type Match } from './find-matches.ts';
import { judgeRequest } from './judge-request.ts';
import type { OperationRefusal } from './refusal.ts';
import { inBoth, noTargets, positionsOf, type TargetBits } from './target-bits.ts';
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

/** Pairs that are decided for one answer at most; matches beyond are counted. */
const MOST_JUDGED = 1_000;
/** A role is judged on so many targets before others that match as well have their turn. */
const TURN = 4;
/** Refusals in a row after which a role's other targets come last. */
const PATIENCE = 40;

/** What is looked for. */
export interface CatalogueQuery {
  readonly q: string;
  readonly limit: number;
  /** `best`: what fits best comes first, and there is one page; `name`: all of it, page by page. Absent: `best`. */
  readonly order?: 'best' | 'name';
  /** Of the page before; only in the order of names. */
  readonly cursor?: string;
  /** One role by its name, and one target by its own. */
  readonly role?: string;
  readonly target?: string;
  readonly provider?: ProviderName;
}

export interface CataloguePage {
  readonly items: readonly CatalogueItem[];
  /** How many there are, also on other pages. */
  readonly total: number;
  readonly nextCursor: string | null;
}

const NOTHING: CataloguePage = { items: [], total: 0, nextCursor: null };

/**
 * Searches roles on targets by words. Every word must occur in the role, its description, its categories, the target, or
 * its labels; matches in names come first. What no policy offers to this person is listed only when nothing else matches: then the
 * answer is whom to ask. `total` counts all matches, also those beyond the limit.
 */
export function searchCatalogue(
  world: World,
  actor: Actor,
  query: CatalogueQuery,
): Result<CataloguePage, OperationRefusal> {
  if (!mayAlways('searchCatalogue', actor)) return ok(NOTHING);
  const after = query.cursor === undefined ? null : parseCursor(query.cursor);
  if (after?.ok === false) return after;
  const { policy, directory } = world.rules.current();
  const index = catalogueIndex(policy);
  const groups = directoryIndex(directory).groupsOf(actor.key);
  const { role: named, target, provider } = query;
  const places =
    target === undefined && provider === undefined
      ? null
      : targetsWhere(index, (one) => one.key === (target ?? one.key) && one.provider === (provider ?? one.provider));
  const within = (role: Role, targets: TargetBits): TargetBits => {
    const none = noTargets(index.targets.length);
    if (named !== undefined && role.name !== named) return none;
    return places === null ? targets : (inBoth(targets, places) ?? none);
  };
  const offered = findMatches(index, query.q, (role) => within(role, index.offered(role, actor.key, groups)));
  const fitting = () => findMatches(index, query.q, (role) => within(role, index.fitting(role)));
  const see = ({ role, target }: Pair) => judge(world, actor, role, target);
  if (query.order === 'name') {
    const found = offered.total > 0 ? offered : fitting();
    const pairs = inOrderOfNames(index, found.matches, after?.value ?? null);
    return ok({ ...pageOfNames(pairs, see, query.limit, found === offered), total: found.total });
  }
  const look = (role: Role, position: number) => {
    const found = index.targets[position];
    invariant(found !== undefined, `there is a target ${position}`);
    return see({ role, target: found.thing });
  };
  const judged = judgeInTurns(offered.matches, look, MOST_JUDGED, query.limit);
  const standing = judged.filter((one) => one.offered);
  if (standing.length > 0) {
    const items = inOrder(standing).slice(0, query.limit);
    return ok({ items, total: offered.total - (judged.length - standing.length), nextCursor: null });
  }
  const others = fitting();
  const items = inOrder(judgeInTurns(others.matches, look, query.limit, query.limit));
  return ok({ items, total: others.total, nextCursor: null });
}

/** A page in the order of names. One of which too much had to be looked at is shorter than was asked for, and says where the next one begins. */
function pageOfNames(
  pairs: Iterable<Pair>,
  see: (pair: Pair) => Omit<Judged, 'rank'>,
  limit: number,
  offeredOnly: boolean,
): Pick<CataloguePage, 'items' | 'nextCursor'> {
  const items: CatalogueItem[] = [];
  let looked = 0;
  let last: Pair | null = null;
  for (const pair of pairs) {
    // There is one more than what was looked at: this is not the last page.
    if (last !== null && (items.length === limit || looked === MOST_JUDGED))
      return { items, nextCursor: cursorOf(last) };
    const { item, offered } = see(pair);
    if (offered || !offeredOnly) items.push(item);
    looked += 1;
    last = pair;
  }
  return { items, nextCursor: null };
}

interface Judged {
  readonly item: CatalogueItem;
  readonly offered: boolean;
  readonly rank: number;
}

/** What can be requested comes first, then the better match, and of equal ones the less sensitive: nobody should get more for not having looked. */
function inOrder(judged: readonly Judged[]): readonly CatalogueItem[] {
  return [...judged]
    .sort(
      ({ item: a, rank: rankA }, { item: b, rank: rankB }) =>
        Number(b.requestable) - Number(a.requestable) ||
        rankA - rankB ||
        b.tier - a.tier ||
        a.role.localeCompare(b.role) ||
        a.target.localeCompare(b.target),
    )
    .map((one) => one.item);
}

/**
 * Judges the best matches until `wanted` of them can be requested, or `most` are judged. Roles that match alike take turns: one that is
 * refused on a thousand targets must not hide what this person can have.
 */
function judgeInTurns(
  matches: readonly Match[],
  look: (role: Role, target: number) => Omit<Judged, 'rank'>,
  most: number,
  wanted: number,
): readonly Judged[] {
  const judged: Judged[] = [];
  const leftOut: { readonly match: Match; readonly targets: readonly number[] }[] = [];
  let requestable = 0;
  const isEnough = () => judged.length >= most || requestable >= wanted;
  const see = ({ role, rank }: Match, target: number): boolean => {
    const one = look(role, target);
    judged.push({ ...one, rank });
    if (one.item.requestable) requestable += 1;
    return one.item.requestable;
  };
  for (let from = 0, to = 0; from < matches.length && !isEnough(); from = to) {
    while (matches[to]?.rank === matches[from]?.rank) to += 1;
    const waiting = matches.slice(from, to).map((match, n) => ({ match, tries: tries(match.targets, n), hit: false }));
    for (let turn = waiting.shift(); turn !== undefined && !isEnough(); turn = waiting.shift()) {
      let step = turn.tries.next(turn.hit);
      for (let n = 1; step.done !== true; n += 1) {
        turn.hit = see(turn.match, step.value);
        if (n === TURN || isEnough()) break;
        step = turn.tries.next(turn.hit);
      }
      if (step.done === true) leftOut.push({ match: turn.match, targets: step.value });
      else waiting.push(turn);
    }
  }
  for (const { match, targets } of leftOut) for (const target of targets) if (!isEnough()) see(match, target);
  return judged;
}

/**
 * Yields targets to try and is told of each whether it was a hit: after a hit the next one, after a miss one far from all before, because
 * what is refused on a target is often refused on its neighbours. `shift` makes roles try different places. Gives up after many misses
 * in a row and returns what was left out.
 */
function* tries(targets: TargetBits, shift: number): Generator<number, readonly number[], boolean> {
  const positions = positionsOf(targets);
  const seen = new Set<number>();
  const stride = coprimeStride(positions.length);
  let misses = 0;
  for (let n = 0; n <= positions.length && misses < PATIENCE; n += 1) {
    let hit = true;
    for (
      let at = n === 0 ? 0 : ((n + shift) * stride) % positions.length;
      hit && at < positions.length && !seen.has(at);
      at += 1
    ) {
      seen.add(at);
      hit = yield positions[at] ?? 0;
      misses = hit ? 0 : misses + 1;
    }
  }
  return positions.filter((_, at) => !seen.has(at));
}

/** A step that, taken again and again around a circle, falls on every place once and soon has been everywhere near: by the golden ratio. */
function coprimeStride(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let stride = Math.max(1, Math.round(count * 0.618));
  while (divisor(count, stride) > 1) stride += 1;
  return stride;
}

function judge(world: World, actor: Actor, role: Role, target: Target): Omit<Judged, 'rank'> {
  const { decision, refusal } = judgeRequest(world, world.rules.current(), {
    now: world.clock.now(),
    requester: actor.key,
    items: [{ role: role.name, target: target.key }],
    // The catalogue asks "could I?": what a request must still say (reason, ticket) is not held against it.
    reason: 'x'.repeat(200),
    ticket: 'CATALOGUE-1',
    context: actor.context,
  });
  const absent = !world.providers.has(target.provider);
  const automatic = decision.steps.length === 0;
  const path = absent ? 'later' : refusal !== null ? 'refused' : automatic ? 'automatic' : 'approval';
  const why = absent
    ? `${target.provider} cannot be provided by this installation yet.`
    : refusal !== null
      ? refusal.detail
      : automatic
        ? 'By rule, at once.'
        : `Needs ${decision.steps.map((step) => `${step.count} of ${step.from.join(', ')}`).join(' and ')}.`;
  const item: CatalogueItem = {
    role: role.name,
    target: target.key,
    provider: target.provider,
    tier: role.tier,
    description: role.description,
    categories: role.categories,
    owner: role.owner,
    labels: target.labels,
    requestable: refusal === null && !absent,
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
