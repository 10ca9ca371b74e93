import type { JsonObject } from '../../core/json.ts';
import type { AzurePim } from '../../core/role.ts';
import { after, isoDurationMs, toIso, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { facts, goingOn, refuseSkew } from '../calling.ts';
import {
  ProviderFault,
  type BindingSpec,
  type CallOptions,
  type Ending,
  type Observation,
  type Provisioned,
} from '../contract.ts';
import { createEndVerifier, endSecond, type EndSigner, type EndVerifier } from '../signed-end.ts';
import type { Arm } from './call.ts';
import { describeEnd, readEndMarker } from './end-marker.ts';
import { whyLost } from './lost-scope.ts';
import { stableGuid } from './names.ts';
import {
  isName,
  pimCalls,
  type PimCalls,
  type PimRequest,
  type PimRules,
  type PimSchedule,
  type PimSeen,
  type Wanted,
} from './pim-requests.ts';
import { roleAssignments, type RoleAssignments } from './rbac-assignments.ts';
import { nativeNames, type AssignmentPlace } from './rbac-place.ts';

/** A place where `method: pim` assigns. */
export type PimPlace = AssignmentPlace<AzurePim>;

/** PIM takes nothing away sooner after it was given (pim-resource-roles-assign-roles.md). */
const SHORTEST_MS = 300_000;

/** When PIM has not taken away what is over by then, it is asked to. */
const LATE_MS = 60_000;

export const NO_IDENTITY = 'This broker has no identity for Privileged Identity Management';
export const NO_IDENTITY_HINT =
  'Set CURFEW_AZURE_PIM_CLIENT_ID (docs/providers/azure.md), or give the role by method: rbac.';

/** What somebody has to do where the tenant has no licence. */
export const LICENCE = 'Give the tenant Entra ID P2 or Entra ID Governance, or give the role by method: rbac.';

/** Requests of which nothing has come yet; `Granted` waits for its beginning. */
const WAITING = /^(Accepted|Granted|Provisioning|ProvisioningStarted|Schedule|Pending(?!Revocation|Approval))/;

/** What is ours of what PIM has at a place. */
interface Own {
  readonly schedule: PimSchedule | null;
  /** Requests of ours that nothing has come of yet. */
  readonly waiting: readonly PimRequest[];
  /** The ends that we signed, and the grants that they are for. */
  readonly signed: ReadonlyMap<Instant, BindingSpec['grant']>;
  /** Name of the role assignment as lists show it. */
  readonly assignment: string | null;
  /** One that is not ours. */
  readonly theirs: string | null;
}

/** Gives, takes and sees assignments of PIM's. All throw faults; none waits for what PIM does in its own time. */
export class PimAssignments {
  readonly #arm: Arm;
  readonly #pim: PimCalls;
  readonly #assignments: RoleAssignments;
  readonly #clock: Clock;
  readonly #signer: EndSigner;
  readonly #verifier: EndVerifier;

  constructor(arm: Arm, { clock, endSigner }: { readonly clock: Clock; readonly endSigner: EndSigner }) {
    this.#arm = arm;
    this.#pim = pimCalls(arm);
    this.#assignments = roleAssignments(arm);
    this.#clock = clock;
    this.#signer = endSigner;
    this.#verifier = createEndVerifier([endSigner.publicKey]);
  }

  async provision(place: PimPlace, spec: BindingSpec, call: CallOptions): Promise<Provisioned> {
    const seen = await this.#pim.see(place, call);
    if (seen === null) throw new ProviderFault('invalid', `The tenant has no licence for PIM. ${LICENCE}`);
    const own = this.#ours(place, spec, seen);
    const end = endSecond(spec.endsAt);
    const isThere = own.schedule?.endsAt === end && own.signed.has(end);
    const isAsked = own.waiting.some((one) => this.#endIn(place, one) === end);
    if (!isThere && !isAsked && (await this.#ask(place, spec, own, call)) === 'exists')
      return this.#givenAlready(place, spec, call);
    try {
      const now = await this.#pim.see(place, call);
      const is = now === null ? own : this.#ours(place, spec, now);
      const usable = isInForce(is) && is.schedule?.endsAt === end;
      return { usable, native: describe(place, is, end), credentials: [] };
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error;
      return { usable: false, unseen: error.message, native: describe(place, own, end), credentials: [] };
    }
  }

  /** Asks PIM for the assignment, or for another end of the one that stands. */
  async #ask(place: PimPlace, spec: BindingSpec, own: Own, call: CallOptions): Promise<'taken-on' | 'exists'> {
    const ourNow = goingOn(this.#clock, call);
    const end = endSecond(spec.endsAt);
    const found = await this.#pim.rules(place, call);
    if (found === null) throw new ProviderFault('invalid', `The tenant has no licence for PIM. ${LICENCE}`);
    // An end is worth nothing by a clock that nobody has compared with ours.
    if (found.cloudNow === null)
      throw new ProviderFault('unreachable', `Reading the rules at ${place.scope}: Azure did not say what time it is`);
    refuseSkew(found.cloudNow, ourNow());
    const from = own.schedule?.startsAt ?? endSecond(ourNow());
    const why = whyForbidden(place, found.rules, end - from);
    if (why !== null) throw new ProviderFault('invalid', why);
    const type = own.schedule === null ? 'AdminAssign' : 'AdminUpdate';
    const wanted: Wanted = {
      name: this.#nameOf(place, spec, type, ourNow()),
      ...{ type, ticket: spec.grant, lasts: { from, until: end } },
      justification: describeEnd(this.#signer, 'pim', nativeNames(place), spec.grant, spec.endsAt),
      ...(own.schedule === null ? {} : { schedule: own.schedule.name }),
    };
    const answered = await this.#pim.submit(place, wanted, call);
    switch (answered) {
      case 'taken-on':
      case 'exists':
        return answered;
      case 'too-soon':
        throw new ProviderFault('invalid', `PIM gives nothing for less than five minutes, and ${toIso(end)} is sooner`);
      case 'no-licence':
        throw new ProviderFault('invalid', `The tenant has no licence for PIM. ${LICENCE}`);
      case 'busy':
      case 'absent':
        throw new ProviderFault('conflict', `PIM is at something else at ${place.scope} for ${place.principalId}`);
    }
  }

  /**
   * The same was assigned since it was looked for: by us, where PIM is a moment ahead of its lists; or by somebody else, so that the person has the
   * access, and nothing was written. At the end nothing of ours is found there, and theirs stays.
   */
  async #givenAlready(place: PimPlace, spec: BindingSpec, call: CallOptions): Promise<Provisioned> {
    const seen = await this.#pim.see(place, call);
    const own = seen === null ? null : this.#ours(place, spec, seen);
    if (own === null || own.schedule !== null || own.waiting.length > 0 || own.theirs === null)
      throw new ProviderFault('conflict', `${place.definition.roleName} at ${place.scope} is being assigned already`);
    const native = { ...describe(place, own, null), assignment: own.theirs, standing: true };
    return { usable: true, native, credentials: [] };
  }

  async observe(place: PimPlace, spec: BindingSpec, ending: Ending | null, call: CallOptions): Promise<Observation> {
    try {
      const seen = await this.#pim.see(place, call);
      if (seen === null) return await this.#seenPast(place, spec, ending, call);
      return this.#judge(place, spec, ending, this.#ours(place, spec, seen), call);
    } catch (error) {
      const isGone = error instanceof ProviderFault && error.kind === 'target-gone';
      const lost = isGone && ending !== null ? await whyLost(this.#arm, this.#assignments, place, call) : null;
      if (lost === null) throw error;
      return {
        presence: 'absent',
        proof: 'observed',
        evidence: { ...describe(place, null, null), ...lost },
        final: false,
      };
    }
  }

  #judge(place: PimPlace, spec: BindingSpec, ending: Ending | null, own: Own, call: CallOptions): Observation {
    const { schedule, assignment, theirs, waiting, signed } = own;
    const native = describe(place, own, schedule?.endsAt ?? null);
    if (schedule !== null && (schedule.endsAt === null || schedule.endsAt > call.now)) {
      const { endsAt } = schedule;
      // Without an end, or with one that nobody here has signed, or later than any that we asked for.
      const isEdited = endsAt === null || !signed.has(endsAt) || (ending !== null && endsAt > spec.endsAt);
      const usable = ending !== null || (!isEdited && isInForce(own));
      const grant = endsAt === null ? undefined : signed.get(endsAt);
      if (isEdited)
        return { presence: 'present', usable, native: { ...native, assignment: 'was edited' }, endIsEdited: true };
      return { presence: 'present', usable, native, ...(grant === undefined ? {} : { endWrittenFor: grant }) };
    }
    // PIM is at it, or a list is late.
    if (schedule !== null || assignment !== null)
      return { presence: 'present', usable: false, native, underWay: 'removing' };
    if (waiting.length > 0) return { presence: 'present', usable: false, native };
    if (ending === null && theirs !== null)
      return { presence: 'present', usable: true, native: { ...native, assignment: theirs } };
    const others = theirs === null ? {} : { anotherAssignment: theirs };
    const evidence = { ...native, ...others, assignment: 'PIM has none of ours, and lists none' };
    const standing = theirs === null ? {} : ({ standing: true } as const);
    return { presence: 'absent', proof: 'observed', evidence, final: false, ...standing };
  }

  /** What is there where PIM has gone with its licence: everything that it assigned is permanent. Ours is known by the name that it had. */
  async #seenPast(place: PimPlace, spec: BindingSpec, ending: Ending | null, call: CallOptions): Promise<Observation> {
    const [ours, others] = await this.#past(place, spec, call);
    const pim = { privilegedIdentityManagement: 'has no licence any more' };
    const native = { ...describe(place, null, null), ...pim, ...(ours === null ? {} : { assignment: ours }) };
    if (ours !== null)
      return { presence: 'present', usable: true, native: { ...native, end: 'is gone' }, endIsEdited: true };
    if (ending === null && others !== null)
      return { presence: 'present', usable: true, native: { ...native, assignment: others } };
    const standing = others === null ? {} : ({ standing: true } as const);
    return { presence: 'absent', proof: 'observed', evidence: native, final: false, ...standing };
  }

  async revoke(place: PimPlace, spec: BindingSpec, call: CallOptions): Promise<void> {
    try {
      await this.#takeAway(place, spec, call);
    } catch (error) {
      // Where the scope is not there nothing can be taken away; whether it is gone is looked for at its parent.
      if (!(error instanceof ProviderFault) || error.kind !== 'target-gone') throw error;
    }
  }

  async #takeAway(place: PimPlace, spec: BindingSpec, call: CallOptions): Promise<void> {
    const ourNow = goingOn(this.#clock, call);
    const seen = await this.#pim.see(place, call);
    if (seen === null) return this.#deletePast(place, spec, call);
    const own = this.#ours(place, spec, seen);
    const begun = own.schedule !== null && own.schedule.status !== 'Granted';
    for (const { name } of own.waiting)
      if (!(await this.#pim.cancel(place, name, call)) && !begun)
        throw new ProviderFault('conflict', `PIM is just assigning ${place.definition.roleName} at ${place.scope}`);
    // PIM has nothing of it left that it could take away, and it stands: or a list is late.
    if (own.schedule === null && own.assignment !== null)
      return this.#assignments.remove(place.scope, own.assignment, call);
    if (own.schedule === null || !begun) return;
    // What is over PIM takes away by itself, some moments later.
    const { endsAt } = own.schedule;
    if (endsAt !== null && endsAt <= ourNow() && ourNow() < after(endsAt, LATE_MS)) return;
    const wanted: Wanted = {
      name: this.#nameOf(place, spec, 'AdminRemove', ourNow()),
      ...{ type: 'AdminRemove', ticket: spec.grant, schedule: own.schedule.name },
      justification: `The grant ${spec.grant} of Curfew ends.`,
    };
    const answered = await this.#pim.submit(place, wanted, call);
    if (answered === 'no-licence') return this.#deletePast(place, spec, call);
    if (answered === 'too-soon') throw tooSoon(own.schedule, ourNow());
    if (answered === 'busy') throw new ProviderFault('conflict', `PIM is at something else at ${place.scope}`);
  }

  /** Deletes the role assignment itself, which PIM does not look after any more. */
  async #deletePast(place: PimPlace, spec: BindingSpec, call: CallOptions): Promise<void> {
    const [ours] = await this.#past(place, spec, call);
    if (ours !== null) await this.#assignments.remove(place.scope, ours, call);
  }

  /** Names of our role assignment, and of another one of the tuple, without PIM. */
  async #past(
    place: PimPlace,
    { native }: BindingSpec,
    call: CallOptions,
  ): Promise<readonly [string | null, string | null]> {
    const [principal, role, scope] = nativeNames(place);
    const listed = (await this.#assignments.list(place.scope, place.principalId, call)).filter(
      (one) => one.principalId === principal && one.roleDefinition === role && one.scope.toLowerCase() === scope,
    );
    const known = native?.['standing'] === true ? [] : [native?.['assignment'], native?.['schedule']].filter(isName);
    const ours = listed.find(({ name }) => known.includes(name));
    return [ours?.name ?? null, listed.find((one) => one !== ours)?.name ?? null];
  }

  /** Ours is what a request made that says so, signed; and what we were told last, where PIM forgets requests. */
  #ours(place: PimPlace, { native }: BindingSpec, { requests, schedules, instances }: PimSeen): Own {
    const signed = new Map<Instant, BindingSpec['grant']>();
    const names = new Set<string>();
    if (isName(native?.['schedule']) && native['standing'] !== true) names.add(native['schedule']);
    const waiting: PimRequest[] = [];
    for (const request of requests) {
      const marker = readEndMarker(request.justification, 'pim', nativeNames(place), this.#verifier);
      if (marker.kind !== 'signed') continue;
      signed.set(marker.endsAt, marker.grant);
      if (request.schedule !== '') names.add(request.schedule);
      if (WAITING.test(request.status)) waiting.push(request);
    }
    const instance = instances.find((one) => names.has(one.schedule));
    return {
      ...{ signed, waiting },
      schedule: schedules.find(({ name }) => names.has(name)) ?? null,
      assignment: instance?.assignment ?? null,
      theirs: instances.find((one) => !names.has(one.schedule))?.assignment ?? null,
    };
  }

  #endIn(place: PimPlace, { justification }: PimRequest): Instant | null {
    const marker = readEndMarker(justification, 'pim', nativeNames(place), this.#verifier);
    return marker.kind === 'signed' ? marker.endsAt : null;
  }

  /** Each request has a name of its own: PIM answers the same one twice with a refusal, whatever became of the first. */
  #nameOf(place: PimPlace, { grant, endsAt }: BindingSpec, type: string, now: Instant): string {
    const of = [grant, type, toIso(endsAt), toIso(now)];
    return stableGuid(this.#signer.keyId, 'pim', ...nativeNames(place), ...of);
  }
}

/** Whether PIM says that it is provided, and lists show it. */
function isInForce({ schedule, assignment }: Own): boolean {
  return schedule !== null && assignment !== null && schedule.status === 'Provisioned';
}

/** Why the rules that PIM has at this very scope, which it does not take from above, refuse what an application asks for; `null`: they do not. */
export function whyForbidden(
  { scope, definition }: PimPlace,
  { longest, demands }: PimRules,
  lengthMs: number,
): string | null {
  const of = `The rules of PIM for ${definition.roleName} at ${scope}`;
  if (demands.includes('MultiFactorAuthentication'))
    return `${of} want a second factor of whoever assigns, which no application has. Take "Require Azure Multi-Factor Authentication on active assignment" off there`;
  const longestMs = longest === null ? null : isoDurationMs(longest);
  if (longest !== null && (longestMs === null || lengthMs > longestMs))
    return `${of} allow active assignments for ${longest} at most`;
  return null;
}

/** PIM counts from when it gave the access, which is when its schedule begins, or a moment later. */
function tooSoon({ startsAt }: PimSchedule, now: Instant): ProviderFault {
  const may = startsAt === null ? after(now, SHORTEST_MS) : after(startsAt, SHORTEST_MS);
  const retryAfterMs = Math.max(5_000, may - now);
  const words = 'PIM takes nothing away in the first five minutes; it is asked again then';
  return new ProviderFault('conflict', words, { retryAfterMs, heldBack: true });
}

function describe({ scope, principalId, definition }: PimPlace, own: Own | null, end: Instant | null): JsonObject {
  return facts({
    scope,
    principal: principalId,
    role: definition.roleName,
    roleDefinition: definition.roleDefinition,
    schedule: own?.schedule?.name ?? own?.waiting[0]?.schedule ?? null,
    assignment: own?.assignment ?? null,
    scheduledEnd: end === null ? null : toIso(end),
  });
}
