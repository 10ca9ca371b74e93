import type { Storm } from '../kernel/storm.ts';
import { noSuchEntity, sdkError } from './aws-errors.ts';
import { readDenials, sessionEnd, type Denial } from './role-denials.ts';
import type { Written } from './written.ts';

/** The shortest and the longest session that the cloud gives. */
export const SESSION_MS = 900_000;
const LONGEST_SESSION_MS = 3_600_000;
/** What further policies of the role take up of the room that the weather leaves. */
const OTHERS_TAKE = 600;
const OWN_POLICIES: Policies = new Map([
  ['permissions', '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'],
]);

type Policies = ReadonlyMap<string, string>;

/** The inline policies of a role as they were from a moment on. */
interface RoleVersion {
  readonly at: number;
  /** Another one when it was deleted and made anew; `null`: there is no such role. */
  readonly id: string | null;
  readonly policies: Policies;
}

/** The ways in which somebody with a console of their own can get in the way of a catalogue role, and how often each is taken. */
export const CATALOGUE_TAMPERINGS = { 'role made anew': 1, 'role deleted': 1 } as const;
export type CatalogueTampering = keyof typeof CATALOGUE_TAMPERINGS;

/** A session of a role that STS gave out under a policy of its own. */
interface RoleSession {
  readonly key: string;
  readonly grant: string;
  readonly role: RoleVersion[];
  readonly roleId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** From when on its own policy denies everything. */
  readonly endsAt: number;
}

/** Somebody asks for something as STS and IAM have it. */
interface Input {
  readonly RoleArn?: string;
  readonly SourceIdentity?: string;
  readonly Policy?: string;
  readonly DurationSeconds?: number;
  readonly RoleName?: string;
  readonly PolicyName?: string;
  readonly PolicyDocument?: string;
}

/**
 * STS and the catalogue roles of IAM in the accounts of the simulated company: sessions, each under the policy that it was asked for with,
 * and the inline policies of their roles, which deny sessions early. A session works until it expires, unless either of them denies
 * everything at that moment, by the cloud's own clock.
 */
export class SimRoles {
  readonly #storm: Storm;
  /** By account and name; oldest version first. */
  readonly #roles = new Map<string, RoleVersion[]>();
  readonly #sessions = new Map<string, RoleSession>();
  /** Those that have not expired. */
  #alive: RoleSession[] = [];
  readonly #parsed = new Map<string, readonly Denial[]>();
  #made = 0;
  onChange: () => void = () => {};
  /** Told of every change that the broker makes for a grant. */
  onWritten: (grant: string, how: Written) => void = () => {};

  constructor(storm: Storm, accounts: readonly string[], roles: readonly string[]) {
    this.#storm = storm;
    for (const account of accounts) for (const role of roles) this.#roles.set(keyOf(account, role), [this.#newRole()]);
  }

  /** The cloud's own time. */
  get cloudNow(): number {
    return this.#now + this.#storm.drawn.cloud.skewMs;
  }

