import type { OpenStep } from '../policy/approvals.ts';
import { onCallOf } from '../policy/approvers.ts';
import type { ApprovalStep } from '../policy/types.ts';
import { personView, type PersonView } from './person-view.ts';
import type { World } from './world.ts';

/** People of a step that are named at most: a group can be a whole company, and a list of requests names the people of each. */
export const MOST_NAMED = 50;

/** Somebody who may decide a step. */
export interface DeciderView extends PersonView {
  /** On call now, in a rotation that the step names itself. */
  readonly onCall: boolean;
}

/** Whose yes a step still takes. */
export interface DecidersView {
  /** Whoever looks, if it is they; then who is on call, then by key. At most {@link MOST_NAMED}. */
  readonly eligible: readonly DeciderView[];
  /** How many there are altogether. */
  readonly eligibleCount: number;
}

/** A step of approval and how far it is. Who has said yes to it is not among those it still takes. */
export interface StepView extends DecidersView {
  readonly id: string;
  readonly rule: string;
  readonly from: readonly string[];
  readonly count: number;
  readonly missing: number;
  readonly approvedBy: readonly PersonView[];
}

/** `looking`: the key of whoever looks. */
export function stepView(world: World, step: OpenStep, looking: string): StepView {
  const { id, rule, from, count, missing, approvedBy } = step;
  const people = approvedBy.map((key) => personView(world, key));
  return { id, rule, from, count, missing, approvedBy: people, ...decidersOf(world, step, looking, approvedBy) };
}

/** Who may decide a step, without those who have. */
export function decidersOf(
  world: World,
  { from, eligible }: Pick<ApprovalStep, 'from' | 'eligible'>,
  looking: string,
  without: readonly string[] = [],
): DecidersView {
  const [{ directory }, now] = [world.rules.current(), world.clock.now()];
  const called = onCallOf(from, directory, now);
  const left = eligible.filter((key) => !without.includes(key));
  const first = left.filter((key) => key === looking || called.has(key));
  const ordered = [
    ...first.filter((key) => key === looking),
    ...first.filter((key) => key !== looking),
    ...left.filter((key) => !first.includes(key)),
  ];
  return {
    eligible: ordered.slice(0, MOST_NAMED).map((key) => ({ ...personView(world, key), onCall: called.has(key) })),
    eligibleCount: left.length,
  };
}
