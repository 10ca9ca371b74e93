import type { Storm } from '../kernel/storm.ts';
import { noSuchEntity, sdkError } from './aws-errors.ts';
import {
  allowsUntil,
  covers,
  editedPolicy,
  grantOfPolicy,
  holdsAt,
  policyNameOf,
  readStatements,
  type TimedStatement,
} from './identity-policies.ts';
import type { Written } from './written.ts';

type Policies = ReadonlyMap<string, string>;

/** An identity as it was from a moment on. */
interface Version {
  readonly at: number;
  /** From when on the cloud obeys it. */
  readonly obeyedAt: number;
  /** Another one when it was deleted and made anew; `null`: there is no such identity. */
  readonly id: string | null;
  readonly madeAt: number;
  readonly policies: Policies;
}

type Kind = 'user' | 'role';

/** A person's own user or role in one account. */
interface Identity {
  readonly account: string;
  readonly name: string;
  readonly versions: Version[];
}

/** Somebody asks for something as IAM has it. */
interface Input {
  readonly UserName?: string;
  readonly RoleName?: string;
  readonly PathPrefix?: string;
  readonly PolicyName?: string;
  readonly PolicyDocument?: string;
}

/** How a call sees what stands there, and whose it is. */
interface Read {
  readonly staleMs: number;
  readonly onStale: () => void;
  /** The broker's unless it says so. */
  readonly by?: 'sweeper';
}

/** The ways in which somebody with a console of their own can get in the way, and how often each is taken. */
export const TAMPERINGS = {
  'later end': 3,
  'no condition': 3,
  deleted: 2,
  'identity made anew': 1,
  'identity deleted': 1,
} as const;
export type Tampering = keyof typeof TAMPERINGS;

/** How much longer somebody lets an access work that they edit by hand. */
const LONGER_MS = 30 * 60_000;
/** The path that people's identities have. */
export const PEOPLE = 'people/';
/** Characters of all inline policies of a user (IAM quotas), where others leave as much. */
const USER_ROOM = 2_048;
/** What each identity may do without the broker. */
const OWN_POLICY = 'own';
const OWN_POLICIES: Policies = new Map([
  [
    OWN_POLICY,
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}',
  ],
]);

/**
 * IAM in the accounts of the simulated company, as far as it has people's own identities: in each a user or a role for everybody, with
 * inline policies that the cloud judges by its own clock, at every moment, by what stands in them. A person may do under a grant what a
 * policy of its name allows and no other one denies.
 */
export class SimIdentities {
  readonly #storm: Storm;
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #identities = new Map<string, Identity>();
  readonly #parsed = new Map<string, readonly TimedStatement[]>();
  /** What the broker wrote under each name, to tell what was edited. */
  readonly #written = new Map<string, Set<string>>();
  readonly #tampered = new Set<string>();
  /** When somebody last edited the policy of a grant by hand, and when the broker last looked and could see it. */
  readonly #editedAt = new Map<string, number>();
  readonly #lookedAt = new Map<string, number>();
  #made = 0;
  onChange: () => void = () => {};
  /** Told of every change that the broker makes for a grant. */
  onWritten: (grant: string, how: Written) => void = () => {};

  /** `accounts`: users in the first, roles in the others. */
  constructor(storm: Storm, accounts: readonly string[], people: readonly string[]) {
    this.#storm = storm;
    this.#kinds = new Map(accounts.map((account, index) => [account, index === 0 ? 'user' : 'role']));
    for (const account of accounts)
      for (const name of people)
        this.#identities.set(keyOf(account, name), { account, name, versions: [this.#anew()] });
  }

  /** The cloud's own time. */
  get cloudNow(): number {
    return this.#now + this.#storm.drawn.cloud.skewMs;
  }

