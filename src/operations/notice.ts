import { createHash } from 'node:crypto';
import type { PersonId, RequestId } from '../core/ids.ts';
import {
  NOTIFICATIONS,
  type MessageKind,
  type NotificationKind,
  type NotificationOutcome,
} from '../core/notification.ts';
import { proofWords, type ProofWords } from '../core/proof.ts';
import type { RequestState } from '../core/request.ts';
import { assertNever } from '../core/result.ts';
import type { Tier } from '../core/role.ts';
import type { Instant } from '../core/time.ts';
import { findGrants, grantsOfRequests, type GrantRecord } from '../store/grants.ts';
import { isMuted, type ClaimedNotification } from '../store/notifications.ts';
import { humanOf, personKeys } from '../store/people.ts';
import { approvalsOf, type ApprovalRecord } from '../store/approvals.ts';
import { findRequest, type RequestRecord } from '../store/requests.ts';
import { residualBefore } from './grant-shape.ts';
import { hasHadTheirSay, isStillNeeded } from './still-needed.ts';
import { takenNow } from './votes.ts';
import { warningOccasion } from './plan-notifications.ts';
import type { RulesInForce, World } from './world.ts';

/** A message as it stands when it is sent. Times are instants; words that people wrote (`reason`, `comment`) are as they wrote them. */
export interface Notice {
  readonly kind: NotificationKind;
  readonly to: { readonly name: string; readonly address: string };
  readonly request: RequestId;
  /** 24 hex digits, the same for the same message to the same person however often it is sent. */
  readonly key: string;
  readonly happenedAt: Instant;
  /** By name and key, as {@link nameAndKey} says; so is `decided.by`. */
  readonly requester: string;
  readonly items: readonly NoticeItem[];
  readonly reason: string;
  readonly ticket: string | null;
  readonly durationMs: number;
  readonly startsAt: Instant | null;
  readonly lapsesAt: Instant;
  /** The later end that it asks for, when it asks to extend a grant. */
  readonly until: Instant | null;
  readonly state: RequestState;
  /** Who decided it last, with their words; `null`: nobody. */
  readonly decided: { readonly by: string; readonly comment: string | null } | null;
  readonly grant: NoticeGrant | null;
}

export interface NoticeItem {
  readonly role: string;
  readonly target: string;
  readonly tier: Tier | null;
}

/** The grant that a message is about. */
export interface NoticeGrant {
  readonly role: string;
  readonly target: string;
  readonly endsAt: Instant | null;
  readonly cause: string | null;
  readonly endedAt: Instant | null;
  readonly proof: ProofWords | null;
  /** What the cloud lets survive the end; `null`: nothing, or nobody can say. */
  readonly residual: string | null;
  readonly triedAgain: boolean;
}

/** What is to be told now, or why nothing is. */
export async function noticeOf(
  world: World,
  message: ClaimedNotification,
): Promise<Notice | Extract<NotificationOutcome, 'overtaken' | 'no-address'>> {
  const { kind } = message;
  if (!isAboutRequest(kind)) return 'overtaken';
  const rules = world.rules.current();
  const { directory, policy } = rules;
  // Nobody has an address then, and nothing is refused for good: it is tried again.
  if (directory.people.size === 0) throw new Error('nobody is known, because the directory cannot be read');
  const request = message.request === null ? null : await findRequest(world.db, message.request);
  if (request === null) return 'overtaken';
  const said = takenNow(rules, request, (await approvalsOf(world.db, [request.id])).get(request.id) ?? []);
  const keys = await personKeys(world.db, [message.person, request.person]);
  const key = keys.get(message.person) ?? '';
  const [about] = message.grant === null ? [] : await findGrants(world.db, [message.grant]);
  const made = await grantsOfRequests(world.db, [request.id]);
  const humans = { human: await humanOf(world.db, message.person), requester: await humanOf(world.db, request.person) };
  const hearsActive = kind !== 'approved' || !(await isMuted(world.db, { ...message, kind: 'active' }));
  const stand = { request, said, about: about ?? null, made, hearsActive, ...humans };
  if (isOvertaken(rules, { ...message, kind }, key, stand)) return 'overtaken';
  const person = directory.people.get(key);
  if (person === undefined || !person.active || !isAddress(person.email)) return 'no-address';
  const nameOf = (of: string): string => nameAndKey(directory, of);
  const last = said.at(-1);
  return {
    kind,
    to: { name: person.name, address: person.email },
    request: request.id,
    key: messageKey(message),
    happenedAt: message.happenedAt,
    requester: nameOf(keys.get(request.person) ?? ''),
    items: request.items.map((item) => ({ ...item, tier: policy.roles.get(item.role)?.tier ?? null })),
    reason: request.reason,
    ticket: request.ticket,
    durationMs: request.durationMs,
    startsAt: request.startsAt,
    lapsesAt: request.lapsesAt,
    until: request.extends?.until ?? null,
    state: request.state,
    decided: last === undefined ? null : { by: nameOf(last.key), comment: last.comment },
    grant: about === undefined ? null : noticeGrant(world, about, made),
  };
}

