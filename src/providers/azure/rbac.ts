import type { JsonObject } from '../../core/json.ts';
import type { AzureRbac } from '../../core/role.ts';
import { toIso } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { facts, goingOn, refuseSkew } from '../calling.ts';
import {
  ProviderFault,
  type Act,
  type BindingPlace,
  type BindingSpec,
  type CallOptions,
  type Ending,
  type Landing,
  type Observation,
  type Plan,
  type Provisioned,
  type Quota,
} from '../contract.ts';
import type { Method } from '../method.ts';
import { createEndVerifier, endSecond, type EndSigner, type EndVerifier } from '../signed-end.ts';
import type { Arm } from './call.ts';
import { DELETES, endedBy, RBAC, READS, residualOf, WRITES } from './capabilities.ts';
import { endCondition, isSameCondition } from './condition.ts';
import { describeEnd, readEndMarker } from './end-marker.ts';
import { whyLost } from './lost-scope.ts';
import { isGuid } from './names.ts';
import { roleAssignments, type Assignment, type RoleAssignments, type Written } from './rbac-assignments.ts';
import { assignmentName, nativeNames, resolvePlace, type AssignmentPlace as AnyPlace } from './rbac-place.ts';

type AssignmentPlace = AnyPlace<AzureRbac>;

/** What the method needs of the provider. */
export interface RbacPorts {
  readonly arm: Arm;
  readonly clock: Clock;
  /** Signs the end that stands in each assignment; its key is also in their names. */
  readonly endSigner: EndSigner;
}

/**
 * Each grant is a role assignment to the person's own Entra user. Azure has one place for it, which carries no end but, for roles on blobs and
 * queues, in a condition; the end stands in its description, signed, for whoever ends it without us. Its name is made from the place, so an
 * assignment of another name there is somebody else's: it is never changed and never deleted. Nothing is handed out.
 */
export function rbac(ports: RbacPorts): Method {
  const at = new RbacAssignments(ports);
  const resolve = (spec: Pick<BindingSpec, 'role' | 'target' | 'principal'>): AssignmentPlace => {
    const found = resolvePlace('rbac', spec);
    if (!found.ok) throw new ProviderFault('invalid', found.refusal.message);
    return found.value;
  };
  return {
    capabilities: RBAC,
    plan: (wanted) => plan(wanted, ports.endSigner.keyId),
    provision: async (wanted, call) => {
      const place = resolve(wanted);
      if (call.now >= wanted.endsAt)
        throw new ProviderFault('invalid', `The grant ${wanted.grant} ended at ${toIso(wanted.endsAt)}`);
      return at.provision(place, wanted, call);
    },
    observe: async (binding, ending, call) => at.observe(resolve(binding), binding, ending, call),
    revoke: async (binding, _ending, _rung, call) => at.revoke(resolve(binding), binding, call),
    // Each place has a name of its own, and whoever writes it twice writes the same.
    exclusive: () => null,
    quota: (place, act) => quotaOf(place, act, { reads: 4 }),
    residual: ({ role: { azure }, target }) => (azure?.method === 'rbac' ? residualOf(azure, target) : RBAC.residual),
    endedBy: ({ azure }) => (azure?.method === 'rbac' ? endedBy(azure) : RBAC.endedBy),
    sharedPlace: (wanted) => nativeNames(resolve(wanted)),
    issueCredential: ({ grant }) =>
      Promise.reject(
        new ProviderFault(
          'invalid',
          `Nothing is handed out under ${grant}: its holder signs in to Azure as themselves`,
        ),
      ),
    landing: (binding) => {
      const found = resolvePlace('rbac', binding);
      return found.ok ? landingAt(found.value) : null;
    },
    tidy: async () => ({ removed: false, left: 0 }),
  };
}

/** What a role of Resource Manager adds to, whichever way it is given. */
export function landingAt({ scope, principalId, definition }: AnyPlace): Landing {
  const identity = `${principalId} in Entra, ${definition.roleName} at ${scope}`;
  const words =
    `The access lands on your own Entra user: ${identity}. Sign in with "az login" or in the portal; ` +
    'it may take Azure some minutes until it can be used, and then a new sign-in may show it sooner.';
  return { identity, words, azure: { scope, roleDefinition: definition.roleDefinition } };
}