  get #now(): number {
    return this.#storm.scheduler.now;
  }

  get accounts(): readonly string[] {
    return [...this.#kinds.keys()];
  }

  /** What people have in an account. */
  kindIn(account: string): Kind {
    return this.#kinds.get(account) ?? 'user';
  }

  /** A call of IAM. A read may be `staleMs` behind; `onStale` is told when that shows. Throws errors as the SDK would. */
  iam(account: string, action: string, input: Input, read: Read): object {
    const kind = this.kindIn(account);
    const [, verb = '', noun, what = ''] = /^(Get|List|Put|Delete)(User|Role)(s|Policy|Policies)?$/.exec(action) ?? [];
    const at = verb === 'Get' || verb === 'List' ? this.#now - read.staleMs : this.#now;
    if (what === 's') return this.#list(account, at, noun?.toLowerCase() === kind ? kind : null, input);
    if (noun?.toLowerCase() !== kind) throw new Error(`the simulated IAM has no ${action} for a ${kind}`);
    const identity = this.#identities.get(keyOf(account, input.UserName ?? input.RoleName ?? ''));
    const seen = identity === undefined ? null : versionAt(identity, at);
    if (identity !== undefined && seen !== versionAt(identity, this.#now)) read.onStale();
    // Who may act below a path only is forbidden to look at what has none.
    if (identity === undefined || seen?.id == null)
      throw kind === 'role' ? sdkError('AccessDenied', 403, `not authorized: ${action}`) : noSuchEntity(kind);
    return this.#onIdentity(identity, seen, `${verb}${what}`, input, read.by);
  }

  /** Grants under which somebody can act at this moment, and whether by what was edited by hand, so that it may work for longer than was written. */
  believed(): readonly { readonly grant: string; readonly edited: boolean }[] {
    const { cloudNow } = this;
    return [...this.#identities.values()].flatMap((identity) => {
      const obeyed = identity.versions.findLast(({ obeyedAt }) => obeyedAt <= this.#now);
      if (obeyed === undefined || obeyed.policies.size <= 1) return [];
      const holding = [...obeyed.policies].flatMap(([name, text]) =>
        this.#read(text).flatMap((one) => (holdsAt(one, cloudNow) ? [{ name, text, one }] : [])),
      );
      const denied = holding.filter(({ one }) => one.effect === 'Deny');
      const allowing = holding.filter(
        ({ one }) => one.effect === 'Allow' && !denied.some((denial) => covers(denial.one, one)),
      );
      const names = new Map(allowing.map(({ name, text }) => [name, text]));
      return [...names].flatMap(([name, text]) => {
        const grant = grantOfPolicy(name);
        return grant === '' ? [] : [{ grant, edited: this.#written.get(grant)?.has(text) !== true }];
      });
    });
  }

  /** Grants of which something stands on any identity now. */
  standing(): readonly { readonly grant: string }[] {
    return [...this.#identities.values()].flatMap((identity) =>
      [...versionAt(identity, this.#now).policies.keys()].flatMap((name) => {
        const grant = grantOfPolicy(name);
        return grant === '' ? [] : [{ grant }];
      }),
    );
  }

  /** Identities that have not what they had without the broker. */
  robbed(): readonly string[] {
    return [...this.#identities].flatMap(([key, identity]) => {
      const { id, policies } = versionAt(identity, this.#now);
      return id === null || policies.get(OWN_POLICY) === OWN_POLICIES.get(OWN_POLICY) ? [] : [key];
    });
  }

  /** Until when what stands there for a grant allows anything; `null`: nothing does. */
  allowedUntil(account: string, name: string, grant: string): number | null {
    const text = this.textOf(account, name, grant);
    return text === null ? null : allowsUntil(this.#read(text));
  }

  /** Whether somebody has changed by hand what stands there for a grant, or the identity under it. */
  isTampered(grant: string): boolean {
    return this.#tampered.has(grant);
  }

  /** When somebody last edited by hand what stands there for a grant; and when the broker last looked at it and could see that. */
  edit(grant: string): { readonly at: number; readonly lookedAt: number } | null {
    const at = this.#editedAt.get(grant);
    return at === undefined ? null : { at, lookedAt: this.#lookedAt.get(grant) ?? 0 };
  }

  textOf(account: string, name: string, grant: string): string | null {
    const identity = this.#identities.get(keyOf(account, name));
    return identity === undefined ? null : (versionAt(identity, this.#now).policies.get(policyNameOf(grant)) ?? null);
  }

  /** Somebody does something by hand to what stands there for grants, or to the identity under it. False: there is nothing of it. */
  tamper(account: string, name: string, grants: readonly string[], how: Tampering): boolean {
    const identity = this.#identities.get(keyOf(account, name));
    const last = identity === undefined ? null : versionAt(identity, this.#now);
    const [grant = ''] = grants;
    const text = last?.policies.get(policyNameOf(grant));
    const ofIdentity = how.startsWith('identity');
    if (identity === undefined || last === null || (text === undefined && !ofIdentity)) return false;
    for (const one of grants) this.#tampered.add(one);
    const policies = new Map(last.policies);
    switch (how) {
      case 'later end':
      case 'no condition':
        this.#editedAt.set(grant, this.#now);
        policies.set(policyNameOf(grant), editedPolicy(text ?? '', how === 'later end' ? this.#now + LONGER_MS : null));
        break;
      case 'deleted':
        policies.delete(policyNameOf(grant));
        break;
      case 'identity deleted':
        this.#note(identity, { ...last, id: null, policies: new Map() }, 0);
        return true;
      case 'identity made anew':
        this.#note(identity, this.#anew(), 0);
        return true;
    }
    // What is not the broker's doing is not held against it, not even for the moment that the cloud needs.
    this.#note(identity, { ...last, policies }, 0);
    return true;
  }

  /** Makes the identity again that somebody deleted. */
  makeAnew(account: string, name: string): void {
    const identity = this.#identities.get(keyOf(account, name));
    if (identity !== undefined && versionAt(identity, this.#now).id === null) this.#note(identity, this.#anew(), 0);
  }

  #list(account: string, at: number, kind: Kind | null, { PathPrefix }: Input): object {
    if (PathPrefix !== `/${PEOPLE}`) throw new Error(`nobody lists ${PathPrefix ?? 'everything'}`);
    const names = [...this.#identities.values()].flatMap((one) =>
      one.account === account && kind !== null && versionAt(one, at).id !== null ? [one.name] : [],
    );
    const page = { IsTruncated: false };
    const of = (name: string) => ({
      Arn: `arn:aws:iam::${account}:${kind ?? ''}/${PEOPLE}${name}`,
      Path: `/${PEOPLE}`,
    });
    return kind === 'user'
      ? { ...page, Users: names.map((UserName) => ({ UserName, ...of(UserName) })) }
      : { ...page, Roles: names.map((RoleName) => ({ RoleName, ...of(RoleName) })) };
  }

  #onIdentity(identity: Identity, seen: Version, action: string, input: Input, by: Read['by']): object {
    const { account, name } = identity;
    const kind = this.kindIn(account);
    const { PolicyName = '', PolicyDocument = '' } = input;
    const policy = seen.policies.get(PolicyName);
    const noPolicy = () => noSuchEntity(`${kind} policy`);
    switch (action) {
      case 'Get': {
        const Arn = `arn:aws:iam::${account}:${kind}/${PEOPLE}${name}`;
        const same = { Arn, CreateDate: new Date(seen.madeAt) };
        return kind === 'user' ? { User: { ...same, UserId: seen.id } } : { Role: { ...same, RoleId: seen.id } };
      }
      case 'GetPolicy':
        if (by !== 'sweeper') this.#noteLook(grantOfPolicy(PolicyName), seen, policy);
        if (policy === undefined) throw noPolicy();
        return { PolicyName, PolicyDocument: encodeURIComponent(policy) };
      case 'ListPolicies':
        return { PolicyNames: [...seen.policies.keys()], IsTruncated: false };
      case 'PutPolicy':
        this.#put(identity, seen, PolicyName, PolicyDocument);
        return {};
      case 'DeletePolicy': {
        if (policy === undefined) throw noPolicy();
        const policies = new Map(seen.policies);
        policies.delete(PolicyName);
        this.#markRemoval(grantOfPolicy(PolicyName), policy);
        this.onWritten(grantOfPolicy(PolicyName), 'takes');
        this.#note(identity, { ...seen, policies });
        return {};
      }
      default:
        throw new Error(`the simulated IAM has no ${action}`);
    }
  }

  #put(identity: Identity, last: Version, name: string, text: string): void {
    const grant = grantOfPolicy(name);
    const statements = this.#read(text);
    const policies = new Map([...last.policies, [name, text]]);
    const { room } = this.#storm.weather.cloud;
    const limit = this.kindIn(identity.account) === 'user' ? Math.min(USER_ROOM, room) : room;
    if ([...policies.values()].join('').replace(/\s/g, '').length > limit) {
      this.#storm.marks.hit('identity-full');
      throw sdkError('LimitExceededException', 409, 'Maximum policy size exceeded');
    }
    if (allowsUntil(statements) === null) this.#storm.marks.hit('denied-in-place');
    const written = this.#written.get(grant) ?? new Set();
    this.#written.set(grant, written.add(text));
    if (grant !== '') this.onWritten(grant, allowsUntil(statements) === null ? 'takes' : 'gives');
    this.#note(identity, { ...last, policies });
  }

  /** What a call that arrived twice has put back shows nothing of the edit that AWS obeys for some seconds yet. */
  #noteLook(grant: string, seen: Version, policy: string | undefined): void {
    const isPutBack = policy !== undefined && this.#written.get(grant)?.has(policy) === true;
    if (seen.at >= (this.#editedAt.get(grant) ?? Infinity) && !isPutBack) this.#lookedAt.set(grant, this.#now);
  }

  #markRemoval(grant: string, text: string): void {
    if (this.#written.get(grant)?.has(text) !== true) this.#storm.marks.hit('edit-removed');
    else if (this.cloudNow >= (allowsUntil(this.#read(text)) ?? Infinity)) this.#storm.marks.hit('litter-removed');
  }

  #anew(): Version {
    this.#made += 1;
    return { at: this.#now, obeyedAt: this.#now, id: `AXDA${this.#made}`, madeAt: this.#now, policies: OWN_POLICIES };
  }

  #note(identity: Identity, version: Version, laterMs = this.#storm.drawn.cloud.propagationMs): void {
    identity.versions.push({ ...version, at: this.#now, obeyedAt: this.#now + laterMs });
    this.onChange();
  }

  /** Checkers look all the time, and there are few different documents. */
  #read(text: string): readonly TimedStatement[] {
    let statements = this.#parsed.get(text);
    if (statements === undefined) {
      statements = readStatements(text);
      this.#parsed.set(text, statements);
    }
    return statements;
  }
}

function keyOf(account: string, name: string): string {
  return `${account}/${name}`;
}

function versionAt({ versions }: Identity, at: number): Version {
  const [first] = versions;
  const found = versions.findLast((version) => version.at <= at) ?? first;
  if (found === undefined) throw new Error('an identity without a beginning');
  return found;
}
