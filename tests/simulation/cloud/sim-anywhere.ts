import type { Storm } from '../kernel/storm.ts';
import { ANYWHERE, AnywhereLists, roleArn } from './anywhere-lists.ts';
import { noSuchEntity, sdkError } from './aws-errors.ts';
import { grantOf, laterEnd, nameOf, readDenials, untilOf, type Denial } from './role-denials.ts';
import { readSimCertificate, type SimCertificate } from './sim-authority.ts';
import type { Written } from './written.ts';

/** The longest session that the role gives. */
const SESSION_MS = 3_600_000;
const OWN_POLICIES: Policies = new Map([
  ['permissions', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'],
]);

type Policies = ReadonlyMap<string, string>;

/** The role as it was from a moment on. */
interface RoleVersion {
  readonly at: number;
  /** Another one when it was deleted and made anew; `null`: there is no such role. */
  readonly id: string | null;
  readonly madeAt: number;
  readonly policies: Policies;
}

interface Account {
  readonly id: string;
  readonly versions: RoleVersion[];
  readonly lists: AnywhereLists;
}

/** A session that a holder made with a certificate. */
interface CertifiedSession {
  readonly key: string;
  readonly grant: string;
  readonly account: Account;
  readonly roleId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** That somebody took a denial of a grant away by hand, and since when the broker's stands there again. */
interface Undone {
  readonly at: number;
  restoredAt: number | null;
}

/** The ways in which somebody with a console of their own can get in the way of a role and the ends on it, and how often each is taken. */
export const ROLE_TAMPERINGS = { 'end deleted': 3, 'end edited': 3, 'role made anew': 1, 'role deleted': 1 } as const;
export type RoleTampering = keyof typeof ROLE_TAMPERINGS;

/** How much later an end becomes that somebody edits by hand. */
const LATER_MS = 30 * 60_000;

/**
 * IAM and IAM Roles Anywhere in the accounts of the simulated company: one role in each, its inline policies, trust anchor, profile and
 * revocation lists; and whoever has a certificate makes sessions alone, which work unless a policy of the role denies them at that moment.
 */
export class SimAnywhere {
  readonly #storm: Storm;
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #handedOut: SimCertificate[] = [];
  readonly #sessions = new Map<string, CertifiedSession>();
  readonly #undone = new Map<string, Undone>();
  /** When the broker last looked at the end of each grant, and saw it as somebody had left it. */
  readonly #lookedAt = new Map<string, number>();
  readonly #parsed = new Map<string, readonly Denial[]>();
  #roles = 0;
  /** Called after everything that may have changed who can do what. */
  onChange: () => void = () => {};
  /** Told of every change that the broker makes for a grant. */
  onWritten: (grant: string, how: Written) => void = () => {};

  constructor(storm: Storm, accounts: readonly string[]) {
    this.#storm = storm;
    const onImport = () => {
      storm.marks.hit('crl-imported');
      this.onChange();
    };
    this.#accounts = new Map(
      accounts.map((id) => [id, { id, versions: [this.#newRole()], lists: new AnywhereLists(id, onImport) }]),
    );
  }

  /** The cloud's own time. */
  get cloudNow(): number {
    return this.#now + this.#storm.drawn.cloud.skewMs;
  }

  get #now(): number {
    return this.#storm.scheduler.now;
  }

  /** A call of IAM. A read may be `staleMs` behind; `onStale` is told when that shows. Throws errors as the SDK would. */
  iam(account: string, action: string, input: object, read: { staleMs: number; onStale: () => void }): object {
    const here = this.#account(account);
    const { RoleName, PolicyName = '', PolicyDocument = '' } = input as Readonly<Record<string, string | undefined>>;
    const isRead = /^(Get|List)/.test(action);
    const last = lastOf(here, this.#now);
    const seen = isRead ? lastOf(here, this.#now - read.staleMs) : last;
    if (seen !== last) read.onStale();
    if (`curfew/${RoleName ?? ''}` !== ANYWHERE.role || seen.id === null) throw noSuchEntity('role');
    const policy = seen.policies.get(PolicyName);
    switch (action) {
      case 'GetRole':
        return {
          Role: {
            RoleId: seen.id,
            RoleName,
            Arn: roleArn(account),
            CreateDate: new Date(seen.madeAt),
            MaxSessionDuration: SESSION_MS / 1_000,
          },
        };
      case 'GetRolePolicy':
        this.#noteLook(grantOf(PolicyName), seen);
        if (policy === undefined) throw noSuchEntity('role policy');
        return { RoleName, PolicyName, PolicyDocument: encodeURIComponent(policy) };
      case 'ListRolePolicies':
        return { PolicyNames: [...seen.policies.keys()], IsTruncated: false };
      case 'PutRolePolicy':
        this.#put(here, PolicyName, PolicyDocument);
        return {};
      case 'DeleteRolePolicy': {
        if (policy === undefined) throw noSuchEntity('role policy');
        const rest = new Map(seen.policies);
        rest.delete(PolicyName);
        if (grantOf(PolicyName) !== '') {
          this.#storm.marks.hit('armed-end-swept');
          this.onWritten(grantOf(PolicyName), 'takes');
        }
        this.#change(here, { ...seen, policies: rest });
        return {};
      }
      default:
        throw new Error(`the simulated IAM has no ${action}`);
    }
  }

  /** A call of the control plane of Roles Anywhere, as HTTP has it. */
  control(account: string, method: string, path: string, body: string): { status: number; text: string } {
    return this.#account(account).lists.request(method, path, body);
  }

  /** Somebody has a certificate from now on. */
  handOut(pem: string): SimCertificate {
    const certificate = readSimCertificate(pem);
    this.#handedOut.push(certificate);
    this.onChange();
    return certificate;
  }

  /** Makes a session with a certificate, or says why there is none. */
  createSession(certificate: SimCertificate, durationMs: number): { readonly key: string } | { readonly why: Refused } {
    const account = this.#account(accountOf(certificate.roleArn));
    const why = this.#refuses(certificate, account);
    if (why !== null) return { why };
    const key = `ASIAX509${String(this.#sessions.size + 1).padStart(6, '0')}`;
    this.#sessions.set(key, {
      key,
      grant: certificate.grant,
      account,
      roleId: lastOf(account, this.#now).id ?? '',
      issuedAt: this.cloudNow,
      expiresAt: this.cloudNow + Math.min(durationMs, SESSION_MS),
    });
    this.onChange();
    return { key };
  }

  /** Whether the cloud would serve somebody who shows this session now. */
  accepts(key: string): boolean {
    const session = this.#sessions.get(key);
    return session !== undefined && this.#works(session);
  }

  /** Grants under which somebody could act at this moment, with what makes it possible. */
  usable(): ReadonlyMap<string, string> {
    const usable = new Map<string, string>();
    const note = (grant: string, what: string) =>
      usable.set(grant, this.isUndone(grant) ? `${what} whose end somebody took away` : what);
    for (const certificate of this.#handedOut) {
      const account = this.#account(accountOf(certificate.roleArn));
      if (this.#refuses(certificate, account) !== null) continue;
      const next = { grant: certificate.grant, issuedAt: this.cloudNow };
      if (!this.#denied(account, lastOf(account, this.#now).id, next)) note(certificate.grant, CERTIFICATE);
    }
    for (const session of this.#sessions.values()) if (this.#works(session)) note(session.grant, CERTIFIED_SESSION);
    return usable;
  }

  /** From when on the policies of a role deny a grant, as they stand there at a moment; `null`: never. */
  deniedFrom(account: string, grant: string, at = this.#now): number | null {
    const { policies } = lastOf(this.#account(account), at);
    const times = [...policies.values()].flatMap((text) =>
      this.#denialsOf(text).flatMap(({ grants, from, issuedBefore }) =>
        grants?.has(grant) === true && issuedBefore === null ? [from ?? 0] : [],
      ),
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Ends of grants that stand on any role, with the time when the certificates of each are over. */
  ends(): readonly { readonly grant: string; readonly until: number }[] {
    return [...this.#accounts.values()].flatMap((account) =>
      [...lastOf(account, this.#now).policies].flatMap(([name, text]) => {
        const until = untilOf(text);
        return grantOf(name) === '' || until === null ? [] : [{ grant: grantOf(name), until }];
      }),
    );
  }

  /** Whether at some moment since `since` the role denied a grant from `until` on at the latest. */
  denied(account: string, grant: string, { since, until }: { readonly since: number; readonly until: number }) {
    const moments = this.#account(account).versions.flatMap(({ at }) => (at > since ? [at] : []));
    return [since, ...moments].some((at) => (this.deniedFrom(account, grant, at) ?? Infinity) <= until);
  }

  /** Whether what ends a grant was taken away by hand, and is not there again and obeyed. */
  isUndone(grant: string): boolean {
    const undone = this.#undone.get(grant);
    if (undone === undefined) return false;
    return undone.restoredAt === null || this.#now < undone.restoredAt + this.#storm.drawn.cloud.propagationMs;
  }

  /** When that was; and when the broker last looked at its end and could see it. */
  undoing(grant: string): { readonly at: number; readonly lookedAt: number } | null {
    const undone = this.#undone.get(grant);
    return undone === undefined ? null : { at: undone.at, lookedAt: this.#lookedAt.get(grant) ?? 0 };
  }

  /** Somebody with a console of their own gets in the way. Returns the grants whose end is not there any more. */
  tamper(account: string, grant: string, how: RoleTampering): readonly string[] {
    const here = this.#account(account);
    const last = lastOf(here, this.#now);
    const name = nameOf(grant);
    const ends = [...last.policies.keys()].filter((one) => grantOf(one) !== '');
    const ofRole = how.startsWith('role');
    if (last.id === null || (!ofRole && !last.policies.has(name))) return [];
    const struck = (ofRole ? ends : [name]).map(grantOf);
    for (const one of struck) this.#undone.set(one, { at: this.#now, restoredAt: null });
    const policies = new Map(last.policies);
    switch (how) {
      case 'end deleted':
        policies.delete(name);
        this.#change(here, { ...last, policies });
        break;
      case 'end edited':
        policies.set(name, laterEnd(grant, this.#now + LATER_MS));
        this.#change(here, { ...last, policies });
        break;
      case 'role made anew':
        this.#change(here, this.#newRole());
        break;
      case 'role deleted':
        this.#change(here, { ...last, id: null, policies: new Map() });
        break;
    }
    return struck;
  }

  /** Makes the role again that somebody deleted. */
  makeAnew(account: string): void {
    const here = this.#account(account);
    if (lastOf(here, this.#now).id === null) this.#change(here, this.#newRole());
  }

  /** A look that shows what was put back since, as by a call that came twice, shows nothing wrong. */
  #noteLook(grant: string, seen: RoleVersion): void {
    const restoredAt = this.#undone.get(grant)?.restoredAt ?? null;
    if (restoredAt === null || seen.at < restoredAt) this.#lookedAt.set(grant, this.#now);
  }

  #newRole(): RoleVersion {
    this.#roles += 1;
    return { at: this.#now, id: `AROA${this.#roles}`, madeAt: this.#now, policies: OWN_POLICIES };
  }

  #put(account: Account, name: string, text: string): void {
    const last = lastOf(account, this.#now);
    const policies = new Map([...last.policies, [name, text]]);
    const armed = this.#denialsOf(text).some(({ from }) => from !== null);
    if ([...policies.values()].join('').replace(/\s/g, '').length > this.#storm.weather.cloud.room) {
      this.#storm.marks.hit('role-full');
      throw sdkError('LimitExceededException', 409, 'Maximum policy size exceeded');
    }
    const grant = grantOf(name);
    const undone = this.#undone.get(grant);
    if (undone !== undefined) undone.restoredAt ??= this.#now;
    // A denial that holds at once gives nothing to anybody.
    if (grant !== '') this.onWritten(grant, armed ? 'gives' : 'takes');
    this.#change(account, { ...last, policies });
  }

  #change(account: Account, version: RoleVersion): void {
    account.versions.push({ ...version, at: this.#now });
    this.onChange();
  }

  #account(id: string): Account {
    const account = this.#accounts.get(id);
    if (account === undefined) throw new Error(`there is no account ${id} in the simulated company`);
    return account;
  }

  #refuses({ serial, notBefore, notAfter }: SimCertificate, { versions, lists }: Account): Refused | null {
    if (this.cloudNow < notBefore || this.cloudNow >= notAfter) return 'expired';
    if (lists.revokes(serial)) return 'revoked';
    return versions.at(-1)?.id == null ? 'no role' : null;
  }

  #works(session: CertifiedSession): boolean {
    const { account, roleId } = session;
    if (this.cloudNow >= session.expiresAt) return false;
    return lastOf(account, this.#now).id === roleId && !this.#denied(account, roleId, session);
  }

  /** What the cloud obeys is what stood on this very role a while ago. */
  #denied(account: Account, roleId: string | null, of: Pick<CertifiedSession, 'grant' | 'issuedAt'>): boolean {
    const at = this.#now - this.#storm.drawn.cloud.propagationMs;
    const obeyed = account.versions.findLast((version) => version.at <= at && version.id === roleId);
    return [...(obeyed?.policies.values() ?? [])].some((text) =>
      this.#denialsOf(text).some(
        ({ grants, from, issuedBefore }) =>
          (grants === null || grants.has(of.grant)) &&
          (from === null || this.cloudNow >= from) &&
          (issuedBefore === null || of.issuedAt < issuedBefore),
      ),
    );
  }

  /** Checkers look all the time, and there are few different documents. */
  #denialsOf(text: string): readonly Denial[] {
    let denials = this.#parsed.get(text);
    if (denials === undefined) {
      denials = readDenials(text);
      this.#parsed.set(text, denials);
    }
    return denials;
  }
}

/** Why a certificate makes no session. */
export type Refused = 'expired' | 'revoked' | 'no role';

export const CERTIFICATE = 'a certificate';
export const CERTIFIED_SESSION = 'a session of a certificate';

function lastOf({ versions }: Account, at: number): RoleVersion {
  const [first] = versions;
  const found = versions.findLast((version) => version.at <= at) ?? first;
  if (found === undefined) throw new Error('an account without its role');
  return found;
}

function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}
