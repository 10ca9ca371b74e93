import { GetUserIdCommand, ListUsersCommand } from '@aws-sdk/client-identitystore';
import {
  DescribePermissionSetCommand,
  ListAccountAssignmentsCommand,
  ListInstancesCommand,
  ListPermissionSetsCommand,
} from '@aws-sdk/client-sso-admin';
import { after, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault } from '../contract.ts';
import type { IdentityCenterClient } from './identity-center-client.ts';
import type { AssignmentNames } from './identity-center-schedule.ts';
import type { Asked } from './identity-center-statuses.ts';
import type { AccountState } from './organizations.ts';

/** The instance of IAM Identity Center, and the directory of its people. */
export interface Instance {
  readonly arn: string;
  readonly identityStoreId: string;
}

/** A permission set as it is edited. */
export interface PermissionSet {
  readonly arn: string;
  readonly name: string;
  /** ISO 8601, as AWS writes it: `PT1H`. */
  readonly sessionDuration: string;
}

/** Whom an account's permission set is assigned to, and since when that has been known. */
interface Listing {
  readonly at: Instant;
  readonly users: ReadonlySet<string>;
}

/** How long a name is believed to mean the same id. */
const KNOWN_MS = 300_000;
/** How long what a permission set says is believed. */
const SET_MS = 30_000;
/** A list that was asked for so recently need not be asked for again by whoever is about to write. */
export const RECENT_MS = 1_000;
/** Pages of a hundred (API reference, MaxResults): more than any instance can fill, so that a broken cloud cannot keep us for ever. */
const PAGES = 100;

/** Reads what IAM Identity Center, its directory and the organization know. All throw faults. */
export class IdentityCenterDirectory {
  readonly #client: IdentityCenterClient;
  readonly #clock: Clock;
  #instance: Instance | null = null;
  readonly #users = new Map<string, { readonly id: string; readonly until: Instant }>();
  /** Names of permission sets by ARN: they never change. */
  readonly #names = new Map<string, string>();
  readonly #sets = new Map<string, { readonly set: PermissionSet; readonly until: Instant }>();
  readonly #asking = new Map<string, Promise<unknown>>();
  readonly #listings = new Map<string, Listing>();
  readonly #listing = new Map<string, { readonly at: Instant; readonly answer: Promise<Listing> }>();

