import { AzureError } from './azure-error.ts';
import type { AzureSettings } from './azure-settings.ts';
import type { Tenant } from './directory.ts';
import { identitiesOf } from './memberships.ts';
import {
  draftAssignment,
  draftRemoval,
  isNew,
  isRemoval,
  scheduleOf,
  type PimFacts,
  type PimOrder,
} from './pim-order.ts';
import { DEFAULT_RULES, type PimPolicy, type PimRules } from './pim-policy.ts';
import type { PimAccess, PimKind, PimRequest, PimSchedule, PimState, PimStatus, PimTarget } from './pim-state.ts';
import type { World } from './world.ts';

/** Where what PIM assigns really is: in role assignments, in groups, among the holders of a role. */
export type PimSurface = {
  /** Whether what it would be on is there. */
  readonly canGive: (target: PimTarget) => boolean;
  /** Whether the access is there, whoever gave it. */
  readonly has: (target: PimTarget) => boolean;
  readonly give: (schedule: PimSchedule) => void;
  readonly take: (target: PimTarget) => void;
};

type Ports = {
  readonly world: World;
  readonly settings: () => AzureSettings;
  readonly now: () => number;
  /** Sets the moment at which something is done that became due before this call; null: no more. */
  readonly setMoment: (at: number | null) => void;
  readonly surfaces: Readonly<Record<PimKind, PimSurface>>;
};

/** What a policy is about. */
type Ruled = Pick<PimTarget, 'kind' | 'tenant' | 'scopeKey' | 'role'>;

const REQUESTS = 10_000;

