import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { EventKind } from '../ledger/entry.ts';
import { bodiesAbout } from '../store/ledger-entries.ts';
import { personKeys } from '../store/people.ts';
import type { DecisionView } from './views.ts';
import type { World } from './world.ts';

/** One thing that happened to a request or its grants, in words. */
export interface TimelineItem {
  readonly at: string;
  readonly kind: string;
  readonly actor: string;
  readonly text: string;
}

/** The fields of an entry's body that are shown; written by `ledger/append.ts` alone. */
interface Body {
  readonly kind: EventKind;
  readonly at: string;
  readonly actor: { readonly kind: 'person'; readonly id: PersonId } | { readonly kind: 'system'; readonly id: string };
  readonly facts: Readonly<Record<string, unknown>>;
  readonly late?: boolean;
}

/** What the ledger says about a request and its grants, oldest first; comments stand beside it, so that they can be erased. */
export async function timelineOf(
  world: World,
  request: RequestId,
  grants: readonly GrantId[],
  decisions: readonly DecisionView[],
): Promise<readonly TimelineItem[]> {
  const bodies = (await bodiesAbout(world.db, request, grants)).map((row) => JSON.parse(row.body) as Body);
  const people = bodies.flatMap((body) => (body.actor.kind === 'person' ? [body.actor.id] : []));
  const keys = await personKeys(world.db, people);
  const { directory } = world.rules.current();
  return bodies.map((body) => {
    const key = body.actor.kind === 'person' ? (keys.get(body.actor.id) ?? body.actor.id) : body.actor.id;
    const actor = body.actor.kind === 'person' ? (directory.people.get(key)?.name ?? key) : `Curfew (${key})`;
    const comment = commentOf(body.kind, key, decisions);
    return {
      at: body.at,
      kind: body.kind,
      actor,
      text: `${wordsFor(body)}${comment === null ? '' : `: ${comment}`}${body.late === true ? ' (recorded late)' : ''}`,
    };
  });
}

function commentOf(kind: EventKind, key: string, decisions: readonly DecisionView[]): string | null {
  if (kind !== 'approval.given' && kind !== 'approval.refused') return null;
  return decisions.find((one) => one.by.key === key)?.comment ?? null;
}

/** A later end had left for the cloud, and nobody learned that it arrived: until then the access could have lasted without us. */
function boundWords({ evidence }: Body['facts']): string {
  const bound =
    typeof evidence === 'object' && evidence !== null && 'boundUntil' in evidence ? evidence.boundUntil : null;
  return typeof bound === 'string' ? `; the latest end that was on its way into the cloud: ${bound}` : '';
}

function wordsFor(body: Body): string {
  const { facts } = body;
  const say = (name: string): string => {
    const value = facts[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  switch (body.kind) {
    case 'request.submitted':
      return say('until') === '' ? 'asked for it' : `asked to keep it until ${say('until')}`;
    case 'request.approved':
      return `approved ${say('until') === '' ? 'it' : `the end at ${say('until')}`}${facts['automatic'] === true ? ' by rule' : ': every step is satisfied'}`;
    case 'request.refused':
      return say('until') === '' ? 'asked, and was refused' : `asked to keep it until ${say('until')}, and was refused`;
    case 'request.denied':
      return `denied it (${say('by')})`;
    case 'request.withdrawn':
      return say('revocation') === '' ? 'took the request back' : `withdrew the request (${say('revocation')})`;
    case 'request.lapsed':
      return say('cause') === 'grant-ended'
        ? 'the access ended before this was decided; it lapsed'
        : 'nobody decided in time; it lapsed';
    case 'approval.given':
      return 'said yes';
    case 'approval.refused':
      return 'said no';
    case 'grant.scheduled':
      return `scheduled ${say('role')} on ${say('target')}${say('retryOf') === '' ? '' : ' once more'}`;
    case 'grant.activating':
      return `started the clock; it ends at ${say('endsAt')}`;
    case 'grant.active':
      return 'the access is usable';
    case 'grant.not-retried':
      return `it is not tried again (${say('cause')})`;
    case 'grant.extending':
      return `is telling the cloud the later end ${say('until')}`;
    case 'grant.extended':
      return `the cloud has the later end; it ends at ${say('endsAt')}`;
    case 'grant.not-extended':
      return `it is not extended: ${say('text') || say('message')}`;
    case 'grant.ending':
      return say('cause') === 'returned'
        ? 'gave the access back; it is being taken away'
        : `is taking the access away (${say('cause')})${facts['triesAgain'] === true ? '; once it is gone, it is tried once more' : ''}`;
    case 'grant.ended':
      return `the access is gone (${say('cause')}; proof: ${say('proof')})${boundWords(facts)}`;
    case 'grant.failed':
      return `it did not become usable${say('text') === '' ? '' : `: ${say('text')}`} (proof that nothing is left: ${say('proof')})`;
    case 'grant.tidied':
      return 'removed what earlier access had left in the cloud, which nothing needs any more';
    case 'credential.issued':
      return `took a credential, usable until ${say('usableUntil')}`;
    case 'console.opened':
      return 'opened the console';
    case 'finding.raised':
      return `needs attention: ${say('finding')}${say('attempts') === '' ? '' : ` after ${say('attempts')} attempts`}`;
    default:
      return body.kind;
  }
}