function noticeGrant(world: World, grant: GrantRecord, made: readonly GrantRecord[]): NoticeGrant {
  const { state } = grant;
  const over = state.kind === 'ended' || state.kind === 'failed' ? state : null;
  const residual = grant.residual ?? residualBefore(world.providers, grant);
  return {
    role: grant.definition.role.name,
    target: grant.definition.target.key,
    endsAt: grant.endsAt,
    cause: state.kind === 'ended' || state.kind === 'ending' ? state.cause : null,
    endedAt: over?.endedAt ?? null,
    proof: over === null ? null : proofWords(over.proof),
    residual: residual === null || residual.maxMs === 0 ? null : residual.words,
    triedAgain: made.some(({ retryOf }) => retryOf === grant.id),
  };
}

/** A message about a request. */
type Pending = ClaimedNotification & { readonly kind: NotificationKind };

function isAboutRequest(kind: MessageKind): kind is NotificationKind {
  return (NOTIFICATIONS as readonly string[]).includes(kind);
}

interface Stand {
  readonly request: RequestRecord;
  /** Who would be told, and who asked: each the person that all of the same human are counted as. */
  readonly human: PersonId;
  readonly requester: PersonId;
  readonly said: readonly ApprovalRecord[];
  readonly about: GrantRecord | null;
  readonly made: readonly GrantRecord[];
  /** Whether whoever would be told wants to hear that access is usable. */
  readonly hearsActive: boolean;
}

/** Whether something has happened since that makes the message wrong, or a summons to do what is done. */
function isOvertaken(rules: RulesInForce, pending: Pending, key: string, stand: Stand): boolean {
  const { kind, now, occasion } = pending;
  const { said, about, made } = stand;
  switch (kind) {
    case 'waits':
    case 'escalated':
    case 'decide-again':
      return (
        !isStillNeeded(rules, stand.request, said, key, now, { escalated: kind === 'escalated' }) ||
        hasHadTheirSay(stand.human, stand.requester, rules, stand.request, said)
      );
    case 'approved':
      return made.length > 0 && made.every(({ state }) => isToldItself(state.kind, stand.hearsActive));
    case 'active':
    case 'extended':
      return about?.state.kind !== 'active';
    case 'ending-soon': {
      if (about?.state.kind !== 'active' || now >= about.state.endsAt) return true;
      return occasion !== `ending-soon:${warningOccasion(about.id, about.state.endsAt)}`;
    }
    case 'not-gone':
      return about?.state.kind !== 'ending';
    case 'denied':
    case 'lapsed':
    case 'withdrawn':
    case 'not-extended':
      return false;
    case 'ended':
    case 'failed':
      return about === null;
    default:
      return assertNever(kind);
  }
}

/** Whether a message about a grant has said that it was approved, too, or that it is over. */
function isToldItself(kind: GrantRecord['state']['kind'], hearsActive: boolean): boolean {
  if (kind === 'active') return hearsActive;
  return kind === 'ending' || kind === 'ended' || kind === 'failed';
}

/** The same for the same message to the same person however often it is sent: 24 hex digits. */
export function messageKey({ occasion, person }: Pick<ClaimedNotification, 'occasion' | 'person'>): string {
  return createHash('sha256').update(`${occasion}\n${person}`).digest('hex').slice(0, 24);
}

/** How whoever is told names somebody: by name and key, because names can be alike. */
export function nameAndKey({ people }: RulesInForce['directory'], key: string): string {
  return `${people.get(key)?.name ?? key} (${key})`;
}

/** One plain address: anything else in the directory could be a list, or a header. */
export function isAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>()[\]\\,;:"\p{Cc}]+@[^\s@<>()[\]\\,;:"\p{Cc}]+$/u.test(text);
}
