import type { GrantState } from '../core/grant.ts';
import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { LapseCause, RequestState } from '../core/request.ts';
import type { Tier } from '../core/role.ts';
import { formatDuration, isoOrNull, toIso, type Instant } from '../core/time.ts';
import { openSteps } from '../policy/approvals.ts';
import type { Reason } from '../policy/types.ts';
import type { Landing, Residual } from '../providers/contract.ts';
import { findGrants, grantsOfRequests, type GrantRecord } from '../store/grants.ts';
import { approvalsOf, type ApprovalRecord } from '../store/approvals.ts';
import type { RequestRecord } from '../store/requests.ts';
import { agreedDurationMs, extensionUntil } from './agreed-duration.ts';
import { landingOf, residualBefore } from './grant-shape.ts';
import { planOfItem, residualOfItem, wordsOfItem, type ItemWords } from './item-outlook.ts';
import { LAPSE_WORDS } from './lapse-words.ts';
import { personView, type PersonView } from './person-view.ts';
import { proofView, type ProofView } from './proof-view.ts';
import { needsSignedApproval, whereDecided } from './step-up.ts';
import { stepView, type StepView } from './step-view.ts';
import { decidableBy } from './still-needed.ts';
import { storedDecision, storedQuestion } from './stored-decision.ts';
import { extensionView, type ExtensionView } from './extension-view.ts';
import { staleWords } from './show-policy.ts';
import { keysIn, keysOf } from './known-keys.ts';
import { faultOrWait } from './start-wait.ts';
import { takenNow, votesIn } from './votes.ts';
import type { Actor, World } from './world.ts';

/** A grant as the API shows it. Times are RFC 3339. */
export interface GrantView {
  readonly id: GrantId;
  readonly status: GrantState['kind'];
  readonly request: RequestId;
  readonly role: string;
  readonly target: string;
  readonly tier: Tier;
  readonly provider: string;
  readonly method: string;
  readonly person: PersonView;
  readonly duration: string;
  readonly durationMs: number;
  readonly startsAt: string;
  readonly activatedAt: string | null;
  readonly usableAt: string | null;
  /** A credential issued before this is dead; ask for a new one. */
  readonly reissueAfter: string | null;
  readonly endsAt: string | null;
  /** The latest end that was ever on its way into the cloud: later than `endsAt` when an extension was not confirmed. */
  readonly boundUntil: string | null;
  /** How often its end was moved to later. */
  readonly extended: number;
  /** The grant that this one is the only retry of, and whether this one gets a retry once it is proven gone. */
  readonly retryOf: GrantId | null;
  readonly triesAgain: boolean;
  readonly endedAt: string | null;
  readonly cause: string | null;
  readonly proof: ProofView | null;
  /** What can survive its end: as was said before the approval, until the cloud says something else of this very grant. */
  readonly residual: Residual;
  /** What was said before the approval. */
  readonly residualBefore: Residual;
  /** The identity of the person that the access is put on, when nothing is handed out. `null`: credentials are. */
  readonly landing: Landing | null;
  readonly lastFault: string | null;
  /** What a start waits for, and until when at least; `until` is `null` where nobody knows. Its time has not begun to run. */
  readonly waits: { readonly until: string | null; readonly why: string } | null;
  readonly serverTime: string;
}

/** What one person said to a request. */
export interface DecisionView {
  readonly by: PersonView;
  readonly verdict: 'approve' | 'deny';
  readonly comment: string | null;
  readonly at: string;
  /** The longest that this person agreed to, where that is less than was asked. */
  readonly durationMs: number | null;
  /** Said with a passkey, over exactly what was approved. */
  readonly signed: boolean;
  /** What it was given for has changed since, so that this yes does not count; while the request waits, its giver can decide again. */
  readonly setAside: boolean;
}

