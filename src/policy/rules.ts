import type { Role } from '../core/role.ts';
import type { Expression } from './expression.ts';
import type { RoleFacts, TargetFacts } from './facts.ts';
import type { TargetSelector, WhoSelector } from './selectors.ts';
import type { PolicyProblem, Reason, Requirements, Roles, SourceFile, Vocabulary } from './types.ts';

/** One approval step of a policy, compiled. */
export interface StepRule {
  /** `policy:production-data#1`. */
  readonly id: string;
  readonly rule: string;
  readonly from: readonly string[];
  readonly count: number;
  readonly when: Expression | null;
  readonly unless: Expression | null;
  readonly escalatesAfterMs: number | null;
  readonly escalatesTo: readonly string[];
  /** Whether `from` or `escalatesTo` name the owner of the target, so that the step differs from target to target. */
  readonly byOwner: boolean;
  /** Equal for steps that ask the same people for the same number of approvals; such steps count once. */
  readonly sameAs: string;
}

/** A policy, compiled once when it is loaded. */
export interface PolicyRule {
  readonly name: string;
  /** `policy:production-data`. */
  readonly id: string;
  /** Position among the policies by name: what a decision lists follows it, whatever order the files came in. */
  readonly order: number;
  readonly who: WhoSelector;
  readonly roles: ReadonlySet<string>;
  readonly targets: TargetSelector;
  readonly when: readonly Expression[];
  readonly unless: Expression | null;
  /** Names of the policies that this one yields to when they apply as well. */
  readonly supersededBy: readonly string[];
  readonly defaultMs: number;
  readonly maxMs: number;
  readonly extensions: number;
  readonly requirements: Requirements;
  readonly steps: readonly StepRule[];
  /** What the rule contributes, in words; made at load because it never changes. */
  readonly reason: Reason;
}

/** A guardrail, compiled. Selectors that are not written match everything. */
export interface GuardrailRule {
  readonly name: string;
  readonly id: string;
  readonly description: string | null;
  readonly who: WhoSelector | null;
  readonly roles: ReadonlySet<string> | null;
  readonly targets: TargetSelector | null;
  readonly deny: Expression | null;
  /** When the limit and the requirements hold; `null` means always. An error means that the guardrail denies. */
  readonly when: Expression | null;
  readonly maxMs: number | null;
  readonly requirements: Requirements | null;
  readonly reason: Reason;
}

/** Everything that decides, compiled and indexed. Immutable; a change of any document makes a new one. */
export interface PolicySet {
  /** SHA-256 in hex over the documents, the targets and the clouds that are available. */
  readonly version: string;
  readonly roles: Roles;
  readonly policies: readonly PolicyRule[];
  readonly guardrails: readonly GuardrailRule[];
  readonly vocabulary: Vocabulary;
  /** The documents that the version stands for; loading them again with the same vocabulary yields the same version. */
  readonly sources: readonly SourceFile[];
  /** What is suspicious but not wrong: a selector that matches no target, a session policy near AWS's limit. */
  readonly warnings: readonly PolicyProblem[];
  readonly index: PolicyIndex;
}

/** Lookups that a decision needs, built once. */
export interface PolicyIndex {
  /** By role name; a role that no policy names is absent. */
  readonly byRole: ReadonlyMap<string, RoleIndex>;
  readonly facts: ReadonlyMap<string, { readonly role: Role; readonly facts: RoleFacts }>;
  readonly targetFacts: ReadonlyMap<string, TargetFacts>;
  /** Every target below a target, at any depth, without itself; absent when there is none. */
  readonly below: ReadonlyMap<string, readonly string[]>;
}

/** The policies and guardrails that can apply to one role. */
export interface RoleIndex {
  readonly everyone: readonly PolicyRule[];
  readonly byGroup: ReadonlyMap<string, readonly PolicyRule[]>;
  readonly byPerson: ReadonlyMap<string, readonly PolicyRule[]>;
  readonly guardrails: readonly GuardrailRule[];
}
