import { malformedPolicy } from './aws-error.ts';

/** A statement of an IAM policy, with every "string or list" made a list. */
export type Statement = {
  readonly sid: string | null;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** True for NotAction: the statement is about everything but `actions`. */
  readonly notActions: boolean;
  readonly resources: readonly string[];
  readonly notResources: boolean;
  /** Principals by kind (`AWS`, `Service`, `Federated`); null where a policy is attached to an identity. */
  readonly principals: ReadonlyMap<string, readonly string[]> | null;
  readonly notPrincipals: boolean;
  /** Operator, key, values: all must hold. */
  readonly conditions: readonly {
    readonly operator: string;
    readonly key: string;
    readonly values: readonly string[];
  }[];
};

export type Policy = readonly Statement[];

/** Where a policy is attached decides which elements it must and must not have. */
export type PolicyKind = 'identity' | 'trust' | 'session';

const ELEMENTS = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
]);
const OPERATORS =
  /^(?:(?:ForAllValues|ForAnyValue):)?(?:String(?:Not)?Equals(?:IgnoreCase)?|String(?:Not)?Like|Numeric(?:Not)?Equals|Numeric(?:Less|Greater)Than(?:Equals)?|Date(?:Not)?Equals|Date(?:Less|Greater)Than(?:Equals)?|Bool|Arn(?:Not)?(?:Equals|Like)|(?:Not)?IpAddress)(?:IfExists)?$|^Null$/;

/** Parses a policy document as IAM does when it is stored. Throws `MalformedPolicyDocument`. */
export function parsePolicy(text: string, kind: PolicyKind): Policy {
  const document = parseJson(text);
  if (!isObject(document)) throw malformedPolicy('Syntax errors in policy.');
  for (const key of Object.keys(document)) {
    if (!['Version', 'Id', 'Statement'].includes(key))
      throw malformedPolicy(`Syntax errors in policy. Unknown element ${key}`);
  }
  if (!['2012-10-17', '2008-10-17', undefined].includes(document['Version'] as string | undefined)) {
    throw malformedPolicy('The policy must contain a valid version string');
  }
  const statement = document['Statement'];
  const statements = Array.isArray(statement) ? statement : [statement];
  if (statement === undefined || statements.length === 0) throw malformedPolicy('Syntax errors in policy.');
  const sids = new Set<string>();
  return statements.map((one) => {
    const parsed = parseStatement(one, kind);
    if (parsed.sid !== null && sids.has(parsed.sid))
      throw malformedPolicy('Statement IDs (SID) in a single policy must be unique.');
    if (parsed.sid !== null) sids.add(parsed.sid);
    return parsed;
  });
}

function parseStatement(value: unknown, kind: PolicyKind): Statement {
  if (!isObject(value)) throw malformedPolicy('Syntax errors in policy.');
  for (const key of Object.keys(value))
    if (!ELEMENTS.has(key)) throw malformedPolicy(`Syntax errors in policy. Unknown element ${key}`);
  const effect = value['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny')
    throw malformedPolicy('Syntax errors in policy. Effect must be Allow or Deny.');
  const sid = value['Sid'] ?? null;
  if (sid !== null && (typeof sid !== 'string' || !/^[A-Za-z0-9]*$/.test(sid))) {
    throw malformedPolicy(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  }
  const [actions, notActions] = oneOf(value, 'Action', 'NotAction', 'Policy statement must contain actions.');
  for (const action of actions) {
    if (action !== '*' && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) {
      throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
    }
  }
  const trust = kind === 'trust';
  if (trust && ('Resource' in value || 'NotResource' in value)) throw malformedPolicy('Has prohibited field Resource');
  const [resources, notResources] = trust
    ? [['*'], false]
    : oneOf(value, 'Resource', 'NotResource', 'Policy statement must contain resources.');
  for (const resource of resources) {
    if (resource !== '*' && !/^arn:[^:]*:[^:]*:[^:]*:[^:]*:.+$/.test(resource) && !resource.includes('${')) {
      throw malformedPolicy(`Resource ${resource} must be in ARN format or "*".`);
    }
  }
  const hasPrincipal = 'Principal' in value || 'NotPrincipal' in value;
  if (!trust && hasPrincipal) throw malformedPolicy('Policy document should not specify a principal.');
  if (trust && !hasPrincipal) throw malformedPolicy('Missing required field Principal');
  const notPrincipals = 'NotPrincipal' in value;
  return {
    sid: typeof sid === 'string' && sid !== '' ? sid : null,
    effect,
    actions,
    notActions,
    resources,
    notResources,
    principals: trust ? parsePrincipals(value[notPrincipals ? 'NotPrincipal' : 'Principal']) : null,
    notPrincipals,
    conditions: parseConditions(value['Condition']),
  };
}

function parsePrincipals(value: unknown): ReadonlyMap<string, readonly string[]> {
  if (value === '*') return new Map([['AWS', ['*']]]);
  if (!isObject(value)) throw malformedPolicy('Invalid principal in policy.');
  const found = new Map<string, readonly string[]>();
  for (const [kind, names] of Object.entries(value)) {
    if (!['AWS', 'Service', 'Federated', 'CanonicalUser'].includes(kind))
      throw malformedPolicy('Invalid principal in policy.');
    found.set(kind, strings(names));
  }
  return found;
}

function parseConditions(value: unknown): Statement['conditions'] {
  if (value === undefined) return [];
  if (!isObject(value)) throw malformedPolicy('Syntax errors in policy.');
  return Object.entries(value).flatMap(([operator, keys]) => {
    if (!OPERATORS.test(operator)) throw malformedPolicy(`Invalid Condition type : ${operator}.`);
    if (!isObject(keys)) throw malformedPolicy('Syntax errors in policy.');
    return Object.entries(keys).map(([key, values]) => ({ operator, key, values: strings(values) }));
  });
}

function oneOf(
  value: Readonly<Record<string, unknown>>,
  name: string,
  notName: string,
  message: string,
): [readonly string[], boolean] {
  if (name in value === notName in value) throw malformedPolicy(message);
  const negated = notName in value;
  const found = strings(value[negated ? notName : name]);
  if (found.length === 0) throw malformedPolicy(message);
  return [found, negated];
}

function strings(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    if (typeof one === 'string') return one;
    if (typeof one === 'boolean' || typeof one === 'number') return String(one);
    throw malformedPolicy('Syntax errors in policy.');
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
