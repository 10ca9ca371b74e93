import type { GrantId, RequestId } from '../core/ids.ts';
import { bodiesAbout } from '../store/ledger-entries.ts';
import { personKeys } from '../store/people.ts';
import { entryWords, type EntryBody } from './entry-words.ts';
import type { DecisionView } from './views.ts';
import type { World } from './world.ts';

/** One thing that happened to a request or its grants, in words. */
export interface TimelineItem {
  readonly at: string;
  readonly kind: string;
  readonly actor: string;
  readonly text: string;
  /** What the log keeps of the cloud at this: fingerprints of what was handed out, the proof and its evidence. Empty: nothing. */
  readonly cloud: Readonly<Record<string, unknown>>;
}

/** Facts of an entry that are about the cloud itself. */
const ABOUT_CLOUD = [
  'fingerprint',
  'fingerprints',
  'policyHash',
  'expiresAt',
  'standing',
  'proof',
  'evidence',
] as const;

/** What the ledger says about a request and its grants, oldest first; comments stand beside it, so that they can be erased. */
export async function timelineOf(
  world: World,
  request: RequestId,
  grants: readonly GrantId[],
  decisions: readonly DecisionView[],
): Promise<readonly TimelineItem[]> {
  const bodies = (await bodiesAbout(world.db, request, grants)).map((row) => JSON.parse(row.body) as EntryBody);
  const people = bodies.flatMap((body) => (body.actor.kind === 'person' ? [body.actor.id] : []));
  const keys = await personKeys(world.db, people);
  const { directory } = world.rules.current();
  return bodies.map((body) => {
    const key = body.actor.kind === 'person' ? (keys.get(body.actor.id) ?? body.actor.id) : body.actor.id;
    const actor = body.actor.kind === 'person' ? (directory.people.get(key)?.name ?? key) : `Curfew (${key})`;
    const comment = commentOf(body, key, decisions);
    return {
      at: body.at,
      kind: body.kind,
      actor,
      text: `${entryWords(body)}${comment === null ? '' : `: ${comment}`}${body.late === true ? ' (recorded late)' : ''}`,
      cloud: cloudFacts(body),
    };
  });
}

/** The facts of an entry that are about the cloud, as they stand in the log. */
export function cloudFacts({ facts }: Pick<EntryBody, 'facts'>): TimelineItem['cloud'] {
  return Object.fromEntries(ABOUT_CLOUD.flatMap((name) => (name in facts ? [[name, facts[name]]] : [])));
}

/** Who decided again has said two things at two times. */
function commentOf({ kind, at }: EntryBody, key: string, decisions: readonly DecisionView[]): string | null {
  if (kind !== 'approval.given' && kind !== 'approval.refused') return null;
  return decisions.find((one) => one.by.key === key && one.at === at)?.comment ?? null;
}