function plan(wanted: BindingSpec, keyId: string): Plan {
  const found = resolvePlace('rbac', wanted);
  if (!found.ok) return { ok: false, ...found.refusal };
  const { scope, principalId, definition } = found.value;
  const end = toIso(endSecond(wanted.endsAt));
  const condition =
    definition.nativeEnd === null ? '' : `, with a condition under which Azure refuses its data actions from ${end} on`;
  const name = assignmentName(found.value, keyId);
  const words =
    `Assign ${definition.roleName} (${definition.roleDefinition}) at ${scope} to the Entra user ${principalId}, by the name ${name} and with the end ` +
    `${end} in its description${condition}. If somebody has assigned it already, nothing is written and nothing will be removed`;
  return { ok: true, words, policyHash: null };
}

/** What a binding takes of the rates of Resource Manager: one write or delete, and looks until it is done. */
export function quotaOf({ target }: BindingPlace, act: Act, { reads }: { readonly reads: number }): readonly Quota[] {
  if (act === 'tidy') return [];
  const [, subscription] = /^(?:\/subscriptions\/)?([0-9a-f-]{36})/i.exec(target.native) ?? [];
  // The buckets of what stands above subscriptions are those of the tenant, of which a broker has one.
  const where = target.kind === 'management-group' ? 'tenant' : (subscription ?? target.native).toLowerCase();
  const gives = act === 'provision' || act === 'move-end';
  return [
    { key: `azure:arm-reads:${where}`, ...READS, calls: reads },
    gives
      ? { key: `azure:arm-writes:${where}`, ...WRITES, calls: 1 }
      : { key: `azure:arm-deletes:${where}`, ...DELETES, calls: 1 },
  ];
}

/** Gives, takes and sees assignments. All throw faults; none waits for what Azure does in its own time. */
class RbacAssignments {
  readonly #arm: Arm;
  readonly #assignments: RoleAssignments;
  readonly #clock: Clock;
  readonly #signer: EndSigner;
  readonly #verifier: EndVerifier;

  constructor({ arm, clock, endSigner }: RbacPorts) {
    this.#arm = arm;
    this.#assignments = roleAssignments(arm);
    this.#clock = clock;
    this.#signer = endSigner;
    this.#verifier = createEndVerifier([endSigner.publicKey]);
  }

