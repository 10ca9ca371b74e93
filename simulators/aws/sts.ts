import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { AwsError, malformedPolicy, validationError } from './aws-error.ts';
import type { RequestFacts } from './conditions.ts';
import { evaluateTrust, type Caller } from './policy-evaluate.ts';
import { parsePolicy } from './policy-parse.ts';
import type { Operation, Parameters, QueryCall } from './query-service.ts';
import { accessDenied, sessionArn, uniqueId, type IssuedKeys, type Session, type Sessions } from './sessions.ts';
import type { Role, World } from './world.ts';
import { element, optional, type XmlNode } from './xml.ts';

export const STS_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

const NAME = /^[\w+=,.@-]*$/;
const CHAINED_SECONDS = 3_600;
const POLICY_CHARACTERS = 2_048;
/** Deflated bytes of policy and tags that fill the packed limit. AWS does not publish its own formula; see DIFFERENCES.md. */
const PACKED_BYTES = 1_024;

/** What a session is asked to be. */
type Wanted = {
  readonly role: Role | null;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly sourceIdentity: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy: string | null;
  readonly durationSeconds: number;
};

export function stsOperations(
  world: World,
  sessions: Sessions,
  now: () => number,
): Readonly<Record<string, Operation>> {
  const assumeRole: Operation = (call) => {
    const { parameters } = call;
    const session = signed(call);
    const wanted = readWanted(
      world,
      parameters,
      parameters.tags('Tags'),
      parameters.optional('SourceIdentity', NAME, 2, 64),
    );
    const externalId = parameters.optional('ExternalId', /^[\w+=,.@:/-]*$/, 2, 1_224);
    parameters.list('TransitiveTagKeys');
    parameters.requireAllRead();
    if (wanted.sourceIdentity?.startsWith('aws:'))
      throw validationError(wanted.sourceIdentity, 'sourceIdentity', 'Member must not begin with aws:');
    const actor = {
      arn: sessionArn(session),
      roleArn: session.kind === 'user' ? null : session.role.arn,
      account: session.role.account,
      federated: null,
      service: null,
    };
    const facts = sessions.facts(session, call.http, call.region, {
      ...wantedFacts(wanted),
      ...(externalId === null ? {} : { 'sts:ExternalId': externalId }),
    });
    for (const action of actionsOf(wanted)) requireAssumable(wanted, action, actor, facts, session);
    if (
      session.sourceIdentity !== null &&
      wanted.sourceIdentity !== null &&
      wanted.sourceIdentity !== session.sourceIdentity
    ) {
      throw accessDenied(actor.arn, 'sts:SetSourceIdentity', wanted.roleArn, '');
    }
    if (session.kind !== 'user' && wanted.durationSeconds > CHAINED_SECONDS) {
      throw new AwsError(
        'ValidationError',
        400,
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      );
    }
    return answer({ ...wanted, sourceIdentity: wanted.sourceIdentity ?? session.sourceIdentity });
  };

  /** A role lets a caller in by its trust policy; unless that names the caller in its own account, the caller's policies must allow it too. */
  const requireAssumable = (
    wanted: Wanted,
    action: string,
    caller: Caller & { arn: string },
    facts: RequestFacts,
    session: Session,
  ): void => {
    const { role } = wanted;
    const trust =
      role === null
        ? 'silent'
        : evaluateTrust(world.seen(role, now()).trustPolicy, caller, { action, resource: wanted.roleArn, facts });
    if (role === null || trust === 'silent' || trust === 'deny')
      throw accessDenied(caller.arn, action, wanted.roleArn, '');
    const own = sessions.refusal(session, action, wanted.roleArn, facts);
    const denied = own?.startsWith('with an explicit deny') === true;
    if (own !== null && (denied || trust !== 'named' || role.account !== session.role.account))
      throw accessDenied(caller.arn, action, wanted.roleArn, own);
  };

  const answer = (wanted: Wanted): XmlNode[] => {
    const { role } = wanted;
    if (role === null) throw new AwsError('InternalFailure', 500, 'no role');
    if (wanted.durationSeconds > role.maxSessionDurationSeconds) {
      throw new AwsError(
        'ValidationError',
        400,
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      );
    }
    const packed = packedPercent(wanted);
    const { keys, session } = sessions.issue(role, wanted, wanted.durationSeconds);
    return [
      credentials(keys, session),
      element('AssumedRoleUser', [
        element('AssumedRoleId', `${role.id}:${session.sessionName}`),
        element('Arn', sessionArn(session)),
      ]),
      packed === 0 ? null : element('PackedPolicySize', packed),
      optional('SourceIdentity', session.sourceIdentity),
    ].filter((node) => node !== null);
  };

  const assumeRoleWithWebIdentity: Operation = async (call) => {
    const { parameters } = call;
    const token = parameters.require('WebIdentityToken', /^[\s\S]*$/, 4, 20_000);
    const read = readWanted(world, parameters, {}, null);
    parameters.requireAllRead();
    const { claims, provider } = await verifyWebIdentity(world, token, read.roleArn, now());
    const principalTags = claims.tags;
    const wanted: Wanted = { ...read, sourceIdentity: claims.sourceIdentity, tags: principalTags };
    const host = provider.url.replace(/^https?:\/\//, '');
    const caller: Caller = {
      arn: null,
      roleArn: null,
      account: null,
      service: null,
      federated: `arn:aws:iam::${provider.account}:oidc-provider/${host}`,
    };
    const facts = new Map<string, readonly string[]>([
      [`${host}:aud`.toLowerCase(), claims.audiences],
      [`${host}:sub`.toLowerCase(), [claims.subject]],
      ['aws:currenttime', [new Date(now()).toISOString()]],
      ...Object.entries(wantedFacts(wanted)).map(([name, value]): [string, readonly string[]] => [
        name.toLowerCase(),
        typeof value === 'string' ? [value] : value,
      ]),
    ]);
    for (const action of actionsOf(wanted, 'sts:AssumeRoleWithWebIdentity')) {
      const trust =
        wanted.role === null
          ? 'silent'
          : evaluateTrust(world.seen(wanted.role, now()).trustPolicy, caller, {
              action,
              resource: wanted.roleArn,
              facts,
            });
      if (trust !== 'named') throw new AwsError('AccessDenied', 403, `Not authorized to perform ${action}`);
    }
    return [
      ...answer(wanted),
      element('SubjectFromWebIdentityToken', claims.subject),
      element('Provider', caller.federated ?? ''),
      element('Audience', claims.audiences[0] ?? ''),
    ];
  };

  return {
    AssumeRole: assumeRole,
    AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
    GetCallerIdentity: (call) => {
      const session = signed(call);
      call.parameters.requireAllRead();
      return [
        element('Arn', sessionArn(session)),
        element('UserId', uniqueId(session)),
        element('Account', session.role.account),
      ];
    },
  };
}

function signed(call: QueryCall): Session {
  if (call.session === null)
    throw new AwsError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token');
  return call.session;
}

function readWanted(
  world: World,
  parameters: Parameters,
  tags: Record<string, string>,
  sourceIdentity: string | null,
): Wanted {
  const arn = parameters.require('RoleArn', /^[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF]+$/, 20, 2_048);
  const policy = parameters.optional('Policy', /^[\s\S]*$/, 1, 100_000);
  if (policy !== null) {
    if (policy.length > POLICY_CHARACTERS)
      throw validationError(
        `${policy.slice(0, 40)}…`,
        'policy',
        `Member must have length less than or equal to ${POLICY_CHARACTERS}`,
      );
    if (parsePolicy(policy, 'session').some((statement) => statement.principals !== null))
      throw malformedPolicy('Policy document should not specify a principal.');
  }
  return {
    role: world.roleByArn(arn),
    roleArn: arn,
    sessionName: parameters.require('RoleSessionName', NAME, 2, 64),
    sourceIdentity,
    tags,
    policy,
    durationSeconds: parameters.integer('DurationSeconds', 3_600, 900, 43_200),
  };
}

/** Every permission that a session with these features needs. */
function actionsOf(wanted: Wanted, assume = 'sts:AssumeRole'): readonly string[] {
  return [
    assume,
    ...(Object.keys(wanted.tags).length === 0 ? [] : ['sts:TagSession']),
    ...(wanted.sourceIdentity === null ? [] : ['sts:SetSourceIdentity']),
  ];
}

function wantedFacts(wanted: Wanted): Record<string, string | readonly string[]> {
  const facts: Record<string, string | readonly string[]> = { 'sts:RoleSessionName': wanted.sessionName };
  if (wanted.sourceIdentity !== null) facts['sts:SourceIdentity'] = wanted.sourceIdentity;
  for (const [key, value] of Object.entries(wanted.tags)) facts[`aws:RequestTag/${key}`] = value;
  if (Object.keys(wanted.tags).length > 0) facts['aws:TagKeys'] = Object.keys(wanted.tags);
  return facts;
}

function packedPercent(wanted: Wanted): number {
  const text = (wanted.policy ?? '') + Object.entries(wanted.tags).flat().join('\n');
  if (text === '') return 0;
  const percent = Math.ceil((deflateRawSync(text).length * 100) / PACKED_BYTES);
  if (percent > 100)
    throw new AwsError(
      'PackedPolicyTooLarge',
      400,
      `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
    );
  return percent;
}

function credentials(keys: IssuedKeys, session: Session): XmlNode {
  return element('Credentials', [
    element('AccessKeyId', keys.accessKeyId),
    element('SecretAccessKey', keys.secretAccessKey),
    element('SessionToken', keys.sessionToken),
    element('Expiration', new Date(session.expiresAt).toISOString().replace('.000Z', 'Z')),
  ]);
}

type WebIdentity = {
  subject: string;
  audiences: readonly string[];
  sourceIdentity: string | null;
  tags: Record<string, string>;
};

/** Verifies a web identity token against the OIDC provider that the role's account registered for its issuer. */
async function verifyWebIdentity(world: World, token: string, arn: string, nowMs: number) {
  const invalid = (why: string): AwsError => new AwsError('InvalidIdentityToken', 400, why);
  const [head, body, signature, ...more] = token.split('.');
  if (head === undefined || body === undefined || signature === undefined || more.length > 0)
    throw invalid('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)');
  const decode = (part: string): Record<string, unknown> => {
    try {
      return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
    } catch {
      throw invalid('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)');
    }
  };
  const [header, payload] = [decode(head), decode(body)];
  const account = arn.split(':')[4];
  const provider = world.oidcProviders.find((one) => one.account === account && one.url === payload['iss']);
  if (provider === undefined)
    throw invalid(`No OpenIDConnect provider found in your account for ${String(payload['iss'])}`);
  const key = (await keysOf(provider)).find((one) => (one as { kid?: string }).kid === header['kid']);
  const algorithm = header['alg'];
  if (key === undefined || (algorithm !== 'RS256' && algorithm !== 'ES256'))
    throw invalid(
      "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  const publicKey = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
  const options = algorithm === 'ES256' ? { key: publicKey, dsaEncoding: 'ieee-p1363' as const } : publicKey;
  if (!verify('sha256', Buffer.from(`${head}.${body}`), options, Buffer.from(signature, 'base64url')))
    throw invalid('The ID Token signature is invalid');
  if (typeof payload['exp'] !== 'number' || payload['exp'] * 1000 <= nowMs)
    throw new AwsError(
      'ExpiredTokenException',
      400,
      'Token expired: current date/time must be before the expiration date/time',
    );
  const audiences = [payload['aud']].flat().filter((one): one is string => typeof one === 'string');
  if (!audiences.some((one) => provider.audiences.includes(one))) throw invalid('Incorrect token audience');
  if (typeof payload['sub'] !== 'string' || payload['sub'].length < 6)
    throw invalid('The ID Token has no usable subject');
  const tags =
    (payload['https://aws.amazon.com/tags'] as { principal_tags?: Record<string, string[]> } | undefined)
      ?.principal_tags ?? {};
  const source = payload['https://aws.amazon.com/source_identity'];
  const claims: WebIdentity = {
    subject: payload['sub'],
    audiences,
    sourceIdentity: typeof source === 'string' ? source : null,
    tags: Object.fromEntries(Object.entries(tags).map(([name, values]) => [name, values[0] ?? ''])),
  };
  return { claims, provider };
}

async function keysOf(provider: { jwksUrl: string | null; keys: object[] }): Promise<object[]> {
  if (provider.jwksUrl === null) return provider.keys;
  try {
    const response = await fetch(provider.jwksUrl, { signal: AbortSignal.timeout(3_000) });
    return ((await response.json()) as { keys: object[] }).keys;
  } catch {
    throw new AwsError('IDPCommunicationError', 400, "Couldn't retrieve verification key from your identity provider");
  }
}
