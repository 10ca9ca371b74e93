import type { JsonObject } from '../../core/json.ts';
import { after, toIso } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { facts, refuseSkew } from '../calling.ts';
import {
  ProviderFault,
  type BindingSpec,
  type CallOptions,
  type Ending,
  type Observation,
  type Provisioned,
} from '../contract.ts';
import { CUT_RESIDUAL, LONGEST_SSO_SESSION_MS, UNCUT_RESIDUAL } from './capabilities.ts';
import { RECENT_MS, type IdentityCenterDirectory } from './identity-center-directory.ts';
import {
  assignedTo,
  everybody,
  everybodyLeased,
  isAstray,
  locate,
  nativeNames,
  type Located,
} from './identity-center-located.ts';
import type { Operations } from './identity-center-operations.ts';
import type { AssignmentPlace } from './identity-center-place.ts';
import {
  isMovedLater,
  isToCome,
  isTriedAgain,
  scheduleName,
  type AssignmentNames,
  type EndSchedules,
} from './identity-center-schedule.ts';
import type { Asked, Wanted } from './identity-center-statuses.ts';
import { leaseSlot, settledLeases } from './identity-center-leases.ts';
import type { Leases } from './leases.ts';
import { cutSessions, sessionsCut, surviving } from './identity-center-sessions.ts';
import { wholeSecond } from './names.ts';
import { longestSessionMs } from './session-length.ts';
import { exactly } from './tombstone-state.ts';
import type { Tombstones } from './tombstones.ts';

/** Gives and takes assignments in one instance. All throw faults; none waits for what AWS does in its own time. */
export class Assignments {
  readonly #directory: IdentityCenterDirectory;
  readonly #schedules: EndSchedules;
  readonly #operations: Operations;
  readonly #leases: Leases | null;
  readonly #tombstones: Tombstones;
  readonly #clock: Clock;

  constructor(ports: {
    readonly directory: IdentityCenterDirectory;
    readonly schedules: EndSchedules;
    readonly operations: Operations;
    /** `null`: no sweeper reads what would be written. */
    readonly leases: Leases | null;
    readonly tombstones: Tombstones;
    readonly clock: Clock;
  }) {
    this.#directory = ports.directory;
    this.#schedules = ports.schedules;
    this.#operations = ports.operations;
    this.#leases = ports.leases;
    this.#tombstones = ports.tombstones;
    this.#clock = ports.clock;
  }

  async provision(place: AssignmentPlace, spec: BindingSpec, call: CallOptions): Promise<Provisioned> {
    const asked: Asked = { lane: 'start', call };
    const names = await this.#names(place, asked);
    // First the end, then the access: whatever dies in between, there is no access without its end.
    await this.#schedules.write(spec.slot, { names, endsAt: spec.endsAt, grant: spec.grant }, call);
    try {
      return await this.#give(place, names, spec, asked);
    } catch (error) {
      // The schedule stands: it would remove at its time what somebody else gives there meanwhile.
      throw error instanceof ProviderFault ? error.afterWriting() : error;
    }
  }