/** A request as the API shows it, with its steps, its grants and what happens next. */
export interface RequestView {
  readonly id: RequestId;
  readonly status: RequestState['kind'];
  readonly requester: PersonView;
  readonly items: readonly (ItemWords & {
    readonly role: string;
    readonly target: string;
    readonly grant: GrantId | null;
    /** What the cloud would be told, while a new grant waits for a decision; `null`: it is decided, is an extension, or could not be made now. */
    readonly plan: string | null;
    /** What is said before anybody agrees to survive its end; `null`: nobody can say. */
    readonly residual: Residual | null;
  })[];
  readonly reason: string;
  readonly ticket: string | null;
  readonly duration: string;
  readonly durationMs: number;
  /** The shortest time that anybody has approved so far; `null`: nobody has made it shorter. */
  readonly grantedDurationMs: number | null;
  /** Whoever approves it has to sign with a passkey. */
  readonly needsSignature: boolean;
  /** Whether whoever looks can say yes or no to it now. Also where it waits for others: one no is enough. */
  readonly mayDecide: boolean;
  /** When the access begins; `null`: as soon as it is approved. */
  readonly startsAt: string | null;
  readonly createdAt: string;
  readonly lapsesAt: string;
  readonly decidedAt: string | null;
  readonly deniedBy: 'approver' | 'policy' | null;
  readonly lapseCause: LapseCause | null;
  readonly policyVersion: string;
  /** The rules in force, by which this view was made: whoever says yes says which they saw. */
  readonly rulesVersion: string;
  /** Sources of people that are older now than they should be, in words. */
  readonly stale: readonly string[];
  readonly steps: readonly StepView[];
  /** What people have said to it, oldest first. */
  readonly decisions: readonly DecisionView[];
  readonly reasons: readonly Reason[];
  /** The grants that came out of it; for an extension the grant that it is about. */
  readonly grants: readonly GrantView[];
  /** What it is to lengthen; `null`: it asks for access. */
  readonly extends: ExtensionView | null;
  readonly next: string;
}

/** Builds the views of some requests with a few queries, whatever their number. */
export async function requestViews(
  world: World,
  requests: readonly RequestRecord[],
  actor: Actor,
): Promise<readonly RequestView[]> {
  const ids = requests.map((request) => request.id);
  // Nobody can have voted where nobody had to.
  const votable = requests.filter((request) => storedDecision(request).steps.length > 0).map((request) => request.id);
  const extended = requests.flatMap((request) => request.extends?.grant ?? []);
  const [made, approvals] = [await grantsOfRequests(world.db, ids), await approvalsOf(world.db, votable)];
  const grants = [...made, ...(await findGrants(world.db, extended))];
  const said = [...approvals.values()].flat();
  const people = [...requests.map((one) => one.person), ...grants.map((one) => one.person)];
  const keys = new Map([...(await keysOf(world, people, actor)), ...keysIn(said)]);
  const decidable = await decidableBy(world, world.db, actor, requests, approvals);
  return requests.map((request) => {
    const own = grants.filter(({ id, request: of }) => of === request.id || id === request.extends?.grant);
    return requestView(world, request, own, approvals.get(request.id) ?? [], keys, actor, decidable.has(request.id));
  });
}

/**
 * The view of a request for whoever has just written to it: asked for it, taken it back or decided it, so that they decide nothing more of
 * it. From what was written, with what people have said to it: nothing is read.
 */
export function writtenRequestView(
  world: World,
  request: RequestRecord,
  grants: readonly GrantRecord[],
  said: readonly ApprovalRecord[],
  actor: Actor,
): RequestView {
  const requester = [request.person, storedQuestion(request).requester] as const;
  const keys = new Map([requester, ...keysIn(said), [actor.person, actor.key] as const]);
  return requestView(world, request, grants, said, keys, actor, false);
}

