import { ok, refused, type Result } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import type { PolicyProblem } from '../policy/types.ts';
import { judge } from './authorisation.ts';
import type { OperationRefusal } from './refusal.ts';
import type { Actor, World } from './world.ts';

/** The rules in force, what is suspicious in them, and what is wrong with newer ones that were refused. */
export interface PolicyStatus {
  readonly version: string;
  readonly loadedAt: string;
  readonly problems: readonly PolicyProblem[];
  readonly warnings: readonly PolicyProblem[];
  readonly roles: number;
  readonly policies: number;
}

/** Which rules are in force, for everybody: a broken rule concerns all. */
export function showPolicy(world: World, actor: Actor): Result<PolicyStatus, OperationRefusal> {
  const no = judge('showPolicy', actor);
  return no === null ? ok(policyStatus(world)) : refused(no);
}

/** The same for the broker's own readiness and metrics. */
export function policyStatus(world: Pick<World, 'rules'>): PolicyStatus {
  const { policy, loadedAt, problems } = world.rules.current();
  return {
    version: policy.version,
    loadedAt: toIso(loadedAt),
    problems,
    warnings: policy.warnings,
    roles: policy.roles.size,
    policies: policy.policies.length,
  };
}