  async provision(place: AssignmentPlace, spec: BindingSpec, call: CallOptions): Promise<Provisioned> {
    const ourNow = goingOn(this.#clock, call);
    const name = assignmentName(place, this.#signer.keyId);
    const { found, cloudNow } = await this.#assignments.read(place.scope, name, call);
    // An end is worth nothing by a clock that nobody has compared with ours.
    if (cloudNow === null)
      throw new ProviderFault('unreachable', `Reading at ${place.scope}: Azure did not say what time it is`);
    refuseSkew(cloudNow, ourNow());
    const written = this.#written(place, spec);
    if (found === null || !isWritten(found, written)) {
      const answer = await this.#assignments.put(place, name, written, call);
      if (answer === 'exists') return this.#givenAlready(place, call);
    }
    const native = { ...describe(place, name), scheduledEnd: toIso(endSecond(spec.endsAt)) };
    try {
      const listed = await this.#listed(place, call);
      const usable = listed.some((one) => one.name === name && isWritten(one, written));
      return { usable, native, credentials: [] };
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error;
      return { usable: false, unseen: error.message, native, credentials: [] };
    }
  }

  /**
   * Somebody assigned the same since it was looked for, so the person has the access, and nothing was written. At the end nothing of ours is
   * found there, and theirs stays.
   */
  async #givenAlready(place: AssignmentPlace, call: CallOptions): Promise<Provisioned> {
    const [other] = await this.#listed(place, call);
    if (other === undefined)
      throw new ProviderFault('conflict', `Somebody else has assigned ${place.definition.roleName} at ${place.scope}`);
    const native = { ...describe(place, other.name), ...facts({ givenBy: other.createdBy }), standing: true };
    return { usable: true, native, credentials: [] };
  }

  async observe(
    place: AssignmentPlace,
    spec: BindingSpec,
    ending: Ending | null,
    call: CallOptions,
  ): Promise<Observation> {
    try {
      return await this.#look(place, spec, ending, call);
    } catch (error) {
      const isGone = error instanceof ProviderFault && error.kind === 'target-gone';
      const lost = isGone && ending !== null ? await whyLost(this.#arm, this.#assignments, place, call) : null;
      if (lost === null) throw error;
      return { presence: 'absent', proof: 'observed', evidence: { ...describe(place, ''), ...lost }, final: false };
    }
  }

  async #look(
    place: AssignmentPlace,
    spec: BindingSpec,
    ending: Ending | null,
    call: CallOptions,
  ): Promise<Observation> {
    const names = this.#names(place, spec);
    const listed = await this.#listed(place, call);
    let own: Assignment | null = null;
    for (const name of names) own ??= (await this.#assignments.read(place.scope, name, call)).found;
    if (own !== null) return this.#present(place, own, { spec, ending, listed, now: call.now });
    const inList = listed.find(({ name }) => names.includes(name));
    const [other] = listed.filter(({ name }) => !names.includes(name));
    if (inList !== undefined) {
      // A list that is late shows for a moment longer what was deleted.
      const native = { ...describe(place, inList.name), removal: 'is not in the list yet' };
      return { presence: 'present', usable: ending !== null, native, underWay: 'removing' };
    }
    const theirs =
      other === undefined ? {} : { ...facts({ anotherAssignment: other.name, givenBy: other.createdBy || null }) };
    if (ending === null && other !== undefined)
      return { presence: 'present', usable: true, native: { ...describe(place, other.name), ...theirs } };
    const evidence = { ...describe(place, names[0] ?? ''), ...theirs, assignment: 'not found by name, and not listed' };
    return {
      ...{ presence: 'absent', proof: 'observed', final: false },
      evidence,
      ...(other === undefined ? {} : { standing: true }),
    } as const;
  }

  /** What our assignment is worth to whoever waits for it, or takes it away. */
  #present(
    place: AssignmentPlace,
    own: Assignment,
    looked: {
      readonly spec: BindingSpec;
      readonly ending: Ending | null;
      readonly listed: readonly Assignment[];
      readonly now: CallOptions['now'];
    },
  ): Observation {
    const { spec, ending, listed, now } = looked;
    const marker = readEndMarker(own.description, 'rbac', nativeNames(place), this.#verifier);
    const { nativeEnd } = place.definition;
    const signed = marker.kind === 'signed' ? marker : null;
    const wanted = nativeEnd === null || signed === null ? null : endCondition(nativeEnd, signed.endsAt);
    // A later end than any that we wrote for it was taken from another time; to whoever begins, that of an earlier grant is no edit.
    const isLater = ending !== null && signed !== null && signed.endsAt > spec.endsAt;
    const isEdited = signed === null || isLater || !isSameCondition(own.condition, wanted);
    const end = signed === null ? `its marker is ${marker.kind}` : toIso(signed.endsAt);
    const native = { ...describe(place, own.name), scheduledEnd: end };
    if (isEdited)
      return {
        presence: 'present',
        usable: ending !== null,
        native: { ...native, assignment: 'was edited' },
        endIsEdited: true,
      };
    const isListed = listed.some((one) => one.name === own.name && one.description === own.description);
    const isOver = nativeEnd?.whole === true && now >= signed.endsAt;
    const usable = !isOver && (ending !== null || isListed);
    return { presence: 'present', usable, native, endWrittenFor: signed.grant };
  }

  async revoke(place: AssignmentPlace, spec: BindingSpec, call: CallOptions): Promise<void> {
    for (const name of this.#names(place, spec)) {
      try {
        await this.#assignments.remove(place.scope, name, call);
      } catch (error) {
        // Where the scope is not there nothing can be deleted; whether it is gone is looked for at its parent.
        if (!(error instanceof ProviderFault) || error.kind !== 'target-gone') throw error;
      }
    }
  }

  #written(place: AssignmentPlace, { grant, endsAt }: BindingSpec): Written {
    const { nativeEnd } = place.definition;
    return {
      description: describeEnd(this.#signer, 'rbac', nativeNames(place), grant, endsAt),
      condition: nativeEnd === null ? null : endCondition(nativeEnd, endsAt),
    };
  }

  /** All names that are ours there: also the one that it was made by, should the key of this deployment have changed since. */
  #names(place: AssignmentPlace, { native }: BindingSpec): readonly string[] {
    const own = assignmentName(place, this.#signer.keyId);
    const made = native?.['name'];
    const isOurs = typeof made === 'string' && isGuid(made) && native?.['standing'] !== true;
    return isOurs && made !== own ? [own, made] : [own];
  }

  /** Every assignment of the very tuple, whoever made it. */
  async #listed(place: AssignmentPlace, call: CallOptions): Promise<readonly Assignment[]> {
    const [principal, role, scope] = nativeNames(place);
    const all = await this.#assignments.list(place.scope, place.principalId, call);
    return all.filter(
      (one) => one.principalId === principal && one.roleDefinition === role && one.scope.toLowerCase() === scope,
    );
  }
}

function isWritten(one: Assignment, { description, condition }: Written): boolean {
  return one.description === description && isSameCondition(one.condition, condition);
}

function describe({ scope, principalId, definition }: AssignmentPlace, name: string): JsonObject {
  return facts({
    scope,
    principal: principalId,
    role: definition.roleName,
    roleDefinition: definition.roleDefinition,
    name: name === '' ? null : name,
  });
}
