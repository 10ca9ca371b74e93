import type { Json, JsonObject } from './json.ts';
import type { AwsIdentity, DangerousAbility } from './role.ts';

/** All inline policies of an identity together, without white space (IAM and STS quotas). */
export const INLINE_LIMITS: Readonly<Record<AwsIdentity, number>> = { user: 2_048, role: 10_240 };

/** What is wrong with one statement of a policy, counted from 0. `key` is the part of it that is to blame. */
export interface TimedPolicyFlaw {
  readonly statement: number;
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

/** Actions that let access outlive its grant, by the ability that a role declares when it needs them. */
const ABILITIES: Readonly<Record<DangerousAbility, readonly string[]>> = {
  'role-chaining': ['sts:assume*'],
  'pass-role': ['iam:passrole'],
  'create-keys': [
    'sts:get*token',
    'iam:createaccesskey',
    'iam:updateaccesskey',
    'iam:createloginprofile',
    'iam:updateloginprofile',
    'iam:createservicespecific*',
    'iam:resetservicespecific*',
    'iam:uploadssh*',
    'iam:uploadsigning*',
    'signin:*',
  ],
};

/**
 * Services that decide who has access. Whoever may write there can lift the end of this very policy, so only what reads is taken.
 * What reads in `sts` is named one by one, because `sts:Get…Token` hands out credentials.
 */
const READS: Readonly<Record<string, readonly string[]>> = {
  iam: ['iam:get*', 'iam:list*', 'iam:simulate*'],
  sts: ['sts:getcalleridentity', 'sts:getaccesskeyinfo', 'sts:decodeauthorizationmessage'],
  signin: [],
  sso: ['sso:describe*', 'sso:list*', 'sso:get*'],
  'sso-directory': ['sso-directory:describe*', 'sso-directory:list*', 'sso-directory:get*'],
  identitystore: ['identitystore:describe*', 'identitystore:list*', 'identitystore:get*'],
  organizations: ['organizations:describe*', 'organizations:list*'],
  account: ['account:get*', 'account:list*'],
};

/**
 * What keeps a policy from being put on a person's own identity for a time. The bound stands in the conditions of each Allow, so
 * nothing may get around them; and what the same person holds otherwise must not change, so there is no Deny. Empty: nothing.
 * Expects statements whose shape has been checked.
 */
export function timedPolicyFlaws(
  document: JsonObject,
  allows: readonly DangerousAbility[],
): readonly TimedPolicyFlaw[] {
  return statementsOf(document).flatMap((statement, index) => {
    const flaw = (key: string, message: string, hint: string): TimedPolicyFlaw => ({
      statement: index,
      key,
      message,
      hint,
    });
    if (statement['Effect'] !== 'Allow') {
      const message =
        "a timed policy has no Deny: on a person's own identity it would also take away what they hold otherwise";
      return [flaw('Effect', message, 'Leave out of the Allow statements what must not be done.')];
    }
    if ('NotAction' in statement) {
      const message = 'a timed policy names its actions: "NotAction" would allow lifting its own end';
      return [flaw('NotAction', message, 'Write "Action" with what the task needs.')];
    }
    const flaws: TimedPolicyFlaw[] = [];
    if (/aws:(CurrentTime|EpochTime)/i.test(JSON.stringify(statement))) {
      const message = 'the time of a timed policy is written by Curfew, for each grant anew';
      flaws.push(flaw('Condition', message, 'Remove aws:CurrentTime and aws:EpochTime; the grant brings its own end.'));
    }
    for (const action of textsOf(statement['Action'])) {
      const why = refusedAction(action, allows);
      if (why !== null) flaws.push(flaw('Action', ...why));
    }
    return flaws;
  });
}

function refusedAction(action: string, allows: readonly DangerousAbility[]): [message: string, hint: string] | null {
  const pattern = action.toLowerCase();
  const [service = '', name] = pattern.split(':');
  if (name === undefined)
    return ['"*" allows everything, also to lift its own end', 'Name the services and actions that the task needs.'];
  if (!/^[a-z0-9-]+$/.test(service))
    return [`"${action}" names no service`, 'Write service:Action, such as s3:GetObject.'];
  const reads = READS[service];
  if (reads === undefined || reads.some((read) => covers(read, pattern))) return null;
  for (const [ability, patterns] of Object.entries(ABILITIES)) {
    if (!patterns.some((one) => covers(one, pattern))) continue;
    if (allows.some((one) => one === ability)) return null;
    return [
      `"${action}" lets access outlive its grant`,
      `Leave it out, or declare it with "allows: [${ability}]": what comes of it is then not ended.`,
    ];
  }
  return [
    `"${action}" can change who has access, and with it lift its own end`,
    `Of ${service} a timed policy takes ${reads.join(', ')} alone; what changes access is given with method assume-role.`,
  ];
}

/** Whether everything that `inner` can match is matched by `outer`, which has `*` as its only wildcard. */
function covers(outer: string, inner: string): boolean {
  const source = outer.split('*').map((part) => part.replace(/[^a-z0-9:-]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`).test(inner);
}

/**
 * The document as it stands in the cloud: the role's own statements, each allowed only later than `after` and earlier than `before`
 * (ISO 8601, whole seconds). A Sid is a label that nobody reads, and characters are few.
 */
export function timedDocument(document: JsonObject, after: string, before: string): JsonObject {
  const Statement = statementsOf(document).map(({ Sid: _label, Condition: own = {}, ...statement }) => {
    const conditions = isObject(own) ? own : {};
    const bounded = (operator: string, time: string): JsonObject => {
      const keys = conditions[operator] ?? {};
      return { ...(isObject(keys) ? keys : {}), 'aws:CurrentTime': time };
    };
    return {
      ...statement,
      Condition: {
        ...conditions,
        DateGreaterThan: bounded('DateGreaterThan', after),
        DateLessThan: bounded('DateLessThan', before),
      },
    };
  });
  return { Version: '2012-10-17', Statement };
}

/** Characters as AWS counts them against {@link INLINE_LIMITS}. */
export function inlineSize(text: string): number {
  return text.replace(/\s/g, '').length;
}

function statementsOf(document: JsonObject): readonly JsonObject[] {
  const list = document['Statement'] ?? null;
  return (isList(list) ? list : [list]).filter(isObject);
}

function textsOf(value: Json | undefined): readonly string[] {
  const list = value === undefined ? [] : isList(value) ? value : [value];
  return list.filter((one) => typeof one === 'string');
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
