import type { JsonObject, Json } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import { ok, refused } from '../../core/result.ts';
import type { AwsAssumeRole, DangerousAbility } from '../../core/role.ts';
import type { Instant } from '../../core/time.ts';
import { sha256, wholeSecond, type Partition, type Refusal } from './names.ts';

/** Plain text of all session policies of one AssumeRole call, whitespace included (API reference, AssumeRole, Policy). */
export const SESSION_POLICY_LIMIT = 2_048;

/** The inline session policy of one grant: what AWS enforces on every call, whether Curfew is alive or not. */
export interface SessionPolicy {
  readonly text: string;
  /** SHA-256 of `text`, hex. The same grant always gets the same text, so the hash proves what bounded a credential. */
  readonly hash: string;
}

/** What each ability is made of. Without it these are denied in the session, because they let access outlive the grant. */
const DENIED_UNLESS: Readonly<Record<DangerousAbility, readonly string[]>> = {
  // A session of another role, which this role's revocation policy cannot reach. Covers SAML, web identity and root.
  'role-chaining': ['sts:Assume*'],
  'pass-role': ['iam:PassRole'],
  'create-keys': [
    // Federation, session, web identity and service bearer tokens: each has a life of its own.
    'sts:Get*Token',
    'iam:CreateAccessKey',
    // Wakes up a key that was made inactive.
    'iam:UpdateAccessKey',
    'iam:CreateLoginProfile',
    'iam:UpdateLoginProfile',
    'iam:CreateServiceSpecific*',
    'iam:ResetServiceSpecific*',
    'iam:UploadSSH*',
    'iam:UploadSigning*',
    // `aws login` turns a console session into command line credentials that renew themselves.
    'signin:*OAuth2*',
  ],
};

/**
 * Builds the session policy of a grant: the role's own statements, then what no session may do.
 *
 * A session policy can only narrow the IAM role, never widen it. The deny at the end time is what makes the end exact:
 * AWS issues no session shorter than 900 s, and a grant may have less than that left. `null`: the policy is not of one grant,
 * and the end stands elsewhere.
 * Refuses a document that AWS would refuse, and one that is too long, with the count.
 */
export function buildSessionPolicy(
  definition: Pick<AwsAssumeRole, 'sessionPolicy' | 'allows'>,
  endsAt: Instant | null,
  partition: Partition,
): Result<SessionPolicy, Refusal> {
  // `null`: the IAM role's own permissions, without narrowing.
  const { sessionPolicy } = definition;
  const own: Result<readonly JsonObject[], Refusal> =
    sessionPolicy === null
      ? ok([{ Effect: 'Allow', Action: '*', Resource: '*' }])
      : ownStatements(sessionPolicy, 'session policy', 'sessionPolicy');
  if (!own.ok) return own;
  const text = JSON.stringify({
    Version: '2012-10-17',
    Statement: [...own.value, ...denies(definition.allows, endsAt, partition)],
  });
  // API reference, AssumeRole, Policy: the character set.
  if (!/^[\t\n\r\u0020-\u00FF]+$/.test(text)) {
    return refused({
      message: 'The session policy contains a character that AWS does not accept.',
      hint: 'Use characters of Latin-1 only.',
    });
  }
  if (text.length > SESSION_POLICY_LIMIT) {
    const over = text.length - SESSION_POLICY_LIMIT;
    return refused({
      message: `The session policy has ${text.length} characters, ${over} more than the ${SESSION_POLICY_LIMIT} that AWS accepts.`,
      hint: 'Move permissions into the IAM role itself, shorten lists of actions with wildcards, or split the role in two.',
    });
  }
  return ok({ text, hash: sha256(text) });
}

function denies(allows: readonly DangerousAbility[], endsAt: Instant | null, partition: Partition): JsonObject[] {
  const actions = (Object.keys(DENIED_UNLESS) as DangerousAbility[])
    .filter((ability) => !allows.includes(ability))
    .flatMap((ability) => DENIED_UNLESS[ability]);
  const end = endsAt === null ? null : { DateGreaterThanEquals: { 'aws:CurrentTime': wholeSecond(endsAt) } };
  const statements: JsonObject[] = [
    ...(end === null ? [] : [{ Effect: 'Deny', Action: '*', Resource: '*', Condition: end }]),
    // Whoever can write to these roles can undo a revocation, or reach another role of the catalogue. Reading is harmless.
    {
      Effect: 'Deny',
      NotAction: ['iam:Get*', 'iam:List*'],
      Resource: `arn:${partition}:iam::*:*/curfew/*`,
    },
  ];
  if (actions.length > 0) statements.push({ Effect: 'Deny', Action: actions, Resource: '*' });
  return statements;
}

/**
 * The statements of a policy that a role brings, without their labels. Refuses a document that AWS would refuse; `noun` and `key` say
 * in the refusal what it is and which key of the role names its file.
 */
export function ownStatements(policy: JsonObject, noun: string, key: string): Result<readonly JsonObject[], Refusal> {
  const malformed = (why: string): Result<never, Refusal> =>
    refused({
      message: `The ${noun} is not one that AWS accepts: ${why}.`,
      hint: `Correct the file that "${key}" of the role names.`,
    });
  for (const each of Object.keys(policy)) {
    if (!['Version', 'Id', 'Statement'].includes(each)) return malformed(`it has an unknown key "${each}"`);
  }
  if (policy['Version'] !== '2012-10-17') return malformed('its Version is not "2012-10-17"');
  const list = policy['Statement'] ?? null;
  const statements = isList(list) ? list : [list];
  const own: JsonObject[] = [];
  for (const [index, statement] of statements.entries()) {
    const wrong = wrongStatement(statement);
    if (!isObject(statement) || wrong !== null)
      return malformed(`statement ${index + 1} ${wrong ?? 'is not an object'}`);
    // A Sid is a label that nobody reads inside a session; its characters are better spent on permissions.
    const { Sid: _label, ...rest } = statement;
    own.push(rest);
  }
  if (!own.some((statement) => statement['Effect'] === 'Allow')) return malformed('it allows nothing');
  return ok(own);
}

function wrongStatement(statement: Json): string | null {
  if (!isObject(statement)) return 'is not an object';
  const allowed = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
  const unknown = Object.keys(statement).find((key) => !allowed.includes(key));
  if (unknown !== undefined) return `has the key "${unknown}", which such a policy cannot have`;
  if (statement['Effect'] !== 'Allow' && statement['Effect'] !== 'Deny') return 'has no Effect of Allow or Deny';
  if ('Action' in statement === 'NotAction' in statement) return 'needs exactly one of Action and NotAction';
  if ('Resource' in statement === 'NotResource' in statement) return 'needs exactly one of Resource and NotResource';
  for (const key of ['Action', 'NotAction', 'Resource', 'NotResource']) {
    const value = statement[key];
    if (value !== undefined && !isStrings(value)) return `has a ${key} that is neither a text nor a list of texts`;
  }
  const condition = statement['Condition'];
  return condition === undefined || isObject(condition) ? null : 'has a Condition that is not an object';
}

function isStrings(value: Json): boolean {
  return (
    typeof value === 'string' || (isList(value) && value.length > 0 && value.every((one) => typeof one === 'string'))
  );
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
