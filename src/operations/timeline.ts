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
}

/** What entries about a request and its grants say, in their order; comments stand beside the log, so that they can be erased. */
export async function timelineOf(
  world: World,
  bodies: readonly EntryBody[],
  decisions: readonly DecisionView[],
): Promise<readonly TimelineItem[]> {
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
    };
  });
}

/** Who decided again has said two things at two times. */
function commentOf({ kind, at }: EntryBody, key: string, decisions: readonly DecisionView[]): string | null {
  if (kind !== 'approval.given' && kind !== 'approval.refused') return null;
  return decisions.find((one) => one.by.key === key && one.at === at)?.comment ?? null;
}
