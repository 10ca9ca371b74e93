import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import type { DirectorySnapshot } from '../src/core/directory.ts';
import type { Target } from '../src/core/target.ts';
import type { Question } from '../src/policy/types.ts';
import type { PolicySpec } from './decision-world.ts';

/**
 * The same rules in Cedar. A policy becomes a `permit`; its condition becomes a `forbid`, because in Curfew a selected policy
 * whose condition fails refuses, whatever others allow. Parsed once; each call brings only the entities that it concerns.
 */
export function prepareCedar(name: string, policies: readonly PolicySpec[]): number {
  const staticPolicies: Record<string, string> = {};
  for (const { name: policy, group, roles, env, team, condition } of policies) {
    const head = `(principal in Group::"${group}", action in [${roles.map((role) => `Action::"${role}"`).join(', ')}], resource)`;
    const where = env === '' ? '' : ` when { resource.env == "${env}" && resource.team == "${team}" }`;
    staticPolicies[policy] = `permit${head}${where};`;
    if (condition === 'none') continue;
    const test =
      condition === 'network'
        ? 'context has network && ["office", "vpn"].contains(context.network)'
        : 'principal.employment == "employee"';
    staticPolicies[`${policy}-when`] = `forbid${head}${where} unless { ${test} };`;
  }
  staticPolicies['contractors'] =
    'forbid(principal, action, resource) when { principal.employment == "contractor" && context.tier == 1 };';
  staticPolicies['cafe'] =
    'forbid(principal, action, resource) when { resource.env == "prod" && context.network == "cafe" };';
  const answer = preparsePolicySet(name, { staticPolicies });
  if (answer.type !== 'success') throw new Error(JSON.stringify(answer.errors.slice(0, 2)));
  return Object.keys(staticPolicies).length;
}

export type CedarCall = Parameters<typeof statefulIsAuthorized>[0];

/** One question as a call, prepared outside of the measurement. */
export function cedarCall(
  name: string,
  question: Question,
  groups: readonly string[],
  tier: number,
  directory: DirectorySnapshot,
  targets: ReadonlyMap<string, Target>,
): CedarCall {
  const item = question.items[0];
  const target = targets.get(item?.target ?? '');
  const principal = { type: 'User', id: question.requester };
  const resource = { type: 'Target', id: item?.target ?? '' };
  return {
    principal,
    action: { type: 'Action', id: item?.role ?? '' },
    resource,
    context: { network: question.context.network ?? '', tier },
    preparsedPolicySetId: name,
    entities: [
      {
        uid: principal,
        attrs: { employment: directory.people.get(question.requester)?.employment ?? '' },
        parents: groups.map((id) => ({ type: 'Group', id })),
      },
      { uid: resource, attrs: { ...target?.labels }, parents: [] },
    ],
  };
}

/** Asks Cedar. Throws when it could not answer. */
export function askCedar(call: CedarCall): 'allow' | 'deny' {
  const answer = statefulIsAuthorized(call);
  if (answer.type !== 'success') throw new Error(JSON.stringify(answer.errors.slice(0, 2)));
  return answer.response.decision;
}
