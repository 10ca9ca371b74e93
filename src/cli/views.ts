import { fields, isFields, list, number, numberOrNull, text, textOrNull, texts, type Fields } from './wire.ts';

/** What the CLI reads out of the API's answers; docs/openapi.json describes them whole. Times are RFC 3339. */
export interface PersonView {
  readonly key: string;
  readonly name: string;
}

export interface GrantView {
  readonly id: string;
  readonly status: string;
  readonly request: string;
  readonly role: string;
  readonly target: string;
  readonly provider: string;
  readonly person: PersonView;
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  /** Whether it is tried once more when it is proven gone, and the grant that it is the retry of. */
  readonly triesAgain: boolean;
  readonly retryOf: string | null;
  readonly endedAt: string | null;
  readonly cause: string | null;
  /** Why it may be said to be over, in a few words, and whether the access itself is gone; `keptUntil`: another grant keeps it. */
  readonly proof: {
    readonly kind: string;
    readonly at: string;
    readonly gone: boolean;
    readonly brief: string;
    readonly keptUntil: string | null;
  } | null;
  /** What can survive its end, and what was said of that before the approval. */
  readonly residual: string | null;
  readonly residualBefore: string | null;
  /** For how long after its end that can survive, milliseconds; `null` when nobody knows a bound. */
  readonly residualMaxMs: number | null;
  /** The person's own identity that the access is put on; `null` when credentials are handed out. */
  readonly landing: {
    readonly identity: string;
    readonly words: string;
    readonly azure: { readonly scope: string; readonly roleDefinition: string } | null;
  } | null;
  readonly lastFault: string | null;
  /** What its start waits for, and until when at least, if anybody knows. */
  readonly waits: { readonly until: string | null; readonly why: string } | null;
  readonly serverTime: string;
  /** Credentials handed out before this no longer work in the cloud, and new ones have to be fetched. */
  readonly reissueAfter: string | null;
}

/** Somebody who may decide a step; on call now where the step names a rotation. */
export interface DeciderView extends PersonView {
  readonly onCall: boolean;
}

export interface StepView {
  readonly rule: string;
  readonly from: readonly string[];
  readonly count: number;
  readonly missing: number;
  readonly approvedBy: readonly PersonView[];
  /** The first of those whose yes it still takes, and how many that are. */
  readonly eligible: readonly DeciderView[];
  readonly eligibleCount: number;
}

export interface RequestView {
  readonly id: string;
  readonly status: string;
  readonly requester: PersonView;
  readonly items: readonly ItemView[];
  readonly reason: string;
  readonly ticket: string | null;
  readonly duration: string;
  /** The shortest time that was approved, where that is less than was asked. */
  readonly grantedDurationMs: number | null;
  /** Whoever approves it has to sign with a passkey. */
  readonly needsSignature: boolean;
  /** When the access begins, if not as soon as it is approved. */
  readonly startsAt: string | null;
  readonly createdAt: string;
  readonly lapsesAt: string;
  readonly decidedAt: string | null;
  /** What people have said to it, oldest first. */
  readonly decisions: readonly DecisionView[];
  readonly steps: readonly StepView[];
  readonly reasons: readonly RuleText[];
  readonly grants: readonly GrantView[];
  /** The grant that it asks to keep for longer, and what has become of that; `null`: it asks for access. */
  readonly extends: { readonly grant: string; readonly until: string; readonly status: string } | null;
  readonly next: string;
}

/** One thing that is asked for. */
export interface ItemView {
  readonly role: string;
  readonly target: string;
  readonly tier: number | null;
  /** What the cloud would be told, while it waits, and what would survive the end. */
  readonly plan: string | null;
  readonly residual: string | null;
}

/** One person's yes or no. */
export interface DecisionView {
  readonly by: PersonView;
  readonly verdict: string;
  readonly comment: string | null;
  /** Said with a passkey. */
  readonly signed: boolean;
  /** What it was given for has changed since, so that it does not count. */
  readonly setAside: boolean;
}

export interface RuleText {
  readonly rule: string;
  readonly text: string;
}

export interface CatalogueItem {
  readonly role: string;
  readonly target: string;
  readonly provider: string;
  readonly tier: number;
  readonly description: string;
  readonly requestable: boolean;
  readonly path: string;
  readonly why: string;
  readonly defaultDurationMs: number;
  readonly maxDurationMs: number;
}

export function grantView(of: Fields): GrantView {
  const proof = isFields(of['proof']) ? of['proof'] : null;
  const residual = words(of['residual']);
  const landing = isFields(of['landing']) ? of['landing'] : null;
  const waits = isFields(of['waits']) ? of['waits'] : null;
  return {
    id: text(of, 'id'),
    status: text(of, 'status'),
    request: text(of, 'request'),
    role: text(of, 'role'),
    target: text(of, 'target'),
    provider: text(of, 'provider'),
    person: personView(fields(of['person'], 'person')),
    startsAt: textOrNull(of, 'startsAt'),
    endsAt: textOrNull(of, 'endsAt'),
    triesAgain: of['triesAgain'] === true,
    retryOf: textOrNull(of, 'retryOf'),
    endedAt: textOrNull(of, 'endedAt'),
    cause: textOrNull(of, 'cause'),
    proof: proof === null ? null : proofView(proof),
    residual,
    residualBefore: words(of['residualBefore']) ?? residual,
    residualMaxMs: isFields(of['residual']) ? numberOrNull(of['residual'], 'maxMs') : null,
    landing: landing === null ? null : landingView(landing),
    lastFault: textOrNull(of, 'lastFault'),
    waits: waits === null ? null : { until: textOrNull(waits, 'until'), why: text(waits, 'why') },
    serverTime: text(of, 'serverTime'),
    reissueAfter: textOrNull(of, 'reissueAfter'),
  };
}

