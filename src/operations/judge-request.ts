import type { Instant } from '../core/time.ts';
import { decide } from '../policy/decide.ts';
import type { Decision, Item, Question } from '../policy/types.ts';
import type { RequestInput } from './check-input.ts';
import { planItem } from './plan-items.ts';
import type { OperationRefusal } from './refusal.ts';
import type { Actor, RulesInForce, World } from './world.ts';

/** What this installation answers to a question. */
export interface Judgement {
  readonly decision: Decision;
  /** What the clouds would be told, in words; empty when the rules refuse. */
  readonly plan: readonly (Item & { readonly words: string })[];
  /** `null`: it is accepted, at once or when the steps of the decision are approved. */
  readonly refusal: OperationRefusal | null;
}

/**
 * Judges a question: by the rules, and by what the providers know to be impossible, in this order. The
 * one function behind the catalogue, the preview and the request, so that none of them promises what another refuses. Calls no cloud.
 */
export function judgeRequest(
  world: Pick<World, 'providers' | 'clock'>,
  rules: RulesInForce,
  question: Question,
): Judgement {
  const { items, requester, startsAt } = question;
  const decision = decide(rules.policy, rules.directory, question);
  if (decision.effect === 'deny') return { decision, plan: [], refusal: refusalOf(decision) };
  const plan: (Item & { words: string })[] = [];
  for (const item of items) {
    const planned = planItem(world, rules, requester, item, decision.durationMs, startsAt);
    if (!planned.ok) {
      const detail = `${item.role} on ${item.target}: ${planned.message}`;
      return { decision, plan: [], refusal: { code: 'cannot-be-provided', detail, hint: planned.hint } };
    }
    plan.push({ ...item, words: planned.words });
  }
  return { decision, plan, refusal: null };
}

/** The question that the rules are asked: what the person wants and everything that is known about how they ask. */
export function questionOf(actor: Actor, input: RequestInput, now: Instant): Question {
  return {
    now,
    requester: actor.key,
    items: input.items,
    context: actor.context,
    ...(input.durationMs === undefined ? {} : { durationMs: input.durationMs }),
    ...(input.startsAt === undefined ? {} : { startsAt: input.startsAt }),
    ...(input.reason === undefined ? {} : { reason: input.reason }),
    ...(input.ticket === undefined ? {} : { ticket: input.ticket }),
  };
}

/** A denial as a refusal: the first reason in the sentence, all of them in the list. */
function refusalOf(decision: Decision): OperationRefusal {
  const first = decision.refusals[0];
  return {
    code: 'request-refused',
    detail: first === undefined ? 'No rule allows this.' : first.text,
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
    refusals: decision.refusals,
  };
}
