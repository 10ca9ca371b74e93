import { ok, refused, type Result } from '../core/result.ts';
import type { SourceStatus } from '../core/directory-source.ts';
import { toIso } from '../core/time.ts';
import type { PolicyProblem } from '../policy/types.ts';
import { judge } from './authorisation.ts';
import type { OperationRefusal } from './refusal.ts';
import { confirmHint, heldWords } from './directory-sync.ts';
import type { Actor, RulesInForce, World } from './world.ts';

/** The rules in force, what is suspicious in them, and what is wrong with newer ones that were refused. */
export interface PolicyStatus {
  readonly version: string;
  readonly loadedAt: string;
  readonly problems: readonly PolicyProblem[];
  readonly warnings: readonly PolicyProblem[];
  readonly roles: number;
  readonly policies: number;
  /** Where people come from and how old that is; absent where nobody is told. */
  readonly directory?: DirectoryStatus;
}

export interface DirectoryStatus {
  readonly sources: readonly {
    readonly name: string;
    readonly version: string | null;
    readonly takenAt: string | null;
    readonly stale: boolean;
    /** What is wrong with the newest reading and what to do about it; `null`: it is in force. */
    readonly problem: string | null;
    readonly hint: string | null;
  }[];
  /** Accounts that two persons claim; absent for whoever is neither auditor nor admin. */
  readonly conflicts?: readonly {
    readonly account: string;
    readonly person: string;
    readonly claimedBy: string;
    readonly since: string;
  }[];
}

/** Which rules are in force, for everybody: a broken rule concerns all. Who claims whose account is for auditors and admins. */
export function showPolicy(world: World, actor: Actor): Result<PolicyStatus, OperationRefusal> {
  const no = judge('showPolicy', actor);
  if (no !== null) return refused(no);
  const status = policyStatus(world);
  if (status.directory === undefined || judge('listConflicts', actor) === null) return ok(status);
  const { conflicts: _, ...directory } = status.directory;
  return ok({ ...status, directory });
}

/** The same for the broker's own readiness and metrics. */
export function policyStatus(world: Pick<World, 'rules'>): PolicyStatus {
  const { policy, loadedAt, problems, sources, conflicts = [] } = world.rules.current();
  return {
    version: policy.version,
    loadedAt: toIso(loadedAt),
    problems,
    warnings: policy.warnings,
    roles: policy.roles.size,
    policies: policy.policies.length,
    ...(sources === undefined
      ? {}
      : {
          directory: {
            sources: sources.map(sourceView),
            conflicts: conflicts.map(({ id, person, claimedBy, at }) => ({
              account: id,
              person,
              claimedBy,
              since: toIso(at),
            })),
          },
        }),
  };
}

function sourceView({ name, version, takenAt, stale, failure, held }: SourceStatus) {
  const view = { name, version, takenAt: takenAt === null ? null : toIso(takenAt), stale };
  if (held !== null) {
    const problem = heldWords(name, held);
    return { ...view, problem, hint: confirmHint(held.confirm) };
  }
  if (failure === null) return { ...view, problem: null, hint: null };
  return {
    ...view,
    problem: `the newest people of "${name}" cannot be used (${failure}); the last good ones stay`,
    hint: 'look at whatever writes this source, and at the log of the server',
  };
}

/** What everybody who decides or asks should know about how old the people are; empty as a rule. */
export function staleWords(rules: Pick<RulesInForce, 'sources'>): readonly string[] {
  return (rules.sources ?? []).flatMap(({ name, stale, takenAt }) =>
    stale ? [`People of "${name}" are as of ${takenAt === null ? 'an unknown time' : toIso(takenAt)}.`] : [],
  );
}