function landingView(of: Fields): NonNullable<GrantView['landing']> {
  const azure = isFields(of['azure']) ? of['azure'] : null;
  return {
    identity: text(of, 'identity'),
    words: text(of, 'words'),
    azure: azure === null ? null : { scope: text(azure, 'scope'), roleDefinition: text(azure, 'roleDefinition') },
  };
}

export function requestView(of: Fields): RequestView {
  const longer = isFields(of['extends']) ? of['extends'] : null;
  return {
    id: text(of, 'id'),
    status: text(of, 'status'),
    requester: personView(fields(of['requester'], 'requester')),
    items: list(of, 'items', (item) => ({
      role: text(item, 'role'),
      target: text(item, 'target'),
      tier: numberOrNull(item, 'tier'),
      plan: textOrNull(item, 'plan'),
      residual: words(item['residual']),
    })),
    reason: textOrNull(of, 'reason') ?? '',
    ticket: textOrNull(of, 'ticket'),
    duration: text(of, 'duration'),
    grantedDurationMs: numberOrNull(of, 'grantedDurationMs'),
    needsSignature: of['needsSignature'] === true,
    startsAt: textOrNull(of, 'startsAt'),
    createdAt: text(of, 'createdAt'),
    lapsesAt: text(of, 'lapsesAt'),
    decidedAt: textOrNull(of, 'decidedAt'),
    decisions: list(of, 'decisions', decisionView),
    steps: list(of, 'steps', stepView),
    reasons: list(of, 'reasons', ruleText),
    grants: list(of, 'grants', grantView),
    extends:
      longer === null
        ? null
        : { grant: text(longer, 'grant'), until: text(longer, 'until'), status: text(longer, 'status') },
    next: textOrNull(of, 'next') ?? '',
  };
}

function proofView(of: Fields): GrantView['proof'] {
  return {
    kind: text(of, 'kind'),
    at: text(of, 'at'),
    gone: of['gone'] === true,
    brief: text(of, 'brief'),
    keptUntil: textOrNull(of, 'keptUntil'),
  };
}

function words(of: unknown): string | null {
  return isFields(of) ? textOrNull(of, 'words') : null;
}

function decisionView(of: Fields): DecisionView {
  return {
    by: personView(fields(of['by'], 'by')),
    verdict: text(of, 'verdict'),
    comment: textOrNull(of, 'comment'),
    signed: of['signed'] === true,
    setAside: of['setAside'] === true,
  };
}

function stepView(of: Fields): StepView {
  return {
    rule: text(of, 'rule'),
    from: texts(of, 'from'),
    count: number(of, 'count'),
    missing: number(of, 'missing'),
    approvedBy: list(of, 'approvedBy', personView),
    ...decidersIn(of),
  };
}

/** Whose yes a step takes, with their number where there are more than are named. */
export function decidersIn(of: Fields): Pick<StepView, 'eligible' | 'eligibleCount'> {
  const eligible = list(of, 'eligible', (one) => ({ ...personView(one), onCall: one['onCall'] === true }));
  return { eligible, eligibleCount: numberOrNull(of, 'eligibleCount') ?? eligible.length };
}

export function personView(of: Fields): PersonView {
  const key = text(of, 'key');
  return { key, name: textOrNull(of, 'name') ?? key };
}

export function ruleText(of: Fields): RuleText {
  return { rule: text(of, 'rule'), text: text(of, 'text') };
}

export function catalogueItem(of: Fields): CatalogueItem {
  return {
    role: text(of, 'role'),
    target: text(of, 'target'),
    provider: text(of, 'provider'),
    tier: number(of, 'tier'),
    description: text(of, 'description'),
    requestable: of['requestable'] === true,
    path: text(of, 'path'),
    why: text(of, 'why'),
    defaultDurationMs: number(of, 'defaultDurationMs'),
    maxDurationMs: number(of, 'maxDurationMs'),
  };
}

/**
 * When the access was over. A grant that nobody ended early was over at its end, even if the proof of it came later, as long as what
 * was handed out carried that end itself. `null` while it is not over.
 */
export function overAt(grant: GrantView): string | null {
  const { endsAt, endedAt } = grant;
  const byItself = grant.cause === 'expired' && grant.proof?.kind === 'by-construction';
  return byItself && endsAt !== null && endedAt !== null && endsAt < endedAt ? endsAt : endedAt;
}

/** Whether a grant is one that can be used, or will be in a moment. */
export function isLive(grant: GrantView): boolean {
  return grant.status === 'active' || grant.status === 'activating' || grant.status === 'scheduled';
}
