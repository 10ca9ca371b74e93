import { conditionsHold, substitute, wildcard, type RequestFacts } from './conditions.ts';
import type { Policy, Statement } from './policy-parse.ts';

/** What somebody wants to do. */
export type Attempt = { readonly action: string; readonly resource: string; readonly facts: RequestFacts };

/** The answer of one group of policies: an explicit deny beats everything, silence is not a yes. */
export type Effect = 'allow' | 'deny' | 'silent';

/** Evaluates policies that are attached to an identity (or bound a session): any deny wins, else any allow. */
export function evaluate(policies: readonly Policy[], attempt: Attempt): Effect {
  let effect: Effect = 'silent';
  for (const policy of policies) {
    for (const statement of policy) {
      if (!applies(statement, attempt)) continue;
      if (statement.effect === 'Deny') return 'deny';
      effect = 'allow';
    }
  }
  return effect;
}

/** Who calls, as trust policies name callers. */
export type Caller = {
  /** ARN of the calling role session, user or root; null for a caller without AWS credentials. */
  readonly arn: string | null;
  /** ARN of the role behind a role session. */
  readonly roleArn: string | null;
  readonly account: string | null;
  /** Issuer of a web identity token, as the ARN of its OIDC provider. */
  readonly federated: string | null;
  readonly service: string | null;
};

/** How a trust policy allows: by naming the caller itself, or only its account, which leaves it to the caller's own policies. */
export type TrustEffect = 'named' | 'account' | 'deny' | 'silent';

/** Evaluates the trust policy of a role for a caller. */
export function evaluateTrust(policy: Policy, caller: Caller, attempt: Attempt): TrustEffect {
  let effect: TrustEffect = 'silent';
  for (const statement of policy) {
    const match = principalMatch(statement, caller);
    if (match === null || !applies(statement, attempt)) continue;
    if (statement.effect === 'Deny') return 'deny';
    if (effect !== 'named') effect = match;
  }
  return effect;
}

function principalMatch(statement: Statement, caller: Caller): 'named' | 'account' | null {
  let match: 'named' | 'account' | null = null;
  for (const [kind, names] of statement.principals ?? []) {
    for (const name of names) {
      if (kind === 'Service' && caller.service === name) match = 'named';
      if (kind === 'Federated' && caller.federated === name) match = 'named';
      if (kind !== 'AWS') continue;
      if ((name === '*' && caller.arn !== null) || (caller.arn !== null && [caller.arn, caller.roleArn].includes(name)))
        match = 'named';
      else if (caller.account !== null && [caller.account, `arn:aws:iam::${caller.account}:root`].includes(name))
        match ??= 'account';
    }
  }
  if (!statement.notPrincipals) return match;
  return match === null ? 'named' : null;
}

function applies(statement: Statement, attempt: Attempt): boolean {
  const action = statement.actions.some((pattern) => wildcard(pattern, attempt.action, true));
  if (action === statement.notActions) return false;
  const resource = statement.resources.some((pattern) => {
    const filled = substitute(pattern, attempt.facts);
    return filled !== null && wildcard(filled, attempt.resource, false);
  });
  if (resource === statement.notResources) return false;
  return conditionsHold(statement, attempt.facts);
}
