import { AwsError } from './aws-error.ts';
import { header, queryValue, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import type { IdentityCenter } from './identity-center.ts';
import { jsonAnswer } from './json-service.ts';
import type { DirectoryUser, OrganizationAccount } from './organization-state.ts';
import type { Seal } from './seal.ts';
import type { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** Paths of the portal (botocore, sso 2019-06-10): not signed, with the person's token in a header. */
const PATHS: Readonly<Record<string, string>> = {
  'GET /federation/credentials': 'GetRoleCredentials',
  'GET /assignment/accounts': 'ListAccounts',
  'GET /assignment/roles': 'ListAccountRoles',
  'POST /logout': 'Logout',
};
const PURPOSE = 'sso-token';
const TOKEN_MS = 8 * 3_600_000;

/** The portal's operation that a call is for; null if it is for another service. */
export const portalAction = (call: HttpCall): string | null =>
  header(call, 'authorization') === null ? (PATHS[`${call.method} ${call.rawPath}`] ?? null) : null;

/** Where people get credentials from what they are assigned. */
export class SsoPortal {
  readonly #world: World;
  readonly #center: IdentityCenter;
  readonly #sessions: Sessions;
  readonly #seal: Seal;
  readonly #now: () => number;
  readonly #loggedOut = new Set<string>();

  constructor(ports: {
    readonly world: World;
    readonly center: IdentityCenter;
    readonly sessions: Sessions;
    readonly seal: Seal;
    readonly now: () => number;
  }) {
    this.#world = ports.world;
    this.#center = ports.center;
    this.#sessions = ports.sessions;
    this.#seal = ports.seal;
    this.#now = ports.now;
  }

  /** A token as signing in by OIDC would end with; null for a name that is no user. Good for eight hours. */
  signIn(userName: string): { accessToken: string; expiresAt: string } | null {
    const user = this.#world.organization.identityCenter?.users.find((one) => one.userName === userName);
    if (user === undefined) return null;
    const expiresAt = this.#now() + TOKEN_MS;
    const accessToken = this.#seal.seal(PURPOSE, { user: user.id, expiresAt });
    return { accessToken, expiresAt: new Date(expiresAt).toISOString() };
  }

  answer(call: HttpCall, action: string): HttpAnswer {
    const token = header(call, 'x-amz-sso_bearer_token');
    const user = this.#userOf(token);
    switch (action) {
      case 'GetRoleCredentials':
        return jsonAnswer(this.#credentials(call, user), true);
      case 'ListAccounts': {
        const accountList = this.#accountsOf(user).map(({ id, name, email }) => ({
          accountId: id,
          accountName: name,
          emailAddress: email,
        }));
        return jsonAnswer({ accountList }, true);
      }
      case 'ListAccountRoles': {
        const accountId = required(call, 'account_id');
        const sets = this.#isOpen(accountId) ? this.#center.heldBy(user, accountId) : [];
        return jsonAnswer({ roleList: sets.map((set) => ({ roleName: set.name, accountId })) }, true);
      }
      default:
        this.#loggedOut.add(token ?? '');
        return jsonAnswer({}, true);
    }
  }

  /**
   * Credentials last as long as the permission set said when it was provisioned. They outlive the assignment; what they may do is
   * what the role's policies say at each call.
   */
  #credentials(call: HttpCall, user: DirectoryUser): Readonly<Record<string, unknown>> {
    const [roleName, account] = [required(call, 'role_name'), required(call, 'account_id')];
    const set = this.#isOpen(account)
      ? this.#center.heldBy(user, account).find((one) => one.name === roleName)
      : undefined;
    const role = set === undefined ? null : this.#center.roleOf(set, account);
    if (role === null) throw new AwsError('ForbiddenException', 403, 'No access');
    const facts = {
      sessionName: user.userName.replace(/[^\w+=,.@-]/g, '_').slice(0, 64),
      sourceIdentity: null,
      tags: {},
      policy: null,
      keys: { 'identitystore:UserId': user.id },
    };
    const { keys, session } = this.#sessions.issue(role, facts, role.maxSessionDurationSeconds);
    return { roleCredentials: { ...keys, expiration: session.expiresAt } };
  }

  #accountsOf(user: DirectoryUser): OrganizationAccount[] {
    const all = this.#world.organization.organization?.accounts ?? [];
    return all.filter(({ id }) => this.#isOpen(id) && this.#center.heldBy(user, id).length > 0);
  }

  #isOpen(account: string): boolean {
    const found = this.#world.organization.organization?.accounts.find((one) => one.id === account);
    return found?.state === 'ACTIVE';
  }

  #userOf(token: string | null): DirectoryUser {
    const claim = token === null || this.#loggedOut.has(token) ? null : this.#seal.open(PURPOSE, token);
    const user = readClaim(claim, this.#now());
    const found = this.#world.organization.identityCenter?.users.find((one) => one.id === user);
    if (found === undefined) throw new AwsError('UnauthorizedException', 401, 'Session token not found or invalid');
    return found;
  }
}

function readClaim(claim: unknown, nowMs: number): string | null {
  if (typeof claim !== 'object' || claim === null || !('user' in claim) || !('expiresAt' in claim)) return null;
  const { user, expiresAt } = claim;
  return typeof user === 'string' && typeof expiresAt === 'number' && nowMs < expiresAt ? user : null;
}

function required(call: HttpCall, name: string): string {
  const value = queryValue(call, name);
  if (value === null || value === '') throw new AwsError('InvalidRequestException', 400, `${name} is missing.`);
  return value;
}
