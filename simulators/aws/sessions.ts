import { randomBytes } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import type { RequestFacts } from './conditions.ts';
import type { HttpCall } from '../shared/http-call.ts';
import { evaluate } from './policy-evaluate.ts';
import { parsePolicy } from './policy-parse.ts';
import { createSeal, type Seal } from './seal.ts';
import type { SignatureClaim } from './sigv4-verify.ts';
import { roleArn, userArn, type Role, type User, type World } from './world.ts';

/**
 * Who calls. A role session travels inside its own session token, sealed, so nothing needs to be stored about it. A user with a
 * long-term key is looked up at each call; there `role` describes the user, and the session has neither name, policy nor end.
 */
export type Session = {
  /** Absent: a session of a role. */
  readonly kind?: 'user';
  readonly accessKeyId: string;
  readonly role: { readonly arn: string; readonly id: string; readonly account: string; readonly name: string };
  readonly sessionName: string;
  readonly sourceIdentity: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy: string | null;
  /** Condition keys that go with the session: `identitystore:UserId` for one of Identity Center. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly issuedAt: number;
  readonly expiresAt: number;
};

export type IssuedKeys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

const PURPOSE = 'session';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Issues sessions and judges what they may do. */
export class Sessions {
  readonly #world: World;
  readonly #seal: Seal;
  readonly #now: () => number;

  constructor(world: World, now: () => number) {
    this.#world = world;
    this.#seal = createSeal(world.sealKey);
    this.#now = now;
  }

  /** Makes the keys of a new session. */
  issue(
    role: Role,
    facts: Pick<Session, 'sessionName' | 'sourceIdentity' | 'tags' | 'policy' | 'keys'>,
    durationSeconds: number,
  ): { keys: IssuedKeys; session: Session } {
    const accessKeyId = `ASIA${[...randomBytes(16)].map((byte) => ALPHABET[byte & 31]).join('')}`;
    const issuedAt = this.#now();
    const session: Session = {
      accessKeyId,
      role: { arn: roleArn(role), id: role.id, account: role.account, name: role.name },
      sessionName: facts.sessionName,
      sourceIdentity: facts.sourceIdentity,
      tags: facts.tags,
      policy: facts.policy,
      ...(facts.keys === undefined ? {} : { keys: facts.keys }),
      issuedAt,
      expiresAt: Math.floor(issuedAt / 1000 + durationSeconds) * 1000,
    };
    return {
      session,
      keys: {
        accessKeyId,
        secretAccessKey: this.secretOf(accessKeyId),
        sessionToken: this.#seal.seal(PURPOSE, session),
      },
    };
  }

  secretOf(accessKeyId: string): string {
    const longTerm = this.#world.userByKey(accessKeyId);
    if (longTerm !== null) return longTerm.secret;
    return this.#seal.derive('secret', accessKeyId, 30);
  }

  /** The session behind a claim, before its signature is checked. Throws what each service answers for a key it does not know. */
  open(claim: SignatureClaim): Session {
    const s3 = claim.scope.service === 's3';
    const unknown = s3
      ? new AwsError('InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.')
      : new AwsError('InvalidClientTokenId', 403, 'The security token included in the request is invalid.');
    if (claim.sessionToken === null) {
      const user = this.#world.userByKey(claim.accessKeyId)?.user;
      if (user === undefined) throw unknown;
      return userSession(user, claim.accessKeyId);
    }
    const session = this.#seal.open(PURPOSE, claim.sessionToken) as Session | null;
    if (session === null) {
      throw s3 ? new AwsError('InvalidToken', 400, 'The provided token is malformed or otherwise invalid.') : unknown;
    }
    if (session.accessKeyId !== claim.accessKeyId) throw unknown;
    return session;
  }

  /** Throws when the session is over. Checked after the signature, as AWS does. */
  requireUnexpired(session: Session, service: string): void {
    if (this.#now() < session.expiresAt) return;
    if (service === 's3') throw new AwsError('ExpiredToken', 400, 'The provided token has expired.');
    throw new AwsError('ExpiredToken', 403, 'The security token included in the request is expired');
  }

  /** Condition keys that every request of a session has. */
  facts(
    session: Session,
    call: HttpCall,
    region: string,
    more: Readonly<Record<string, string | readonly string[]>> = {},
  ): RequestFacts {
    const now = this.#now();
    const facts = new Map<string, readonly string[]>();
    const set = (name: string, value: string | readonly string[]): void =>
      void facts.set(name.toLowerCase(), typeof value === 'string' ? [value] : value);
    set('aws:CurrentTime', new Date(now).toISOString());
    set('aws:EpochTime', String(Math.floor(now / 1000)));
    if (session.kind === 'user') set('aws:username', session.role.name);
    else set('aws:TokenIssueTime', new Date(session.issuedAt).toISOString());
    set('aws:SourceIp', call.remoteAddress);
    set('aws:SecureTransport', 'false');
    set('aws:RequestedRegion', region);
    set('aws:PrincipalType', session.kind === 'user' ? 'User' : 'AssumedRole');
    set('aws:PrincipalArn', session.role.arn);
    set('aws:PrincipalAccount', session.role.account);
    set('aws:userid', uniqueId(session));
    if (session.sourceIdentity !== null) set('aws:SourceIdentity', session.sourceIdentity);
    for (const [key, value] of Object.entries(session.tags)) set(`aws:PrincipalTag/${key}`, value);
    for (const [name, value] of Object.entries({ ...session.keys, ...more })) set(name, value);
    return facts;
  }

  /** What the session's own policies say: identity policies and boundary of its role, narrowed by the session policy. `null`: allowed. */
  refusal(session: Session, action: string, resource: string, facts: RequestFacts): string | null {
    const { kind, role: of } = session;
    const role = kind === 'user' ? this.#world.user(of.account, of.name) : this.#world.roleByArn(of.arn);
    if (role === null || role.id !== of.id) return `because the ${kind ?? 'role'} of this session no longer exists`;
    const attempt = { action, resource, facts };
    const { identity, boundary } =
      'trustPolicy' in role ? this.#world.seen(role, this.#now()) : this.#world.seenUser(role, this.#now());
    const own = evaluate(identity, attempt);
    const bound = role.permissionsBoundary === null ? 'allow' : evaluate(boundary, attempt);
    const narrowed = session.policy === null ? 'allow' : evaluate([parsePolicy(session.policy, 'session')], attempt);
    if (own === 'deny') return 'with an explicit deny in an identity-based policy';
    if (bound === 'deny') return 'with an explicit deny in a permissions boundary';
    if (narrowed === 'deny') return 'with an explicit deny in a session policy';
    if (own === 'silent') return `because no identity-based policy allows the ${action} action`;
    if (bound === 'silent') return `because no permissions boundary allows the ${action} action`;
    if (narrowed === 'silent') return `because no session policy allows the ${action} action`;
    return null;
  }

  /** Throws `AccessDenied` in AWS's words unless the session may do it. */
  authorize(session: Session, action: string, resource: string, facts: RequestFacts): void {
    const refusal = this.refusal(session, action, resource, facts);
    if (refusal !== null) throw accessDenied(sessionArn(session), action, resource, refusal);
  }
}

function userSession(user: User, accessKeyId: string): Session {
  const { id, account, name } = user;
  const nothing = { sessionName: '', sourceIdentity: null, tags: {}, policy: null };
  const role = { arn: userArn(user), id, account, name };
  return { kind: 'user', accessKeyId, role, ...nothing, issuedAt: 0, expiresAt: Number.POSITIVE_INFINITY };
}

/** What `aws:userid` and GetCallerIdentity say. */
export const uniqueId = (session: Session): string =>
  session.kind === 'user' ? session.role.id : `${session.role.id}:${session.sessionName}`;

export const sessionArn = (session: Session): string =>
  session.kind === 'user'
    ? session.role.arn
    : `arn:aws:sts::${session.role.account}:assumed-role/${session.role.name}/${session.sessionName}`;

export const accessDenied = (arn: string, action: string, resource: string, why: string): AwsError =>
  new AwsError(
    'AccessDenied',
    403,
    `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`.trimEnd(),
  );