function requestView(
  world: World,
  request: RequestRecord,
  own: readonly GrantRecord[],
  approvals: readonly ApprovalRecord[],
  keys: ReadonlyMap<PersonId, string>,
  actor: Actor,
  mayDecide: boolean,
): RequestView {
  const now = world.clock.now();
  const decision = storedDecision(request);
  const said = takenNow(world.rules.current(), request, approvals);
  const decisions = said.map((one) => ({
    by: personView(world, keys.get(one.person) ?? ''),
    verdict: one.verdict,
    comment: one.comment,
    at: toIso(one.at),
    durationMs: one.durationMs,
    signed: one.signed !== null,
    setAside: one.setAside,
  }));
  const agreedMs = agreedDurationMs(request, said);
  const needsSignature = needsSignedApproval(world.rules.current(), request.items);
  const steps = openSteps(decision, votesIn(said)).map((step) => stepView(world, step, actor.key));
  const grantViews = own.map((grant) => grantView(world, grant, keys, now));
  const extension = extensionView(request, extensionUntil(request, agreedMs), own, now);
  return {
    id: request.id,
    status: request.state.kind,
    requester: personView(world, keys.get(request.person) ?? ''),
    items: request.items.map((item, ordinal) => {
      const grant = own.findLast((grant) => grant.ordinal === ordinal || request.extends !== null);
      return {
        ...item,
        ...wordsOfItem(world, item),
        grant: grant?.id ?? null,
        plan: planOfItem(world, request, keys.get(request.person) ?? '', item),
        residual: grant === undefined ? residualOfItem(world, item) : residualBefore(world.providers, grant),
      };
    }),
    reason: request.reason,
    ticket: request.ticket,
    duration: formatDuration(request.durationMs),
    durationMs: request.durationMs,
    grantedDurationMs: agreedMs < request.durationMs ? agreedMs : null,
    needsSignature: needsSignature && decision.steps.length > 0,
    mayDecide,
    startsAt: isoOrNull(request.startsAt),
    createdAt: toIso(request.createdAt),
    lapsesAt: toIso(request.lapsesAt),
    decidedAt: request.state.kind === 'pending' ? null : toIso(request.state.decidedAt),
    deniedBy: request.state.kind === 'denied' ? request.state.by : null,
    lapseCause: request.state.kind === 'lapsed' ? request.state.cause : null,
    policyVersion: request.policyVersion,
    rulesVersion: world.rules.current().policy.version,
    stale: staleWords(world.rules.current()),
    steps,
    decisions,
    reasons: decision.reasons,
    grants: grantViews,
    extends: extension,
    next: nextStep(
      request,
      steps,
      decisions,
      grantViews,
      extension,
      actor,
      mayDecide ? whereDecided(world, request.id, needsSignature) : null,
    ),
  };
}

/** Builds the views of some grants. `actor` is `null` for a page that anybody may read. */
export async function grantViews(
  world: World,
  grants: readonly GrantRecord[],
  actor: Actor | null,
): Promise<readonly GrantView[]> {
  const people = grants.map((grant) => grant.person);
  const keys = await keysOf(world, people, actor);
  const now = world.clock.now();
  return grants.map((grant) => shownTo(actor, grant, grantView(world, grant, keys, now)));
}

/** What the cloud said about a fault names accounts and roles: whom a grant concerns reads it with its request, others see its kind. */
function shownTo(actor: Actor | null, { person }: GrantRecord, view: GrantView): GrantView {
  const [kind = null] = view.lastFault?.split(':') ?? [];
  return person === actor?.person ? view : { ...view, lastFault: kind };
}

function grantView(world: World, grant: GrantRecord, keys: ReadonlyMap<PersonId, string>, now: Instant): GrantView {
  const { role, target } = grant.definition;
  const state = grant.state;
  const before = residualBefore(world.providers, grant) ?? UNKNOWN_RESIDUAL;
  return {
    id: grant.id,
    status: state.kind,
    request: grant.request,
    role: role.name,
    target: target.key,
    tier: role.tier,
    provider: grant.provider,
    method: grant.method,
    person: personView(world, keys.get(grant.person) ?? ''),
    duration: formatDuration(grant.durationMs),
    durationMs: grant.durationMs,
    startsAt: toIso(grant.startsAt),
    activatedAt: isoOrNull(grant.activatedAt),
    usableAt: isoOrNull(grant.usableAt),
    reissueAfter: isoOrNull(grant.reissueAfter),
    endsAt: isoOrNull(grant.endsAt),
    boundUntil: isoOrNull(grant.boundUntil),
    extended: grant.extended,
    retryOf: grant.retryOf,
    triesAgain: grant.triesAgain && state.kind === 'ending',
    endedAt: 'endedAt' in state ? toIso(state.endedAt) : null,
    cause: 'cause' in state ? state.cause : state.kind === 'failed' ? 'failed' : null,
    proof: 'proof' in state ? proofView(state.proof) : null,
    residual: grant.residual ?? before,
    residualBefore: before,
    landing: landingOf(world.providers.get(grant.provider), { ...grant.definition, ...grant }),
    ...faultOrWait(grant),
    serverTime: toIso(now),
  };
}