  /** Makes the access whose end is scheduled. */
  async #give(place: AssignmentPlace, names: AssignmentNames, spec: BindingSpec, asked: Asked): Promise<Provisioned> {
    const { call } = asked;
    await this.#leases?.hold(leaseSlot(names), spec.endsAt, call);
    const cut = place.tombstone ? await this.#tombstones.stand(names, exactly(spec.endsAt), asked) : null;
    const wanted: Wanted = { kind: 'create', ...names, grant: spec.grant };
    const native = { ...describe(names, spec), ...(cut === null ? {} : { tombstone: cut }) };
    if (cut !== null && cut !== 'in-force' && cut !== 'full') return { usable: false, native, credentials: [] };
    const begun = await this.#operations.standing(wanted, asked);
    if (begun?.state === 'running') return { usable: false, native, credentials: [] };
    if (begun?.state === 'failed') {
      this.#operations.forget(wanted);
      this.#directory.forgetUser(place.userName);
      // Its end stays: other grants may need what stands there, and only the engine knows them. Where none does, it ends this one.
      throw await this.#whyItFailed('Assigning', wanted, begun.reason, asked);
    }
    // AWS's word that it is done counts before lists show it.
    let usable = begun?.state === 'succeeded';
    if (begun === null) {
      const listed = async (ahead: Asked) =>
        (await this.#directory.assigned(names, ahead, this.#clock.now())).has(names.userId);
      // One look, when there is room for it: whoever waits for room asks nothing.
      usable = (await this.#operations.begin(wanted, asked, listed)) === 'needless';
    }
    const residual = cut === null ? {} : { residual: cut === 'in-force' ? CUT_RESIDUAL : UNCUT_RESIDUAL };
    return { usable, native, credentials: [], ...residual };
  }

  async observe(
    place: AssignmentPlace,
    spec: BindingSpec,
    ending: Ending | null,
    call: CallOptions,
  ): Promise<Observation> {
    const asked: Asked = { lane: ending === null ? 'start' : 'end', call };
    return this.#observeAt(place, await this.#locate(place, spec, asked), spec, ending, asked);
  }

  async #observeAt(
    place: AssignmentPlace,
    at: Located,
    spec: BindingSpec,
    ending: Ending | null,
    asked: Asked,
  ): Promise<Observation> {
    const { instanceArn, permissionSetArn, userIds, schedule } = at;
    const { call } = asked;
    // To whoever begins, the end of an earlier grant is no edit.
    const isEdited = schedule === 'edited' || (ending !== null && isMovedLater(schedule, spec.endsAt, call.now));
    const evidence = facts({
      instance: instanceArn,
      account: place.account,
      permissionSet: permissionSetArn ?? place.permissionSet,
      user: userIds.join(', ') || place.userName,
      scheduledEnd: schedule === null || schedule === 'edited' ? schedule : toIso(schedule.at),
    });
    const present = (more: JsonObject) =>
      ({ presence: 'present', usable: true, native: { ...evidence, ...more } }) as const;
    /** The end may still be to come where nothing is left to end: it would remove what somebody else gives there meanwhile, or elsewhere. */
    const unlessEdited = async (more: JsonObject): Promise<Observation> =>
      ending !== null && isEdited && (schedule !== 'edited' || (await isAstray(this.#directory, at, asked)))
        ? { ...present({ ...more, schedule: 'was edited' }), usable: false, endIsEdited: true }
        : absent(more);
    const gone = async (more: JsonObject): Promise<Observation> => {
      const seen = await unlessEdited(more);
      if (ending === null || seen.presence === 'present') return seen;
      if (schedule !== null && schedule !== 'edited' && isToCome(schedule, call.now))
        return { ...present({ ...more, schedule: 'is still to come' }), usable: false };
      if (isTriedAgain(schedule, call.now))
        return { ...present({ ...more, schedule: 'is still being tried' }), usable: false };
      if (!place.tombstone) return seen;
      const cut = await sessionsCut(this.#tombstones, { place, at, spec, ending }, asked);
      if (cut === 'uncut') return present({ ...more, sessions: 'that began before are not cut yet' });
      if (cut === 'being-cut')
        return { ...present({ ...more, sessions: 'that began before are being cut' }), underWay: 'denying' };
      const { tombstone, allDenied } = cut;
      return absent({ ...more, tombstone }, allDenied);
    };
    const absent = async (more: JsonObject, allDenied = false): Promise<Observation> => {
      const asWas = ending === null ? LONGEST_SSO_SESSION_MS : null;
      const lastMs = allDenied ? 0 : (asWas ?? (await longestSessionMs(this.#directory, permissionSetArn, asked)));
      return {
        presence: 'absent',
        proof: 'observed',
        evidence: { ...evidence, sessionsIssuedBeforeMayLastMs: lastMs, ...more },
        // What was asked for before may still be carried out, by us or by the schedule.
        final: false,
        ...(allDenied ? {} : surviving(lastMs, 'tombstone' in more)),
      };
    };
    if (permissionSetArn === null) return unlessEdited({ permissionSetIs: 'gone', saidBy: 'its instance' });
    if (userIds.length === 0) return unlessEdited({ userIs: 'gone', saidBy: 'its directory' });
    const names = { instanceArn, permissionSetArn, account: place.account };
    for (const userId of userIds) {
      if (await this.#operations.running({ kind: 'delete', ...names, userId }, asked))
        return { ...present({ removal: 'is under way' }), underWay: 'removing' };
    }
    const listed = await assignedTo(this.#directory, names, asked, this.#clock.now());
    if ('gone' in listed) return unlessEdited(listed.gone);
    const standing = userIds.filter(
      (userId) => listed.users.has(userId) || this.#operations.madeJustNow({ ...names, userId }),
    );
    if (standing.length > 0) {
      if (isEdited) return { ...present({}), endIsEdited: true };
      // A list that is late shows for a moment longer what AWS has just removed.
      if (ending !== null && standing.every((userId) => this.#operations.removedJustNow({ ...names, userId })))
        return { ...present({ removal: 'is not in the list yet' }), underWay: 'removing' };
      // Schedules are written for what we assign, and for nothing else.
      const isOurs = standing.every((userId) => userId === schedule?.names.userId);
      return schedule !== null && isOurs ? { ...present({}), endWrittenFor: schedule.writtenFor } : present({});
    }
    for (const userId of ending === null ? [] : userIds)
      if (await this.#operations.createdElsewhere({ ...names, userId }, asked))
        return present({ creation: 'is under way' });
    return gone({ assignment: 'is not listed' });
  }

  async revoke(place: AssignmentPlace, spec: BindingSpec, ending: Ending, call: CallOptions): Promise<void> {
    const asked: Asked = { lane: 'end', call };
    const at = await this.#locate(place, spec, asked);
    const cut = async (): Promise<void> => {
      if (place.tombstone) await cutSessions(this.#tombstones, { place, at, spec, ending }, asked);
    };
    try {
      await this.#takeAway(place, spec, at, asked);
    } catch (error) {
      // Whoever is denied everything can do nothing with an assignment that cannot be removed.
      await cut().catch((other: unknown) => {
        if (!(other instanceof ProviderFault)) throw other;
      });
      throw error;
    }
    await cut();
  }

  async #takeAway(place: AssignmentPlace, spec: BindingSpec, at: Located, asked: Asked): Promise<void> {
    const { instanceArn, permissionSetArn, userIds, schedule } = at;
    const { call } = asked;
    const [userId] = userIds;
    if (permissionSetArn === null || userId === undefined) {
      if (schedule === 'edited') await this.#schedules.remove(spec.slot, call);
      return;
    }
    const names = { instanceArn, permissionSetArn, account: place.account };
    let isEmpty = true;
    for (const one of userIds) {
      const removal = await this.#remove({ kind: 'delete', ...names, userId: one, grant: spec.grant }, names, asked);
      if (removal !== 'needless') isEmpty = false;
    }
    // AWS still tries what it could not do in its minute, and would remove what somebody else gives there hours later. Until nothing stands
    // there it is left, in case that all of us are gone.
    if (isEmpty && isTriedAgain(schedule, call.now)) await this.#schedules.remove(spec.slot, call);
    const ended = { ...names, userId };
    // An early end survives us too: what was scheduled for later is due now. Where somebody took the schedule away the lease is all there is.
    const isEarly = schedule === null ? call.now < spec.endsAt : schedule === 'edited' || isToCome(schedule, call.now);
    if (!isEarly) return;
    if (schedule !== null)
      await this.#schedules.write(spec.slot, { names: ended, endsAt: call.now, grant: spec.grant }, call);
    await this.#leases?.hold(leaseSlot(ended), call.now, call);
  }

  /** Forgets the leases of a slot whose emptiness was proven: from then on what stands there is somebody else's. */
  async forget(place: AssignmentPlace, spec: BindingSpec, call: CallOptions): Promise<void> {
    if (this.#leases === null) return;
    const at = await this.#locate(place, spec, { lane: 'end', call });
    for (const names of everybodyLeased(place, at)) await this.#leases.release(leaseSlot(names), call);
  }

  /** Begins the removal of one assignment, unless it is not there (`needless`) or its removal is under way. */
  async #remove(
    wanted: Wanted,
    names: Omit<AssignmentNames, 'userId'>,
    asked: Asked,
  ): Promise<'needless' | 'under-way'> {
    if (await this.#operations.running(wanted, asked)) return 'under-way';
    const listed = async (sinceMs: number): Promise<boolean> => {
      if (this.#operations.madeJustNow(wanted)) return true;
      const found = await assignedTo(this.#directory, names, asked, after(this.#clock.now(), -sinceMs));
      return !('gone' in found) && found.users.has(wanted.userId ?? '');
    };
    if (!(await listed(RECENT_MS))) return 'needless';
    const begun = await this.#operations.standing(wanted, asked);
    if (begun?.state === 'running') return 'under-way';
    // A list that is late shows it for a moment longer; what it shows for longer than that is there again.
    if (begun?.state === 'succeeded') return 'under-way';
    if (begun?.state === 'failed') {
      this.#operations.forget(wanted);
      // It is told before it is tried again, so that whoever is alarmed knows why.
      if (await listed(0)) throw await this.#whyItFailed('Removing', wanted, begun.reason, asked);
      return 'needless';
    }
    await this.#operations.begin(wanted, asked, async () => false);
    return 'under-way';
  }

  /** Removes a schedule and leases that a grant has left behind whose assignment went in another way. */
  async tidy(place: AssignmentPlace, spec: BindingSpec, call: CallOptions): Promise<boolean> {
    const asked: Asked = { lane: 'start', call };
    const at = await this.#locate(place, spec, asked);
    let removed = false;
    if (place.tombstone)
      for (const names of everybody(place, at)) removed = (await this.#tombstones.tidy(names, asked)) || removed;
    const { schedule } = at;
    // A schedule that was written for another grant belongs to that one, and so do leases beside it.
    if (schedule === 'edited' || (schedule !== null && schedule.writtenFor !== spec.grant)) return removed;
    const settled = await settledLeases(this.#leases, everybodyLeased(place, at), call);
    if (schedule === null && settled.length === 0) return removed;
    // Due, it keeps nobody from being gone.
    const due = schedule === null ? at : { ...at, schedule: { ...schedule, at: call.now } };
    const ending = { cause: 'returned', since: call.now } as const;
    const seen = await this.#observeAt({ ...place, tombstone: false }, due, spec, ending, asked);
    if (seen.presence !== 'absent') return removed;
    // What the next grant writes there has the same names, and would go with it.
    await call.alongside?.removes(0);
    if (schedule !== null) await this.#schedules.remove(spec.slot, call);
    for (const key of settled) await this.#leases?.remove(key, call);
    return true;
  }

  /** The ids behind the names, for somebody who is to get access. Refuses what cannot be given as it was promised. */
  async #names(place: AssignmentPlace, asked: Asked): Promise<AssignmentNames> {
    const { arn: instanceArn } = await this.#directory.instance(asked);
    const userId = await this.#directory.userId(place.userName, asked);
    if (userId === null)
      throw new ProviderFault(
        'invalid',
        `The directory of IAM Identity Center has no user ${place.userName}. Provision the person there, or correct their AWS account in Curfew's directory.`,
      );
    const arn = await this.#directory.permissionSetArn(place.permissionSet, asked);
    const set = arn === null ? null : await this.#directory.describe(arn, asked);
    if (set === null) throw new ProviderFault('invalid', `There is no permission set ${place.permissionSet}`);
    const { sessionDuration, name, arn: permissionSetArn } = set;
    if (sessionDuration !== 'PT1H')
      throw new ProviderFault(
        'invalid',
        `Sessions of the permission set ${name} last ${sessionDuration}, and no more than PT1H may outlive a grant: ` +
          `aws sso-admin update-permission-set --instance-arn ${instanceArn} --permission-set-arn ${permissionSetArn} --session-duration PT1H`,
      );
    const names = { instanceArn, permissionSetArn, account: place.account, userId };
    if (place.tombstone) await this.#tombstones.requireOwned(names, asked);
    const aheadMs = this.#directory.aheadMs();
    if (aheadMs !== null) refuseSkew(after(asked.call.now, aheadMs), asked.call.now);
    return names;
  }

  #locate(place: AssignmentPlace, spec: BindingSpec, asked: Asked): Promise<Located> {
    return locate({ directory: this.#directory, schedules: this.#schedules }, place, spec, asked);
  }

  /** Why an operation failed, with what the organization says of the account where that may be the reason. */
  async #whyItFailed(what: string, wanted: Wanted, reason: string, asked: Asked): Promise<ProviderFault> {
    const state = await this.#directory.accountState(wanted.account, asked).catch((error: unknown) => {
      // What failed is known without it.
      if (error instanceof ProviderFault) return 'ACTIVE';
      throw error;
    });
    const account = state === 'ACTIVE' ? '' : ` The account is ${state ?? 'not in the organization'}.`;
    const words = `${what} the permission set in ${wanted.account} failed: ${reason.slice(0, 300)}.${account}`;
    const creating = wanted.kind === 'create';
    if (account !== '') return new ProviderFault(creating ? 'invalid' : 'forbidden-to-us', words);
    // What is not there any more, but still in a list, goes from the list by itself.
    const certain = creating && /Received a 4(?!09|29)\d\d status/.test(reason);
    return new ProviderFault(certain ? 'invalid' : 'conflict', words);
  }
}

function describe(names: AssignmentNames, spec: BindingSpec): JsonObject {
  return facts({
    ...nativeNames(names),
    schedule: scheduleName(spec.slot),
    scheduledEnd: wholeSecond(spec.endsAt),
  });
}