  constructor(client: IdentityCenterClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** How far AWS's clock was ahead of ours when it answered last; `null`: it has not said yet. */
  aheadMs(): number | null {
    return this.#client.aheadMs();
  }

  /** The one instance that the account sees, or the one that was configured. */
  async instance(asked: Asked): Promise<Instance> {
    return this.#instance ?? this.#together('instance', () => this.#findInstance(asked));
  }

  async #findInstance(asked: Asked): Promise<Instance> {
    const { account, instanceArn } = this.#client.place;
    const what = `Looking for IAM Identity Center in ${account}`;
    const found: Instance[] = [];
    await this.#pages(what, async (NextToken) => {
      const { output } = await this.#client.sso(
        new ListInstancesCommand({ MaxResults: 100, NextToken }),
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        { ...asked, effect: 'read', what },
      );
      for (const { InstanceArn, IdentityStoreId } of output.Instances ?? [])
        if (InstanceArn !== undefined && IdentityStoreId !== undefined)
          found.push({ arn: InstanceArn, identityStoreId: IdentityStoreId });
      return output.NextToken;
    });
    const chosen = instanceArn === undefined ? found : found.filter(({ arn }) => arn === instanceArn);
    const [only, ...more] = chosen;
    if (only === undefined)
      throw new ProviderFault(
        'invalid',
        `${what}: there is no instance${instanceArn === undefined ? '' : ` ${instanceArn}`}`,
      );
    if (more.length > 0) {
      const arns = chosen.map(({ arn }) => arn).join(', ');
      throw new ProviderFault(
        'invalid',
        `${what}: there are several (${arns}); set CURFEW_AWS_IDENTITY_CENTER_INSTANCE to one of them`,
      );
    }
    this.#instance = only;
    return only;
  }

  /** The id of the user of a name; `null` when the directory itself says that it has nobody of that name. */
  async userId(userName: string, asked: Asked): Promise<string | null> {
    const known = this.#users.get(userName);
    if (known !== undefined && this.#clock.now() < known.until) return known.id;
    const { identityStoreId: IdentityStoreId } = await this.instance(asked);
    const what = `Looking for ${userName} in the directory of IAM Identity Center`;
    const how = { effect: 'read' as const, what, call: asked.call };
    try {
      const unique = { AttributePath: 'userName', AttributeValue: userName };
      const { output } = await this.#client.other(
        new GetUserIdCommand({ IdentityStoreId, AlternateIdentifier: { UniqueAttribute: unique } }),
        ({ store }) =>
          (it, o) =>
            store.send(it, o),
        how,
      );
      if (output.UserId === undefined) throw new ProviderFault('unreachable', `${what}: AWS answered without an id`);
      this.#users.set(userName, { id: output.UserId, until: after(this.#clock.now(), KNOWN_MS) });
      return output.UserId;
    } catch (error) {
      if (!(error instanceof ProviderFault) || error.kind !== 'target-gone') throw error;
      this.#users.delete(userName);
    }
    // A missing directory is called missing in the same way: only its own list, which it answers itself, says that somebody is not in it.
    const { output } = await this.#client.other(
      new ListUsersCommand({ IdentityStoreId, Filters: [{ AttributePath: 'UserName', AttributeValue: userName }] }),
      ({ store }) =>
        (it, o) =>
          store.send(it, o),
      how,
    );
    return output.Users?.[0]?.UserId ?? null;
  }

  /** The next question about this name is asked of the directory again. */
  forgetUser(userName: string): void {
    this.#users.delete(userName);
  }

  /** ARN of the permission set that a role names; `null` when the instance has none of that name. */
  async permissionSetArn(named: string, asked: Asked): Promise<string | null> {
    if (named.startsWith('arn:')) return named;
    for (const [arn, name] of this.#names) if (name === named) return arn;
    for (const arn of await this.permissionSets(asked))
      if ((this.#names.get(arn) ?? (await this.describe(arn, asked))?.name) === named) return arn;
    return null;
  }

  /** Whether a permission set is the one that a role names. */
  async isNamed(arn: string, named: string, asked: Asked): Promise<boolean> {
    if (named.startsWith('arn:')) return arn === named;
    return (this.#names.get(arn) ?? (await this.describe(arn, asked))?.name) === named;
  }

  /** All permission sets of the instance: what the instance itself says, whoever of them is gone. */
  async permissionSets(asked: Asked): Promise<readonly string[]> {
    return this.#together('permission sets', () => this.#permissionSets(asked));
  }

  async #permissionSets(asked: Asked): Promise<readonly string[]> {
    const { arn: InstanceArn } = await this.instance(asked);
    const what = 'Listing the permission sets';
    const all: string[] = [];
    await this.#pages(what, async (NextToken) => {
      const { output } = await this.#client.sso(
        new ListPermissionSetsCommand({ InstanceArn, MaxResults: 100, NextToken }),
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        { ...asked, effect: 'read', what },
      );
      all.push(...(output.PermissionSets ?? []));
      return output.NextToken;
    });
    for (const known of this.#names.keys()) if (!all.includes(known)) this.#names.delete(known);
    return all;
  }

  /** A permission set as it was within the last seconds; `null` when AWS does not know it. */
  async describe(arn: string, asked: Asked): Promise<PermissionSet | null> {
    const known = this.#sets.get(arn);
    if (known !== undefined && this.#clock.now() < known.until) return known.set;
    // By lane: an end does not wait in the line of starts, nor for what is left of the time of one.
    const set = await this.#together(`set ${asked.lane} ${arn}`, () => this.#describe(arn, asked));
    if (set === null) this.#sets.delete(arn);
    else this.#sets.set(arn, { set, until: after(this.#clock.now(), SET_MS) });
    return set;
  }

  /** What AWS said last of a permission set, however long ago; `null`: it said nothing yet, or that it knows it no more. */
  describedLast(arn: string): PermissionSet | null {
    return this.#sets.get(arn)?.set ?? null;
  }

  async #describe(PermissionSetArn: string, asked: Asked): Promise<PermissionSet | null> {
    const { arn: InstanceArn } = await this.instance(asked);
    const what = `Looking at the permission set ${PermissionSetArn}`;
    try {
      const { output } = await this.#client.sso(
        new DescribePermissionSetCommand({ InstanceArn, PermissionSetArn }),
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        { ...asked, effect: 'read', what },
      );
      const { Name: name = '', SessionDuration: sessionDuration = 'PT1H' } = output.PermissionSet ?? {};
      this.#names.set(PermissionSetArn, name);
      return { arn: PermissionSetArn, name, sessionDuration };
    } catch (error) {
      if (!(error instanceof ProviderFault) || error.kind !== 'target-gone') throw error;
      this.#names.delete(PermissionSetArn);
      return null;
    }
  }

  /** One question for all who ask the same at the same time. */
  async #together<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const running = this.#asking.get(what);
    // Whatever is asked under one name has one type.
    if (running !== undefined) return running as Promise<T>;
    const answer = ask().finally(() => this.#asking.delete(what));
    this.#asking.set(what, answer);
    return answer;
  }

  /**
   * Ids of the users that a permission set is assigned to in an account, groups left out, by a question that left at `since` or later:
   * one for all who want to know at the same time. Throws `target-gone` when AWS knows the set, or the account, no more.
   */
  async assigned(
    { instanceArn, permissionSetArn, account }: Omit<AssignmentNames, 'userId'>,
    asked: Asked,
    since: Instant,
  ): Promise<ReadonlySet<string>> {
    const key = `${account} ${permissionSetArn}`;
    const known = this.#listings.get(key);
    if (known !== undefined && known.at >= since) return known.users;
    const running = this.#listing.get(key);
    if (running !== undefined && running.at >= since) return (await running.answer).users;
    const at = this.#clock.now();
    const answer = this.#list(instanceArn, permissionSetArn, account, asked).then((users) => ({ at, users }));
    this.#listing.set(key, { at, answer });
    try {
      const listing = await answer;
      this.#listings.delete(key);
      this.#listings.set(key, listing);
      for (const [old, { at: then }] of this.#listings) {
        if (after(then, RECENT_MS) >= at) break;
        this.#listings.delete(old);
      }
      return listing.users;
    } finally {
      if (this.#listing.get(key)?.at === at) this.#listing.delete(key);
    }
  }

  async #list(
    InstanceArn: string,
    PermissionSetArn: string,
    AccountId: string,
    asked: Asked,
  ): Promise<ReadonlySet<string>> {
    const what = `Listing whom the permission set ${PermissionSetArn} is assigned to in ${AccountId}`;
    const users = new Set<string>();
    await this.#pages(what, async (NextToken) => {
      const { output } = await this.#client.sso(
        new ListAccountAssignmentsCommand({ InstanceArn, AccountId, PermissionSetArn, MaxResults: 100, NextToken }),
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        { ...asked, effect: 'read', what },
      );
      for (const { PrincipalType, PrincipalId } of output.AccountAssignments ?? [])
        if (PrincipalType === 'USER' && PrincipalId !== undefined) users.add(PrincipalId);
      return output.NextToken;
    });
    return users;
  }

  /** What the organization says of an account; `null`: it has no such account. */
  accountState(account: string, asked: Asked): Promise<AccountState | null> {
    return this.#client.accountState(account, asked.call);
  }

  async #pages(what: string, page: (token: string | undefined) => Promise<string | undefined>): Promise<void> {
    let token: string | undefined;
    for (let number = 0; number < PAGES; number += 1) {
      token = await page(token);
      if (token === undefined || token === '') return;
    }
    throw new ProviderFault('unreachable', `${what}: AWS never came to the end`);
  }
}