const UNKNOWN_RESIDUAL: Residual = { maxMs: null, words: 'unknown: this provider is not configured here' };

function nextStep(
  request: RequestRecord,
  steps: readonly StepView[],
  decisions: readonly DecisionView[],
  grants: readonly GrantView[],
  extension: ExtensionView | null,
  actor: Actor,
  decidedBy: string | null,
): string {
  const ended = extension?.status === 'ended-first';
  if (ended && request.state.kind !== 'withdrawn') return 'The access ended before its end could be moved to later.';
  switch (request.state.kind) {
    case 'pending': {
      const open = steps.find((step) => step.missing > 0);
      if (open === undefined) return 'Nothing is missing; it is being decided.';
      const again = decisions.some(({ by, setAside }) => setAside && by.key === actor.key);
      if (again && decidedBy !== null)
        return `What you said yes to has changed since, so that it does not count. Decide again: ${decidedBy}`;
      if (decidedBy !== null && open.eligible.some((person) => person.key === actor.key))
        return `You can decide this: ${decidedBy}`;
      const names = open.eligible
        .slice(0, 5)
        .map(({ name, onCall }) => (onCall ? `${name} (on call)` : name))
        .join(', ');
      const more = open.eligibleCount > 5 ? ` and ${open.eligibleCount - 5} more` : '';
      return `Waiting for ${open.missing} of ${names}${more}.`;
    }
    case 'approved':
      if (extension?.status === 'writing')
        return `Approved; the cloud is being told that it ends at ${extension.until}.`;
      if (extension?.status === 'refused') return `It was not extended. Why: curfew why ${request.id}`;
      return `${latestOf(grants)
        .map((grant) => `${grant.role} on ${grant.target} ${wordsFor(grant)}`)
        .join('; ')}.`;
    case 'denied':
      return request.state.by === 'policy'
        ? 'The rules refuse it now. Ask again within what they allow.'
        : denialWords(decisions);
    case 'withdrawn':
      return `It was taken back. By whom: curfew why ${request.id}`;
    case 'lapsed':
      return `${LAPSE_WORDS[request.state.cause]} Ask again.`;
  }
}

function denialWords(decisions: readonly DecisionView[]): string {
  const no = decisions.find((one) => one.verdict === 'deny');
  if (no === undefined) return 'An approver said no.';
  return `${no.by.name} said no${no.comment === null ? '.' : `: ${no.comment}`}`;
}

/** Without those that were tried again. */
function latestOf(grants: readonly GrantView[]): readonly GrantView[] {
  return grants.filter(({ id }) => !grants.some((other) => other.retryOf === id));
}

function wordsFor(grant: GrantView): string {
  switch (grant.status) {
    case 'scheduled':
      if (grant.waits !== null)
        return `${grant.waits.until === null ? 'waits' : `starts at about ${grant.waits.until}`} (${grant.waits.why})`;
      return grant.startsAt > grant.serverTime ? `starts at ${grant.startsAt}` : 'starts at once';
    case 'activating':
      return 'is starting';
    case 'active':
      return `is usable until ${grant.endsAt ?? ''}`;
    case 'ending':
      return grant.triesAgain
        ? 'was not usable in time; once it is proven gone, it is tried once more'
        : 'is being taken away, and not yet proven gone';
    case 'ended':
      return 'is over';
    case 'failed':
      return 'did not become usable';
  }
}
