import { after, toIso, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { gather } from './gather.ts';
import type { IdentityCenterDirectory } from './identity-center-directory.ts';
import type { Operations } from './identity-center-operations.ts';
import { LONGEST_WAIT_MS } from './identity-center-quota.ts';
import type { AssignmentNames } from './identity-center-schedule.ts';
import type { Asked } from './identity-center-statuses.ts';
import { OWNED_TAG } from './names.ts';
import { accountKey, provisioning, Provisionings, type Sent } from './permission-set-provisioning.ts';
import type { PermissionSetNames, PermissionSets } from './permission-sets.ts';
import {
  fits,
  parseTombstones,
  printTombstones,
  roomFor,
  secondOf,
  sidOf,
  withoutTombstones,
  withTombstone,
  type Tombstone,
  type TombstonePolicy,
} from './tombstone-policy.ts';
import { LATE_MS, TombstoneSightings } from './tombstone-sightings.ts';
import type { TombstoneState, WantedEnd } from './tombstone-state.ts';
import { longestSessionMs } from './session-length.ts';

interface Wish {
  readonly set: PermissionSetNames;
  readonly tombstone: Tombstone;
  readonly asked: Asked;
}

interface Known {
  readonly at: Instant;
  readonly policy: TombstonePolicy;
}

/** A policy that was read so recently need not be read again by whoever looks. */
const RECENT_MS = 1_000;
/** How long it is believed that a set belongs to Curfew; AWS asks at every write anyhow. */
const OWNED_MS = 30_000;
/** After AWS has said that a policy is too long, it counts as full for so long. */
const FULL_MS = 60_000;
/** Whoever writes waits a moment for others that want the same, and this long at a time for the set to be free. */
const GATHER_MS = 150;
const WAIT_MS = 50;

/**
 * Keeps the tombstones in permission sets that belong to Curfew, beside what their owners wrote there. The set's policy is written by one
 * process at a time (`exclusive`), for everybody who waits there; what an account knows of it is what was brought there since.
 */
export class Tombstones {
  readonly #sets: PermissionSets;
  readonly #directory: IdentityCenterDirectory;
  readonly #operations: Operations;
  readonly #provisionings: Provisionings;
  readonly #clock: Clock;
  readonly #owned = new Map<string, Instant>();
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, { readonly at: Instant; readonly answer: Promise<Known> }>();
  /** When this process wrote a set last, or tried to. */
  readonly #wroteAt = new Map<string, Instant>();
  readonly #sightings = new TombstoneSightings();
  readonly #fullUntil = new Map<string, Instant>();
  /** Ends that are known to be in force, by set and statement. */
  readonly #inForce = new Map<string, Instant>();
  /** What was tidied in a set and an account does not know yet. */
  readonly #toBring = new Map<string, AssignmentNames>();

  constructor(ports: {
    readonly sets: PermissionSets;
    readonly directory: IdentityCenterDirectory;
    readonly operations: Operations;
    readonly clock: Clock;
  }) {
    this.#sets = ports.sets;
    this.#directory = ports.directory;
    this.#operations = ports.operations;
    this.#provisionings = new Provisionings(ports.operations, ports.clock);
    this.#clock = ports.clock;
  }

  /** Refuses a permission set that its owner has not given to Curfew. Throws faults. */
  async requireOwned(set: PermissionSetNames, asked: Asked): Promise<void> {
    const seenAt = this.#owned.get(set.permissionSetArn);
    if (seenAt !== undefined && this.#clock.now() < after(seenAt, OWNED_MS)) return;
    if ((await this.#sets.tags(set, asked)).get(OWNED_TAG) === 'true') {
      this.#owned.set(set.permissionSetArn, this.#clock.now());
      return;
    }
    const { instanceArn, permissionSetArn } = set;
    const fix = `aws sso-admin tag-resource --instance-arn ${instanceArn} --resource-arn ${permissionSetArn} --tags Key=${OWNED_TAG},Value=true`;
    throw new ProviderFault(
      'invalid',
      `The permission set ${permissionSetArn} is not marked as Curfew's own, so no tombstone is written into it: ` +
        `${fix}; or take "tombstone" out of the roles that name it`,
      { fix },
    );
  }

  /** How many more tombstones a set has room for. Throws faults. */
  async room(set: PermissionSetNames, asked: Asked): Promise<number> {
    return roomFor((await this.#read(set, asked, this.#clock.now())).policy);
  }

  /** How the tombstone of a slot stands. Changes nothing. Throws faults. */
  async look(names: AssignmentNames, wanted: WantedEnd, asked: Asked): Promise<TombstoneState> {
    const seen = await this.#standing(names, wanted, asked);
    return seen !== 'in-force' && (await this.#inAccount(names, asked)) === 'gone' ? 'set-gone' : seen;
  }

  /**
   * Makes the tombstone of a slot stand with the wanted end, as far as that goes now: whoever calls comes back until it is in force, the
   * set is full, or the account does not have it any more. Throws faults, `conflict` and `throttled` when AWS is busy with the set.
   */
  async stand(names: AssignmentNames, wanted: WantedEnd, asked: Asked): Promise<TombstoneState> {
    const seen = await this.look(names, wanted, asked);
    if (seen === 'in-force' || seen === 'full' || seen === 'set-gone') return seen;
    if (seen !== 'not-there-yet') {
      const tombstone = { userId: names.userId, account: names.account, endsAt: secondOf(wanted.endsAt) };
      await this.#write(names.permissionSetArn, { item: { set: names, tombstone, asked }, call: asked.call });
      const written = this.#known.get(names.permissionSetArn)?.policy.tombstones.get(sidOf(names));
      if (!says(written, wanted)) return 'full';
    }
    return this.#bring(names, wanted, asked);
  }

  /**
   * Removes tombstones that no session can need any more: that of the slot, which nobody needs, and those of others whose assignment has
   * gone. True: something was removed, or an account was told of it. Throws faults.
   */
  async tidy(names: AssignmentNames, asked: Asked): Promise<boolean> {
    const { policy } = await this.#read(names, asked, this.#clock.now());
    const over = await this.#overdue(names, policy, asked, sidOf(names));
    if (over.size > 0) {
      await this.#whenIdle(names, asked);
      const next = withoutTombstones(policy, over);
      await asked.call.alongside?.removes(next.tombstones.size);
      await this.#put(names, next, asked);
      for (const sid of over) {
        const account = policy.tombstones.get(sid)?.account ?? names.account;
        this.#toBring.set(accountKey({ ...names, account }), { ...names, account });
      }
    }
    const told = await this.#tell(names, asked);
    return over.size > 0 || told;
  }

  /** Brings what was tidied to an account, unless the set has gone from there. */
  async #tell(names: AssignmentNames, asked: Asked): Promise<boolean> {
    const key = accountKey(names);
    if (!this.#toBring.has(key)) return false;
    if ((await this.#sets.accounts(names, false, asked)).has(names.account)) await this.#provision(names, asked);
    return this.#toBring.delete(key);
  }

  /** Whether an end finds the set in the account: it goes with its last assignment, and is not to be brought back. */
  async #inAccount(names: AssignmentNames, asked: Asked): Promise<'there' | 'gone' | 'not-listed'> {
    const now = this.#clock.now();
    // What this process brought there a moment ago is there, though the list may not show it yet.
    const sentAt = this.#provisionings.sent(names)?.at;
    const justSent = sentAt !== undefined && now < after(sentAt, LATE_MS);
    const listed =
      asked.lane === 'start' || justSent || (await this.#sets.accounts(names, false, asked)).has(names.account);
    if (this.#sightings.isMissing(names, listed, now)) return 'gone';
    return listed ? 'there' : 'not-listed';
  }

  async #standing(names: AssignmentNames, wanted: WantedEnd, asked: Asked): Promise<TombstoneState> {
    const one = { userId: names.userId, account: names.account, endsAt: secondOf(wanted.endsAt) };
    let { policy } = await this.#read(names, asked, after(this.#clock.now(), -RECENT_MS));
    // That there is no room is said to whoever begins or ends: it is never of a moment ago.
    if (!fits(withTombstone(policy, one))) ({ policy } = await this.#read(names, asked, this.#clock.now()));
    const standing = policy.tombstones.get(sidOf(names));
    if (standing === undefined) {
      const fullUntil = this.#fullUntil.get(names.permissionSetArn);
      if (fullUntil !== undefined && this.#clock.now() < fullUntil) return 'full';
      if (fits(withTombstone(policy, one))) return 'none';
      return (await this.#overdue(names, policy, asked, null)).size > 0 ? 'none' : 'full';
    }
    if (!says(standing, wanted)) return 'other-end';
    return (await this.#reached(names, standing, asked)) ? 'in-force' : 'not-there-yet';
  }

  /** Whether an account knows a tombstone that stands in its permission set. */
  async #reached(names: AssignmentNames, standing: Tombstone, asked: Asked): Promise<boolean> {
    if (asked.lane === 'start') return this.#isKnown(names, standing, asked);
    const { permissionSetArn } = names;
    if (this.#sightings.wasDenied(permissionSetArn, standing, this.#clock.now())) return true;
    const known = await this.#isKnown(names, standing, asked);
    if (known) this.#sightings.sawDenied(permissionSetArn, standing, this.#clock.now());
    return known;
  }

  async #isKnown(names: AssignmentNames, standing: Tombstone, asked: Asked): Promise<boolean> {
    const now = this.#clock.now();
    // What was true at a start says nothing where access ends: others may have changed the set and its account since.
    const remembers = asked.lane === 'start';
    if (remembers && this.#inForce.get(statementKey(names)) === standing.endsAt) return true;
    const sent = this.#provisionings.sent(names);
    const fresh = remembers || (sent !== undefined && now < after(sent.at, LATE_MS));
    if (fresh && sent?.tombstones.get(sidOf(names))?.endsAt === standing.endsAt)
      return (await this.#outcome(names, sent, asked)) === 'succeeded';
    if (await this.#operations.running(provisioning(names), asked)) return false;
    // A list that is late may be of before it was written, whoever wrote it: then it is brought there again.
    if (!this.#sightings.standsForLong(names.permissionSetArn, standing, now)) return false;
    if (!(await this.#sets.accounts(names, true, asked)).has(names.account)) return false;
    this.#inForce.set(statementKey(names), standing.endsAt);
    return true;
  }

  /** What became of what was sent to an account; a success counts for everything that was in it. Throws when it failed. */
  async #outcome(names: AssignmentNames, sent: Sent, asked: Asked): Promise<'running' | 'succeeded' | null> {
    const outcome = await this.#provisionings.outcome(names, sent, asked);
    if (outcome === 'succeeded')
      for (const [sid, { endsAt }] of sent.tombstones) this.#inForce.set(`${names.permissionSetArn} ${sid}`, endsAt);
    return outcome;
  }

  /** Brings to the account what stands in the set when the call leaves, also for those who came while it waited. */
  #provision(names: AssignmentNames, asked: Asked): Promise<void> {
    return this.#provisionings.begin(names, asked, () => {
      const all = this.#known.get(names.permissionSetArn)?.policy.tombstones ?? new Map<string, Tombstone>();
      return new Map([...all].filter(([, one]) => one.account === names.account));
    });
  }

  /** Brings the set to the account: one operation for all who wait for it. */
  async #bring(names: AssignmentNames, wanted: WantedEnd, asked: Asked): Promise<TombstoneState> {
    const sent = this.#provisionings.sent(names);
    const outcome = sent === undefined ? null : await this.#outcome(names, sent, asked);
    if (outcome === 'running') return 'not-there-yet';
    if (outcome === 'succeeded' && says(sent?.tombstones.get(sidOf(names)), wanted)) return 'in-force';
    if (asked.lane === 'end') {
      // The removal has the account to itself until it is over, and whoever takes away looks again soon.
      if (await this.#operations.running({ kind: 'delete', ...names }, asked)) return 'not-there-yet';
      const where = await this.#inAccount(names, asked);
      if (where !== 'there') return where === 'gone' ? 'set-gone' : 'not-there-yet';
    }
    await this.#provision(names, asked);
    return 'not-there-yet';
  }

  readonly #write = gather<Wish>(
    (wishes, call) => this.#writeAll(wishes, call),
    async ({ item: { set, asked } }) => {
      await this.#clock.sleep(GATHER_MS, asked.call.signal);
      await this.#whenIdle(set, asked);
    },
  );

  /** Writes the tombstones of several slots at once; those that find no room are not in the set afterwards. */
  async #writeAll(wishes: readonly Wish[], call: CallOptions): Promise<void> {
    const [first] = wishes;
    if (first === undefined) return;
    const { set } = first;
    const asked: Asked = { lane: wishes.some((one) => one.asked.lane === 'end') ? 'end' : 'start', call };
    const { policy } = await this.#read(set, asked, this.#clock.now());
    const added = wishes.map(({ tombstone }) => tombstone);
    const moved = added.filter((one) => policy.tombstones.has(sidOf(one)));
    let next = added.reduce(addIfItFits, policy);
    if (added.some((one) => !next.tombstones.has(sidOf(one)))) {
      const over = await this.#overdue(set, policy, asked, null);
      const kept = withoutTombstones(policy, over);
      if (over.size > 0) await call.alongside?.removes(kept.tombstones.size);
      next = added.reduce(addIfItFits, kept);
    }
    if (printTombstones(next) === printTombstones(policy)) return;
    try {
      await this.#put(set, next, asked);
    } catch (error) {
      if (!isTooLong(error)) throw error;
      this.#fullUntil.set(set.permissionSetArn, after(this.#clock.now(), FULL_MS));
      // What stood there already is no longer than it was, and must be moved: an end that is past would deny what begins.
      if (moved.length > 0) await this.#put(set, moved.reduce(addIfItFits, policy), asked);
    }
  }

  async #put(set: PermissionSetNames, next: TombstonePolicy, asked: Asked): Promise<void> {
    const { permissionSetArn } = set;
    const before = this.#known.get(permissionSetArn)?.policy.tombstones ?? new Map<string, Tombstone>();
    for (const sid of [...before.keys(), ...next.tombstones.keys()]) {
      if (before.get(sid)?.endsAt === next.tombstones.get(sid)?.endsAt) continue;
      this.#inForce.delete(`${permissionSetArn} ${sid}`);
      this.#provisionings.changed(permissionSetArn, sid);
    }
    this.#known.delete(permissionSetArn);
    this.#wroteAt.set(permissionSetArn, this.#clock.now());
    await this.#sets.writeInlinePolicy(set, printTombstones(next), asked);
    this.#keep(permissionSetArn, { at: this.#clock.now(), policy: next });
  }

  #keep(permissionSetArn: string, known: Known): void {
    this.#sightings.saw(permissionSetArn, known.policy, known.at);
    this.#known.set(permissionSetArn, known);
  }

  /** An end has found that the user of a slot is not assigned the set any more: no session begins from now on. */
  sawGone(names: AssignmentNames, now: Instant): void {
    this.#sightings.sawGone(names, now);
  }

  /** Statements that no session can need any more. Of `own` it is known that its user is not assigned. */
  async #overdue(
    set: PermissionSetNames,
    policy: TombstonePolicy,
    asked: Asked,
    own: string | null,
  ): Promise<ReadonlySet<string>> {
    const { instanceArn, permissionSetArn } = set;
    const { now } = asked.call;
    const over = new Set<string>();
    if (policy.tombstones.size === 0) return over;
    const longestMs = await longestSessionMs(this.#directory, permissionSetArn, asked);
    for (const [sid, one] of policy.tombstones) {
      const names = { instanceArn, permissionSetArn, account: one.account };
      const assigned = async () => sid !== own && (await this.#directory.assigned(names, asked, now)).has(one.userId);
      if (await this.#sightings.isOver(permissionSetArn, one, { now, longestMs }, assigned)) over.add(sid);
    }
    return over;
  }

  /** AWS lets nobody edit a set while it is brought to an account, whichever. */
  async #whenIdle(set: PermissionSetNames, asked: Asked): Promise<void> {
    const until = after(this.#clock.now(), LONGEST_WAIT_MS);
    while (await this.#operations.provisioning(set.permissionSetArn, asked)) {
      if (asked.call.signal.aborted || this.#clock.now() >= until)
        throw new ProviderFault(
          'conflict',
          `The permission set ${set.permissionSetArn} is being brought to an account`,
          { heldBack: true },
        );
      await this.#clock.sleep(WAIT_MS, asked.call.signal);
    }
  }

  /** What a set says, by a question that left at `since` or later: one for all who want to know at the same time. */
  async #read(set: PermissionSetNames, asked: Asked, since: Instant): Promise<Known> {
    const { permissionSetArn } = set;
    const known = this.#known.get(permissionSetArn);
    if (known !== undefined && known.at >= since) return known;
    const running = this.#reading.get(permissionSetArn);
    if (running !== undefined && running.at >= since) return running.answer;
    const at = this.#clock.now();
    const ask = async (): Promise<Known> => {
      const policy = parseTombstones(await this.#sets.inlinePolicy(set, asked));
      if (policy === null)
        throw new ProviderFault(
          'invalid',
          `The inline policy of ${permissionSetArn} is no policy document (${toIso(at)})`,
        );
      const wroteAt = this.#wroteAt.get(permissionSetArn);
      const read = { at, policy };
      // What was asked before a write of ours may be what stood there before it.
      if (wroteAt === undefined || wroteAt < at) this.#keep(permissionSetArn, read);
      return read;
    };
    const answer = ask().finally(() => {
      if (this.#reading.get(permissionSetArn)?.at === at) this.#reading.delete(permissionSetArn);
    });
    this.#reading.set(permissionSetArn, { at, answer });
    return answer;
  }
}

function says(standing: Tombstone | undefined, { endsAt, orEarlier }: WantedEnd): boolean {
  if (standing === undefined) return false;
  return standing.endsAt === secondOf(endsAt) || (orEarlier && standing.endsAt < endsAt);
}

function addIfItFits(policy: TombstonePolicy, tombstone: Tombstone): TombstonePolicy {
  const next = withTombstone(policy, tombstone);
  return policy.tombstones.has(sidOf(tombstone)) || fits(next) ? next : policy;
}

function isTooLong(error: unknown): boolean {
  return error instanceof ProviderFault && error.message.includes('ServiceQuotaExceeded');
}

const statementKey = (names: AssignmentNames): string => `${names.permissionSetArn} ${sidOf(names)}`;
