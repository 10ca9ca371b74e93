import type { Json, JsonObject } from '../core/json.ts';
import type { AwsDefinition, Role } from '../core/role.ts';
import type { CatalogueIndex } from './catalogue-index.ts';
import type { Denial } from './read-denial.ts';
import { addTarget, inBoth, noTargets, without, type TargetBits } from './target-bits.ts';

/** A role that would have allowed it, and how well that is known: the lower, the better. */
export interface Allowing {
  readonly role: Role;
  readonly score: number;
  readonly targets: TargetBits;
}

/** The policy names the resource itself; it allows the action on everything; only the action is known. */
const SCORES = { named: 0, everything: 4, actionOnly: 2 } as const;
/** Another account than the caller's is less likely what was meant. */
const ELSEWHERE = 1;

/**
 * The roles whose policy, as the rules have it, allows what was refused, and the targets where that was. What a role may do by its own
 * permissions in the cloud is not known here, so such roles are not found this way.
 */
export function findAllowing(
  index: CatalogueIndex,
  denial: Denial,
  among: (role: Role) => TargetBits,
): readonly Allowing[] {
  const [own, callers] = [accountBits(index, denial.account), accountBits(index, denial.callerAccount)];
  return index.roles.flatMap(({ thing: role }): readonly Allowing[] => {
    const score = scoreOf(role, denial);
    if (score === null) return [];
    const bits = own === null ? among(role) : inBoth(among(role), own);
    if (bits === null) return [];
    if (callers === null) return [{ role, score, targets: bits }];
    const [near, far] = [inBoth(bits, callers), without(bits, callers)];
    return [
      ...(near === null ? [] : [{ role, score, targets: near }]),
      ...(far === null ? [] : [{ role, score: score + ELSEWHERE, targets: far }]),
    ];
  });
}

function accountBits({ targets }: CatalogueIndex, account: string | null): TargetBits | null {
  if (account === null) return null;
  const bits = noTargets(targets.length);
  for (const [position, { thing }] of targets.entries()) if (thing.native === account) addTarget(bits, position);
  return bits;
}

function scoreOf({ aws }: Role, { action, resource }: Denial): number | null {
  const scores = statementsOf(aws).flatMap(({ actions, resources }) => {
    if (action !== null && !actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()))) return [];
    if (resource === null) return [SCORES.actionOnly];
    if (resources.some((pattern) => pattern !== '*' && covers(pattern, resource))) return [SCORES.named];
    // Of a bare resource, a policy about everything says nothing.
    return action !== null && resources.includes('*') ? [SCORES.everything] : [];
  });
  return scores.length === 0 ? null : Math.min(...scores);
}

/** Whoever pastes a bucket means what is in it as well. */
function covers(pattern: string, resource: string): boolean {
  return matches(pattern, resource) || (pattern.endsWith('/*') && pattern.slice(0, -2) === resource);
}

interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** What the policy in a definition allows. `NotAction` and `NotResource` allow too much to point at anything. */
function statementsOf(aws: AwsDefinition | null): readonly Statement[] {
  return listed(policyOf(aws)?.['Statement'])
    .filter((one): one is JsonObject => typeof one === 'object' && one !== null && !Array.isArray(one))
    .filter((one) => one['Effect'] === 'Allow')
    .map((one) => ({ actions: texts(one['Action']), resources: texts(one['Resource']) }));
}

function policyOf(aws: AwsDefinition | null): JsonObject | null {
  switch (aws?.method) {
    case 'assume-role':
    case 'roles-anywhere':
      return aws.sessionPolicy;
    case 'timed-policy':
      return aws.policy;
    case 'identity-center':
    case undefined:
      return null;
  }
}

function listed(value: Json | undefined): readonly Json[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function texts(value: Json | undefined): readonly string[] {
  return listed(value).filter((one) => typeof one === 'string');
}

/**
 * Whether an IAM pattern (`*` is anything, `?` one character) fits a text. In steps and not by a regular expression: texts are pasted, and
 * an expression with many stars would take for ever over some.
 */
export function matches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') [star, mark, p] = [p, t, p + 1];
    else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, mark, t] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
