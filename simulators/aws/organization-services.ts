import { AwsError } from './aws-error.ts';
import { changedSettings, defaultSettings, type CloudSettings } from './cloud-settings.ts';
import type { Faults } from './faults.ts';
import { header, percentDecode, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { IdentityCenter } from './identity-center.ts';
import { identityStoreOperations } from './identity-store.ts';
import { JsonInput } from './json-input.ts';
import { jsonAnswer, jsonError, type JsonCall, type JsonOperation } from './json-service.ts';
import { organizationsOperations } from './organizations.ts';
import type { Operation } from './query-service.ts';
import { ScheduleFiring } from './schedule-firing.ts';
import { rolesAnywhereAction, rolesAnywhereOperations } from './roles-anywhere.ts';
import { schedulerOperations } from './scheduler.ts';
import { createSeal } from './seal.ts';
import type { Session, Sessions } from './sessions.ts';
import { assignmentOperations } from './sso-assignments.ts';
import { permissionSetOperations } from './sso-permission-sets.ts';
import { portalAction, SsoPortal } from './sso-portal.ts';
import { TokenBucket } from '../shared/token-bucket.ts';
import type { Role, World } from './world.ts';

/** What the services of an organization need of the simulator around them. */
export type OrganizationPorts = {
  readonly world: World;
  readonly sessions: Sessions;
  readonly faults: Faults;
  readonly now: () => number;
  /** While something that was due earlier is done, it is that moment for everybody: null ends it. */
  readonly setMoment: (at: number | null) => void;
  readonly publish: (role: Role) => void;
  readonly iam: Readonly<Record<string, Operation>>;
  readonly record: (service: string, action: string, principal: string | null, code: string) => void;
  readonly settings?: Partial<CloudSettings>;
};

/** Prefix of the target header by the name that a signature's scope has for the service. */
const TARGETS: Readonly<Record<string, string>> = {
  sso: 'SWBExternalService',
  identitystore: 'AWSIdentityStore',
  organizations: 'AWSOrganizationsV20161128',
};
export const PORTAL = 'awsssoportal';

/** Services whose operations are methods and paths, and how each is found. */
const REST: Readonly<
  Record<string, (call: HttpCall) => { action: string; members: (readonly [string, string])[] } | null>
> = {
  scheduler: schedulerAction,
  rolesanywhere: rolesAnywhereAction,
};

/** sso-admin, identitystore, organizations, scheduler and the portal of Identity Center, behind one door. */
export class OrganizationServices {
  readonly center: IdentityCenter;
  readonly portal: SsoPortal;
  readonly #ports: OrganizationPorts;
  readonly #firing: ScheduleFiring;
  readonly #operations: Readonly<Record<string, Readonly<Record<string, JsonOperation>>>>;
  readonly #ssoRate: TokenBucket;
  /** Roles Anywhere counts each operation by itself. */
  readonly #anywhereRates = new Map<string, TokenBucket>();
  #settings: CloudSettings;

  constructor(ports: OrganizationPorts) {
    const { world, sessions, now, faults } = ports;
    this.#ports = ports;
    this.#settings = changedSettings(defaultSettings, { ...ports.settings });
    const settings = (): CloudSettings => this.#settings;
    this.#ssoRate = new TokenBucket(this.#settings.ssoCallsPerSecond, now());
    this.center = new IdentityCenter({ world, settings, now, faults, publish: ports.publish });
    this.portal = new SsoPortal({ world, center: this.center, sessions, seal: createSeal(world.sealKey), now });
    const sso = { world, center: this.center, sessions, now };
    this.#operations = {
      sso: { ...permissionSetOperations(sso), ...assignmentOperations(sso) },
      identitystore: identityStoreOperations(world, sessions),
      organizations: organizationsOperations(world, sessions),
      scheduler: schedulerOperations({ world, sessions, now, settings }),
      rolesanywhere: rolesAnywhereOperations({ world, sessions, now }),
    };
    const callSso = (action: string, call: JsonCall): void => void this.#run('sso', action, call);
    this.#firing = new ScheduleFiring({ ...ports, settings, callSso });
  }

  /** When something happens next by itself; infinity: nothing does. */
  nextDueAt(): number {
    const infinity = Number.POSITIVE_INFINITY;
    return Math.min(this.center.nextDueAt() ?? infinity, this.#firing.nextDueAt() ?? infinity);
  }

  /** Does everything that has become due since the last call, in its order and at its time. */
  advance(): void {
    const { now, setMoment } = this.#ports;
    const until = now();
    for (;;) {
      const due = this.nextDueAt();
      if (due > until) return;
      setMoment(due);
      try {
        if (this.center.nextDueAt() === due) this.center.settleNext();
        else this.#firing.fireNext();
      } finally {
        setMoment(null);
      }
    }
  }

  /** Service and action of a call that is for one of these; `service` is what the signature says, null without one. */
  recognize(call: HttpCall, service: string | null): { service: string; action: string } | null {
    if (service === null) {
      const action = portalAction(call);
      return action === null ? null : { service: PORTAL, action };
    }
    const rest = REST[service];
    if (rest !== undefined) return { service, action: rest(call)?.action ?? 'unknown' };
    const prefix = TARGETS[service];
    if (prefix === undefined) return null;
    const [target, action] = (header(call, 'x-amz-target') ?? '').split('.');
    return { service, action: target === prefix && action !== undefined ? action : 'unknown' };
  }

  /** Performs a call of somebody in the same process, who speaks in members instead of HTTP. Throws AwsError. */
  run(
    service: string,
    action: string,
    members: object,
    caller: { session: Session; region: string },
  ): Readonly<Record<string, unknown>> {
    const http = { method: 'POST', rawPath: '/', query: [], headers: new Map(), body: Buffer.alloc(0) };
    const call = { ...caller, http: { ...http, remoteAddress: '127.0.0.1' } };
    return this.#run(service, action, { ...call, input: JsonInput.parse(JSON.stringify(members)) });
  }

  /** Answers a call whose signature has been checked. Throws AwsError. */
  perform(
    service: string,
    action: string,
    call: HttpCall,
    caller: { session: Session | null; region: string },
  ): HttpAnswer {
    if (service === PORTAL) return this.portal.answer(call, action);
    const { session, region } = caller;
    if (session === null)
      throw new AwsError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token');
    const rest = REST[service];
    const input = JsonInput.parse(call.body.toString('utf8'), rest?.(call)?.members ?? []);
    const answer = jsonAnswer(this.#run(service, action, { http: call, input, session, region }), rest !== undefined);
    return service === 'rolesanywhere' && /^(?:Create|Import)/.test(action) ? { ...answer, status: 201 } : answer;
  }

  errorAnswer(error: AwsError, service: string): HttpAnswer {
    return jsonError(error, service, REST[service] !== undefined || service === PORTAL);
  }

  /** The handles that no AWS has; null for one that is not ours. Throws an Error that says what is wrong with the body. */
  control(route: string, body: Readonly<Record<string, unknown>>): unknown {
    const { world, now } = this.#ports;
    switch (route) {
      case 'POST /_sim/settings':
        this.#settings = changedSettings(this.#settings, body);
        return this.#settings;
      case 'GET /_sim/organization':
        return { ...world.organization, now: new Date(now()).toISOString() };
      case 'POST /_sim/account-state':
        return this.#setAccountState(body);
      case 'POST /_sim/directory':
        return this.#changeDirectory(body);
      case 'POST /_sim/sso-token': {
        const token = this.portal.signIn(String(body['userName'] ?? ''));
        if (token === null) throw new Error(`there is no user ${String(body['userName'])}`);
        return token;
      }
      default:
        return null;
    }
  }

  #run(service: string, action: string, call: JsonCall): Readonly<Record<string, unknown>> {
    const operation = this.#operations[service]?.[action];
    if (operation === undefined)
      throw new AwsError('UnknownOperationException', 400, `This simulator has no ${service} operation ${action}.`);
    if (service === 'sso' && !this.#ssoRate.take(this.#settings.ssoCallsPerSecond, this.#ports.now()))
      throw new AwsError('ThrottlingException', 400, 'Rate exceeded');
    if (service === 'rolesanywhere') this.#countAnywhere(`${call.session.role.account} ${call.region} ${action}`);
    const output = operation(call);
    call.input.requireAllRead();
    return output;
  }

  #countAnywhere(key: string): void {
    const perSecond = this.#settings.rolesAnywhereCallsPerSecond;
    const rate = this.#anywhereRates.get(key) ?? new TokenBucket(perSecond, this.#ports.now());
    this.#anywhereRates.set(key, rate);
    if (!rate.take(perSecond, this.#ports.now())) throw new AwsError('ThrottlingException', 429, 'Rate exceeded');
  }

  #setAccountState(body: Readonly<Record<string, unknown>>): unknown {
    const accounts = this.#ports.world.organization.organization?.accounts ?? [];
    const account = accounts.find((one) => one.id === body['account']);
    if (account === undefined) throw new Error(`${String(body['account'])} is no account of an organization`);
    if (body['state'] === 'GONE') {
      accounts.splice(accounts.indexOf(account), 1);
      this.#ports.world.save();
      return account;
    }
    const states = ['ACTIVE', 'SUSPENDED', 'PENDING_CLOSURE', 'CLOSED'] as const;
    const state = states.find((one) => one === body['state']);
    if (state === undefined) throw new Error(`state is one of ${states.join(', ')}, GONE`);
    account.state = state;
    this.#ports.world.save();
    return account;
  }

  /** Somebody leaves the directory, or a group. */
  #changeDirectory(body: Readonly<Record<string, unknown>>): unknown {
    const { state } = this.center;
    const user = state.users.find((one) => one.userName === body['userName']);
    if (user === undefined) throw new Error(`there is no user ${String(body['userName'])}`);
    const { group: groupName, change } = body;
    const group = state.groups.find((one) => one.displayName === groupName);
    if (groupName !== undefined && group === undefined) throw new Error(`there is no group ${String(groupName)}`);
    if (change !== 'remove' && (change !== 'add' || group === undefined))
      throw new Error('change is "remove" (of the user, or from a group), or "add" (to a group)');
    const others = (ids: readonly string[]): string[] => ids.filter((id) => id !== user.id);
    for (const one of group === undefined ? state.groups : [group])
      one.members = change === 'add' ? [...others(one.members), user.id] : others(one.members);
    if (group === undefined) state.users = state.users.filter((one) => one !== user);
    this.#ports.world.save();
    return { users: state.users, groups: state.groups };
  }
}

/** Scheduler's operations by method and path, with the members that come in path and query. */
function schedulerAction(call: HttpCall): { action: string; members: (readonly [string, string])[] } | null {
  if (call.method === 'GET' && call.rawPath === '/schedules')
    return { action: 'ListSchedules', members: [...call.query] };
  if (call.method === 'GET' && call.rawPath === '/schedule-groups')
    return { action: 'ListScheduleGroups', members: [...call.query] };
  const name = /^\/schedules\/([^/]+)$/.exec(call.rawPath)?.[1];
  const actions: Readonly<Record<string, string>> = {
    GET: 'GetSchedule',
    POST: 'CreateSchedule',
    PUT: 'UpdateSchedule',
    DELETE: 'DeleteSchedule',
  };
  const action = actions[call.method];
  if (name === undefined || action === undefined) return null;
  // In the query these begin in lower case.
  const inQuery = call.query.map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value] as const);
  return { action, members: [['Name', percentDecode(name)], ...inQuery] };
}
