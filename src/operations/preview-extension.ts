import type { GrantId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { after, toIso } from '../core/time.ts';
import { findGrant } from '../store/grants.ts';
import { extensionIsPending } from '../store/requests.ts';
import { judge } from './authorisation.ts';
import { askedFor, changedSince, unfitFor, type ExtensionInput } from './extend-grant.ts';
import { judgeRequest } from './judge-request.ts';
import { foresee, type PreviewView } from './preview-request.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToGrant } from './standing.ts';
import { alreadyBeingExtended } from './want-extension.ts';
import type { Actor, World } from './world.ts';

/** What would happen if a later end were asked for now. Times are RFC 3339. */
export interface ExtensionPreview extends PreviewView {
  /** The end that it would come to. */
  readonly until: string;
  /** The latest end that the rules allow; not later than the one that it has where they allow no more. `null`: they allow none of it now. */
  readonly latestEnd: string | null;
  /** How often its end may still be moved to later, this time included. */
  readonly extensionsLeft: number;
}

/**
 * Answers what `extendGrant` would, and how far it could go at all. What cannot be extended now, whatever the rules say, is refused with the
 * words that the asking would get. Writes nothing and calls no cloud.
 */
export async function previewExtension(
  world: World,
  actor: Actor,
  id: GrantId,
  wanted: ExtensionInput,
): Promise<Result<ExtensionPreview, OperationRefusal>> {
  const grant = await findGrant(world.db, id);
  if (grant === null) return refused(NOT_FOUND);
  const no = judge('previewExtension', actor, await standingToGrant(world, world.db, actor, grant));
  const unfit = no ?? unfitFor(grant, world.clock.now());
  if (unfit !== null) return refused(unfit);
  if (await extensionIsPending(world.db, id)) return refused(alreadyBeingExtended());
  const asked = askedFor(world, actor, grant, wanted);
  if (!asked.ok) return asked;
  const { rules, question, until } = asked.value;
  const judged = judgeRequest(world, rules, question);
  const changed = changedSince(rules, actor, grant);
  if (judged.decision.effect === 'allow' && changed !== null) return refused(changed);
  const found = await foresee(world, actor, rules, judged, question.items);
  if (!found.ok) return found;
  const { maxDurationMs, extensions } = judged.decision;
  invariant(grant.activatedAt !== null, 'what is active began');
  return ok({
    ...found.value,
    until: toIso(until),
    latestEnd: maxDurationMs === 0 ? null : toIso(after(grant.activatedAt, maxDurationMs)),
    extensionsLeft: Math.max(0, extensions - grant.extended),
  });
}