/** Privileged Identity Management: assignments that begin and end by themselves, under policies, in tenants that pay for it. */
export class Pim {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  get #state(): PimState {
    return this.#ports.world.pim;
  }

  requests(kind: PimKind, access: PimAccess, tenant: string): readonly PimRequest[] {
    return this.#state.requests.filter((one) => one.kind === kind && one.access === access && one.tenant === tenant);
  }

  /** Those that are in force, and those that will be. */
  schedules(kind: PimKind, access: PimAccess, tenant: string): readonly PimSchedule[] {
    return this.#state.schedules.filter((one) => one.kind === kind && one.access === access && one.tenant === tenant);
  }

  /** What somebody changed of the rules for a target; nothing above it or below it counts. */
  policy(target: Ruled): PimPolicy {
    const own = this.#state.policies[policyKey(target)];
    return {
      rules: { ...DEFAULT_RULES, ...own?.rules },
      modifiedOn: own?.modifiedOn ?? null,
      modifiedBy: own?.modifiedBy ?? null,
    };
  }

  changeRules(target: Ruled, rules: PimRules, by: string): void {
    const key = policyKey(target);
    const kept = this.#state.policies[key]?.rules ?? {};
    this.#state.policies[key] = { rules: { ...kept, ...rules }, modifiedOn: this.#ports.now(), modifiedBy: by };
    this.#ports.world.save();
  }

  /** Whether what is there was assigned by PIM, which still looks after it. */
  minds(target: PimTarget): boolean {
    return this.#tenant(target.tenant).premium && this.#find(target)?.since != null;
  }

  /** Throws what PIM says to whoever calls it in a tenant without the licence. */
  requireLicence(tenant: Tenant): void {
    if (!tenant.premium)
      throw new AzureError(400, 'AadPremiumLicenseRequired', 'The tenant needs an AAD Premium 2 license.');
  }

  /** What would become of an order; throws why it is refused. */
  validate(order: PimOrder): PimRequest {
    this.requireLicence(this.#tenant(order.target.tenant));
    const facts = this.#facts(order);
    return isRemoval(order.action) ? draftRemoval(order, facts) : draftAssignment(order, facts);
  }

  /** Takes an order on. What comes of it comes later. */
  submit(order: PimOrder): PimRequest {
    const request = this.validate(order);
    const now = this.#ports.now();
    const { pimProvisionMs, seed } = this.#ports.settings();
    if (isNew(order.action)) this.#state.schedules.push(scheduleOf(request, request.startsAt ?? now));
    const outcome = this.#state.outcomes.find(
      (one) => one.left > 0 && one.kind === order.target.kind && one.action === order.action,
    );
    if (outcome !== undefined) {
      outcome.left -= 1;
      if (isRemoval(order.action)) request.status = 'PendingRevocation';
      request.completedOn = null;
      request.due = { at: now + outcome.delayMs, status: outcome.status };
    } else if (isRemoval(order.action)) this.#goes(order.target);
    else if (request.status !== 'PendingApproval') {
      const begins = request.status === 'Granted' ? (request.startsAt ?? now) : now;
      request.due = { at: begins + this.#ports.world.draw(pimProvisionMs, seed), status: 'Provisioned' };
    }
    this.#state.requests.push(request);
    this.#state.requests.splice(0, Math.max(0, this.#state.requests.length - REQUESTS));
    this.#ports.world.save();
    this.advance();
    return request;
  }

  /** Withdraws what has not been provided yet. */
  cancel(request: PimRequest): void {
    if (request.completedOn !== null)
      throw new AzureError(400, 'InvalidRoleAssignmentRequest', 'The role assignment request is not pending.');
    this.#finish(request, 'Canceled');
    this.#ports.world.save();
  }

  /** Somebody decides about an activation that waits for that. */
  decide(id: string, approved: boolean): void {
    const request = this.#state.requests.find((one) => one.id === id && one.status === 'PendingApproval');
    if (request === undefined) throw new Error(`no request ${id} waits for anybody`);
    const startsAt = Math.max(this.#ports.now(), request.startsAt ?? 0);
    if (!approved) this.#finish(request, 'Denied');
    else request.due = { at: startsAt, status: 'Provisioned' };
    this.#ports.world.save();
    this.advance();
  }

  /** The licence is gone: nothing ends by itself any more, and nothing can be activated (licensing-fundamentals). */
  lapse(tenant: Tenant): void {
    this.advance();
    tenant.premium = false;
    for (const request of this.#state.requests)
      if (request.tenant === tenant.id && request.completedOn === null) this.#finish(request, 'Failed');
    this.#state.schedules = this.#state.schedules.filter((one) => one.tenant !== tenant.id || one.access === 'active');
    const now = this.#ports.now();
    for (const one of this.#state.schedules.filter((schedule) => schedule.tenant === tenant.id)) {
      // What was asked to go is on its way already.
      if (one.endsAt !== null && one.endsAt <= now) this.#end(one);
      else Object.assign(one, { endsAt: null, goesAt: null });
    }
    for (const key of Object.keys(this.#state.policies))
      if (key.split(' ')[1] === tenant.id) delete this.#state.policies[key];
    this.#ports.world.save();
  }

  /** The next orders of a kind end so, each after a while. */
  expect(outcomes: PimState['outcomes']): void {
    this.#state.outcomes = outcomes;
    this.#ports.world.save();
  }

  /** Does what has become due since the last call, each at its moment. */
  advance(): void {
    const now = this.#ports.now();
    for (let next = this.#next(now); next !== null; next = this.#next(now)) {
      this.#ports.setMoment(next.at);
      next.happen();
      this.#ports.world.save();
    }
    this.#ports.setMoment(null);
    // What somebody took away past PIM is gone for PIM as well.
    this.#state.schedules = this.#state.schedules.filter(
      (one) => one.access === 'eligible' || one.since === null || this.#ports.surfaces[one.kind].has(one),
    );
  }

  #next(now: number): Due | null {
    const due = (at: number | null, happen: () => void): readonly Due[] =>
      at !== null && at <= now ? [{ at, happen }] : [];
    const all = [
      ...this.#state.requests.flatMap((one) =>
        due(one.due?.at ?? null, () => this.#finish(one, one.due?.status ?? 'Failed')),
      ),
      ...this.#state.schedules.flatMap((one) => due(one.goesAt, () => this.#end(one))),
    ];
    return all.reduce<Due | null>((first, one) => (first === null || one.at < first.at ? one : first), null);
  }

  #finish(request: PimRequest, status: PimStatus): void {
    request.status = status;
    request.due = null;
    request.completedOn = this.#ports.now();
    if (isRemoval(request.action)) return void (status === 'Revoked' && this.#goes(request));
    const schedule = this.#state.schedules.find((one) => one.id === request.scheduleId) ?? null;
    const fresh = isNew(request.action);
    const surface = this.#ports.surfaces[request.kind];
    const isTaken = fresh && request.access === 'active' && surface.has(request);
    if (status === 'Provisioned' && schedule !== null && !isTaken && surface.canGive(request))
      return this.#provide(schedule, request, fresh);
    if (status === 'Provisioned') request.status = 'Failed';
    if (fresh) this.#state.schedules = this.#state.schedules.filter((one) => one !== schedule);
  }

  #provide(schedule: PimSchedule, request: PimRequest, fresh: boolean): void {
    const { pimExpiryMs, seed } = this.#ports.settings();
    const now = this.#ports.now();
    schedule.endsAt = request.endsAt;
    schedule.goesAt = request.endsAt === null ? null : request.endsAt + this.#ports.world.draw(pimExpiryMs, seed);
    schedule.updatedOn = now;
    if (!fresh) return;
    schedule.since = now;
    if (schedule.access === 'active') this.#ports.surfaces[schedule.kind].give(schedule);
  }

  #end(schedule: PimSchedule): void {
    this.#state.schedules = this.#state.schedules.filter((one) => one !== schedule);
    if (schedule.access === 'active' && schedule.since !== null) this.#ports.surfaces[schedule.kind].take(schedule);
  }

  /** What is asked to go goes a little later; what has not begun, and what PIM did not assign, at once. */
  #goes(target: PimTarget): void {
    const { pimRemovalMs, seed } = this.#ports.settings();
    const now = this.#ports.now();
    const found = this.#find(target);
    if (found === null) return this.#ports.surfaces[target.kind].take(target);
    if (found.since === null) {
      const waiting = this.#state.requests.find((one) => one.scheduleId === found.id && one.completedOn === null);
      if (waiting !== undefined) this.#finish(waiting, 'Canceled');
      return;
    }
    found.endsAt = now;
    found.goesAt = now + this.#ports.world.draw(pimRemovalMs, seed);
  }

  #facts({ target, action, requestorId, chain, linked }: PimOrder): PimFacts {
    const now = this.#ports.now();
    const identities = identitiesOf(this.#tenant(target.tenant), requestorId, now);
    const eligibility = this.schedules(target.kind, 'eligible', target.tenant).find(
      (one) =>
        one.since !== null &&
        (linked === null || one.id === linked) &&
        one.role === target.role &&
        chain.includes(one.scopeKey) &&
        identities.has(one.principalId),
    );
    return {
      now,
      found: this.#find(target),
      isThere: target.access === 'active' && this.#ports.surfaces[target.kind].has(target),
      isPending: this.#state.requests.some(
        (one) => isSame(one, target) && one.completedOn === null && one.status !== 'Granted',
      ),
      eligibility: action === 'SelfActivate' ? (eligibility ?? null) : null,
      rules: this.policy(target).rules,
      shortestMs: this.#ports.settings().pimShortestMs,
    };
  }

  #find(target: PimTarget): PimSchedule | null {
    return this.#state.schedules.find((one) => isSame(one, target)) ?? null;
  }

  #tenant(id: string): Tenant {
    const found = this.#ports.world.tenant(id);
    if (found === null) throw new Error(`there is no tenant ${id}`);
    return found;
  }
}

type Due = { readonly at: number; readonly happen: () => void };

const policyKey = (target: Ruled): string => `${target.kind} ${target.tenant} ${target.scopeKey} ${target.role}`;

const isSame = (one: PimTarget, other: PimTarget): boolean =>
  one.kind === other.kind &&
  one.access === other.access &&
  one.tenant === other.tenant &&
  one.scopeKey === other.scopeKey &&
  one.role === other.role &&
  one.principalId === other.principalId;