  get #now(): number {
    return this.#storm.scheduler.now;
  }

  /** AssumeRole. Throws errors as the SDK would. */
  assume({ RoleArn = '', SourceIdentity = '', Policy = '', DurationSeconds = 0 }: Input): object {
    const [, account = '', name = ''] = /^arn:aws:iam::(\d+):role\/curfew\/(.+)$/.exec(RoleArn) ?? [];
    const role = this.#roles.get(keyOf(account, name));
    const roleId = role === undefined ? null : versionAt(role, this.#now).id;
    if (role === undefined || roleId === null)
      throw sdkError('AccessDenied', 403, `not authorized to assume ${RoleArn}`);
    const durationMs = DurationSeconds * 1_000;
    if (durationMs < SESSION_MS || durationMs > LONGEST_SESSION_MS)
      throw sdkError('ValidationError', 400, 'DurationSeconds');
    const key = `ASIA${String(this.#sessions.size + 1).padStart(8, '0')}`;
    // STS stamps whole seconds.
    const issuedAt = Math.floor(this.cloudNow / 1_000) * 1_000;
    const session = { key, grant: SourceIdentity, role, roleId, issuedAt, expiresAt: issuedAt + durationMs };
    const made: RoleSession = { ...session, endsAt: sessionEnd(Policy) ?? Infinity };
    this.#sessions.set(key, made);
    this.#alive.push(made);
    this.onWritten(SourceIdentity, 'gives');
    this.onChange();
    return {
      Credentials: {
        AccessKeyId: key,
        SecretAccessKey: '-',
        SessionToken: '-',
        Expiration: new Date(session.expiresAt),
      },
      AssumedRoleUser: { Arn: `arn:aws:sts::${account}:assumed-role/${name}/${SourceIdentity}` },
      PackedPolicySize: 10,
    };
  }

  /** A call of IAM. A read may be `staleMs` behind; `onStale` is told when that shows. Throws errors as the SDK would. */
  iam(account: string, action: string, input: Input, read: { staleMs: number; onStale: () => void }): object {
    const { RoleName = '', PolicyName = '', PolicyDocument = '' } = input;
    const role = this.#roles.get(keyOf(account, RoleName));
    if (role === undefined) throw noSuchEntity('role');
    const last = versionAt(role, this.#now);
    const seen = action.startsWith('Get') ? versionAt(role, this.#now - read.staleMs) : last;
    if (seen !== last) read.onStale();
    if (seen.id === null) throw noSuchEntity('role');
    const policy = seen.policies.get(PolicyName);
    switch (action) {
      case 'GetRole':
        return { Role: { RoleName } };
      case 'GetRolePolicy':
        if (policy === undefined) throw noSuchEntity('role policy');
        return { RoleName, PolicyName, PolicyDocument: encodeURIComponent(policy) };
      case 'PutRolePolicy':
        this.#put(role, PolicyName, PolicyDocument);
        return {};
      case 'DeleteRolePolicy': {
        if (policy === undefined) throw noSuchEntity('role policy');
        const policies = new Map(last.policies);
        policies.delete(PolicyName);
        this.#change(role, { ...last, policies });
        return {};
      }
      default:
        throw new Error(`the simulated IAM has no ${action}`);
    }
  }

  /** Somebody with a console of their own gets in the way. False: there is no such role. */
  tamper(account: string, name: string, how: CatalogueTampering): boolean {
    const role = this.#roles.get(keyOf(account, name));
    const last = role === undefined ? null : versionAt(role, this.#now);
    if (role === undefined || last === null || last.id === null) return false;
    this.#change(role, how === 'role made anew' ? this.#newRole() : { ...last, id: null, policies: new Map() });
    return true;
  }

  /** Makes the role again that somebody deleted. */
  makeAnew(account: string, name: string): void {
    const role = this.#roles.get(keyOf(account, name));
    if (role !== undefined && versionAt(role, this.#now).id === null) this.#change(role, this.#newRole());
  }

  /** Whether the cloud would serve somebody who shows this session now. */
  accepts(key: string): boolean {
    const session = this.#sessions.get(key);
    return session !== undefined && this.#works(session);
  }

  /** Grants under which somebody could act at this moment. */
  usable(): readonly string[] {
    this.#alive = this.#alive.filter(({ expiresAt }) => this.cloudNow < expiresAt);
    return this.#alive.flatMap((session) => (this.#works(session) ? [session.grant] : []));
  }

  #works({ grant, role, roleId, issuedAt, expiresAt, endsAt }: RoleSession): boolean {
    const { cloudNow } = this;
    if (cloudNow >= expiresAt || cloudNow >= endsAt) return false;
    // A session goes with the role that it is of, whatever has its name.
    if (versionAt(role, this.#now).id !== roleId) return false;
    // What the cloud obeys is what stood there a while ago.
    const at = this.#now - this.#storm.drawn.cloud.propagationMs;
    const obeyed = role.findLast((version) => version.at <= at && version.id === roleId);
    return ![...(obeyed?.policies.values() ?? [])].some((text) =>
      this.#denialsOf(text).some(
        ({ grants, from, issuedBefore }) =>
          (grants === null || grants.has(grant)) &&
          (from === null || cloudNow >= from) &&
          (issuedBefore === null || issuedAt < issuedBefore),
      ),
    );
  }

  #put(role: RoleVersion[], name: string, text: string): void {
    const last = versionAt(role, this.#now);
    const policies = new Map([...last.policies, [name, text]]);
    if ([...policies.values()].join('').replace(/\s/g, '').length > this.#storm.weather.cloud.room - OTHERS_TAKE) {
      this.#storm.marks.hit('revocations-full');
      throw sdkError('LimitExceededException', 409, 'Maximum policy size exceeded');
    }
    const before = this.#deniedBy(last.policies.get(name));
    const fresh = [...this.#deniedBy(text)].filter((grant) => !before.has(grant));
    if (fresh.length > 1) this.#storm.marks.hit('written-together');
    for (const grant of fresh) this.onWritten(grant, 'takes');
    this.#change(role, { ...last, policies });
  }

  #newRole(): RoleVersion {
    this.#made += 1;
    return { at: this.#now, id: `ARCA${this.#made}`, policies: OWN_POLICIES };
  }

  #change(role: RoleVersion[], version: RoleVersion): void {
    role.push({ ...version, at: this.#now });
    this.onChange();
  }

  #deniedBy(text: string | undefined): ReadonlySet<string> {
    return new Set(text === undefined ? [] : this.#denialsOf(text).flatMap(({ grants }) => [...(grants ?? [])]));
  }

  /** Checkers look all the time, and there are few different documents. */
  #denialsOf(text: string): readonly Denial[] {
    let denials = this.#parsed.get(text);
    if (denials === undefined) {
      denials = readDenials(text);
      this.#parsed.set(text, denials);
      if (denials.some(({ issuedBefore }) => issuedBefore !== null)) this.#storm.marks.hit('sessions-cut');
    }
    return denials;
  }
}

function keyOf(account: string, name: string): string {
  return `${account}/${name}`;
}

function versionAt(versions: readonly RoleVersion[], at: number): RoleVersion {
  const [first] = versions;
  const found = versions.findLast((version) => version.at <= at) ?? first;
  if (found === undefined) throw new Error('a role without a beginning');
  return found;
}
