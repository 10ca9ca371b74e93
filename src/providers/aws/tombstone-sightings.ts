import { after, type Instant } from '../../core/time.ts';
import type { AssignmentNames } from './identity-center-schedule.ts';
import { accountKey } from './permission-set-provisioning.ts';
import { isOver, sidOf, type Tombstone, type TombstonePolicy } from './tombstone-policy.ts';

/** AWS's lists of the accounts that have a set, or have it as it is now, may be so late. */
export const LATE_MS = 30_000;

/**
 * An end that saw its denial in force believes so while it waits for its proof. Whoever writes the set for somebody else meanwhile makes every
 * account have an older one, and leaves the denial in both.
 */
const DENIED_MS = 120_000;

/** What was seen of a tombstone since it says the end that it says. */
interface Seen {
  readonly endsAt: Instant;
  /** When it was first seen to stand in the set. */
  readonly at: Instant;
  /** Since when its user has been known not to be assigned the set, after that end; `null`: it is not known. */
  goneSince: Instant | null;
  /** When an end last saw that AWS obeys it; `null`: none has. */
  deniedAt: Instant | null;
}

/**
 * Since when this process has seen what it sees of tombstones. What another process has seen, or this one in an earlier life, counts for
 * nothing: it is counted anew, so that a denial stays for longer rather than for less, and a list that may be late is not believed.
 */
export class TombstoneSightings {
  /** By set and statement. */
  readonly #seen = new Map<string, ReadonlyMap<string, Seen>>();
  /** By account and set, since when AWS's list has not had the account. */
  readonly #missingSince = new Map<string, Instant>();

  /** A set was seen to say this. */
  saw(permissionSetArn: string, { tombstones }: TombstonePolicy, at: Instant): void {
    const before = this.#seen.get(permissionSetArn);
    const seen = [...tombstones].map(([sid, { endsAt }]): [string, Seen] => {
      const same = before?.get(sid);
      return [sid, same?.endsAt === endsAt ? same : { endsAt, at, goneSince: null, deniedAt: null }];
    });
    this.#seen.set(permissionSetArn, new Map(seen));
  }

  /** Whether a tombstone has stood in its set for so long that no list is of before. */
  standsForLong(permissionSetArn: string, tombstone: Tombstone, now: Instant): boolean {
    const seen = this.#of(permissionSetArn, tombstone);
    return seen !== null && now >= after(seen.at, LATE_MS);
  }

  /** An end has seen that AWS obeys a tombstone. */
  sawDenied(permissionSetArn: string, tombstone: Tombstone, now: Instant): void {
    const seen = this.#of(permissionSetArn, tombstone);
    if (seen !== null) seen.deniedAt = now;
  }

  /** Whether an end saw a moment ago that AWS obeys a tombstone, which has stood in its set whenever this process looked since. */
  wasDenied(permissionSetArn: string, tombstone: Tombstone, now: Instant): boolean {
    const deniedAt = this.#of(permissionSetArn, tombstone)?.deniedAt ?? null;
    return deniedAt !== null && now < after(deniedAt, DENIED_MS);
  }

  /** AWS's list has an account, or has not. True: it has not had it for so long that the account does not have the set. */
  isMissing(names: AssignmentNames, listed: boolean, now: Instant): boolean {
    const key = accountKey(names);
    if (listed) {
      this.#missingSince.delete(key);
      return false;
    }
    const since = this.#missingSince.get(key) ?? now;
    this.#missingSince.set(key, since);
    return now >= after(since, LATE_MS);
  }

  /** An end has found that the user of a slot is not assigned the set any more. */
  sawGone(names: AssignmentNames, now: Instant): void {
    const seen = this.#seen.get(names.permissionSetArn)?.get(sidOf(names));
    if (seen !== undefined && seen.endsAt <= now) seen.goneSince ??= now;
  }

  /** Whether no session, which may be so long, can need a tombstone any more: its user has long been gone, and is gone now, by a look that is taken when it matters. */
  async isOver(
    permissionSetArn: string,
    tombstone: Tombstone,
    { now, longestMs }: { readonly now: Instant; readonly longestMs: number },
    isAssigned: () => Promise<boolean>,
  ): Promise<boolean> {
    const seen = this.#of(permissionSetArn, tombstone);
    if (seen === null || now < tombstone.endsAt) return false;
    const { goneSince } = seen;
    if (goneSince !== null && !isOver(goneSince, now, longestMs)) return false;
    seen.goneSince = (await isAssigned()) ? null : (goneSince ?? now);
    return goneSince !== null && seen.goneSince !== null;
  }

  #of(permissionSetArn: string, tombstone: Tombstone): Seen | null {
    const seen = this.#seen.get(permissionSetArn)?.get(sidOf(tombstone));
    return seen?.endsAt === tombstone.endsAt ? seen : null;
  }
}
