import { fromIso, toIso, type Instant } from '../../core/time.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { Arm } from './call.ts';
import { record, word } from './faults.ts';
import { isGuid } from './names.ts';
import type { AssignmentPlace } from './rbac-place.ts';

/** Microsoft.Authorization, roleAssignmentScheduleRequests and what belongs to them: the one version that is no preview. */
const VERSION = '2020-10-01';

/** What PIM says to everybody in a tenant whose licence has lapsed, or never was. */
const NO_LICENCE = 'AadPremiumLicenseRequired';

/** Something that was asked of PIM, by anybody. */
export interface PimRequest {
  readonly name: string;
  readonly type: string;
  readonly status: string;
  /** Name of the schedule that it made or changed. */
  readonly schedule: string;
  readonly justification: string;
}

/** What PIM looks after: an assignment that is in force or will be. */
export interface PimSchedule {
  readonly name: string;
  readonly status: string;
  readonly startsAt: Instant | null;
  /** `null`: it has no end. */
  readonly endsAt: Instant | null;
}

/** A role assignment as lists show it, and the schedule that it is of, whoever made it. */
export interface PimInstance {
  readonly assignment: string;
  readonly schedule: string;
}

/** What PIM has of one principal, role and scope. */
export interface PimSeen {
  readonly requests: readonly PimRequest[];
  readonly schedules: readonly PimSchedule[];
  readonly instances: readonly PimInstance[];
}

/** The rules for assignments by administrators, which are what the broker makes. */
export interface PimRules {
  /** ISO 8601 duration, as Azure writes it; `null`: as long as one likes. */
  readonly longest: string | null;
  /** `MultiFactorAuthentication`, `Justification`, `Ticketing`. */
  readonly demands: readonly string[];
}

/** A request as it is written. */
export interface Wanted {
  readonly name: string;
  readonly type: 'AdminAssign' | 'AdminUpdate' | 'AdminRemove';
  readonly justification: string;
  /** Of `AdminAssign` and `AdminUpdate`. */
  readonly lasts?: { readonly from: Instant; readonly until: Instant };
  /** The schedule that is meant, of the two others. */
  readonly schedule?: string;
  readonly ticket: string;
}

/** Error codes that are answers to whoever asks. */
const REFUSALS = {
  RoleAssignmentExists: 'exists',
  RoleAssignmentDoesNotExist: 'absent',
  PendingRoleAssignmentRequest: 'busy',
  ActiveDurationTooShort: 'too-soon',
  [NO_LICENCE]: 'no-licence',
} as const;
export type Answered = 'taken-on' | (typeof REFUSALS)[keyof typeof REFUSALS];

/** The calls to Privileged Identity Management in Resource Manager. All throw faults. */
export interface PimCalls {
  /** `null`: the tenant has no licence for PIM, which then looks after nothing. */
  see(place: AssignmentPlace, call: CallOptions): Promise<PimSeen | null>;
  /** The rules at the very scope: none is inherited. `null` as above. */
  rules(
    place: AssignmentPlace,
    call: CallOptions,
  ): Promise<{ readonly rules: PimRules; readonly cloudNow: Instant | null } | null>;
  submit(place: AssignmentPlace, wanted: Wanted, call: CallOptions): Promise<Answered>;
  /** Withdraws a request that nothing has come of yet. False: it is too late for that. */
  cancel(place: AssignmentPlace, name: string, call: CallOptions): Promise<boolean>;
}

export function pimCalls(arm: Arm): PimCalls {
  const at = ({ scope }: AssignmentPlace, what: string): string => `${scope}/providers/Microsoft.Authorization/${what}`;

  async function listed(place: AssignmentPlace, kind: string, call: CallOptions): Promise<readonly unknown[] | null> {
    const what = `Listing ${kind} of ${place.principalId} at ${place.scope}`;
    const filter = `principalId eq '${place.principalId}'`;
    const asked = { path: at(place, kind), version: VERSION, filter, what, expects: [NO_LICENCE] };
    const all = await arm.tryList(asked, call);
    return all === null ? null : all.filter((one) => isAt(place, one));
  }

  return {
    async see(place, call) {
      const requests = await listed(place, 'roleAssignmentScheduleRequests', call);
      if (requests === null) return null;
      const schedules = await listed(place, 'roleAssignmentSchedules', call);
      const instances = await listed(place, 'roleAssignmentScheduleInstances', call);
      if (schedules === null || instances === null) return null;
      return {
        requests: requests.map(requestOf),
        schedules: schedules.map(scheduleOf),
        instances: instances.map(instanceOf),
      };
    },

    async rules(place, call) {
      const { roleName, roleDefinition } = place.definition;
      const what = `Reading the rules of PIM for ${roleName} at ${place.scope}`;
      const asked = {
        ...({ method: 'GET', version: VERSION, what } as const),
        path: at(place, 'roleManagementPolicyAssignments'),
        filter: `roleDefinitionId eq '${definitionAt(place.scope, roleDefinition)}'`,
        expects: [NO_LICENCE],
      };
      const { code, body, cloudNow } = await arm.call(asked, call);
      if (code !== null) return null;
      const all = record(body)['value'];
      const [policy] = Array.isArray(all) ? all.filter((one) => roleIn(one) === roleDefinition) : [];
      if (policy === undefined)
        throw new ProviderFault('unreachable', `${what}: there are none, which nobody can go by`);
      return { rules: rulesOf(record(record(policy)['properties'])['effectiveRules']), cloudNow };
    },

    async submit(place, { name, type, justification, lasts, schedule, ticket }, call) {
      const { scope, principalId, definition } = place;
      const what = `Asking PIM for ${type} of ${definition.roleName} at ${scope} for ${principalId}`;
      const expiration = (until: Instant) => ({ type: 'AfterDateTime', endDateTime: toIso(until) });
      const properties = {
        principalId,
        roleDefinitionId: definitionAt(scope, definition.roleDefinition),
        requestType: type,
        justification,
        ticketInfo: { ticketNumber: ticket, ticketSystem: 'Curfew' },
        ...(lasts === undefined
          ? {}
          : { scheduleInfo: { startDateTime: toIso(lasts.from), expiration: expiration(lasts.until) } }),
        ...(schedule === undefined
          ? {}
          : { targetRoleAssignmentScheduleId: at(place, `roleAssignmentSchedules/${schedule}`) }),
      };
      const path = at(place, `roleAssignmentScheduleRequests/${name}`);
      const expects = Object.keys(REFUSALS);
      const asked = { method: 'PUT', path, version: VERSION, body: { properties }, what, expects } as const;
      const { code } = await arm.call(asked, call);
      return code === null ? 'taken-on' : REFUSALS[code as keyof typeof REFUSALS];
    },

    async cancel(place, name, call) {
      const what = `Withdrawing the request ${name} at ${place.scope}`;
      const path = at(place, `roleAssignmentScheduleRequests/${name}/cancel`);
      const expects = ['InvalidRoleAssignmentRequest', NO_LICENCE];
      const asked = { method: 'POST', path, version: VERSION, what, expects } as const;
      return (await arm.call(asked, call)).code === null;
    },
  };
}

function definitionAt(scope: string, role: string): string {
  const [subscription = ''] = /^\/subscriptions\/[^/]+/i.exec(scope) ?? [];
  return `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
}

const inner = (value: unknown): Readonly<Record<string, unknown>> => record(record(value)['properties']);
const last = (path: unknown): string => word(path).split('/').at(-1)?.toLowerCase() ?? '';
const nameOf = (value: unknown): string => word(record(value)['name']).toLowerCase();
const momentOf = (value: unknown): Instant | null => fromIso(word(value));

function roleIn(value: unknown): string {
  return last(inner(value)['roleDefinitionId']);
}

/** Whether something is of the very tuple; lists show what is above and below as well. */
function isAt({ scope, principalId, definition }: AssignmentPlace, value: unknown): boolean {
  const of = inner(value);
  return (
    word(of['principalId']).toLowerCase() === principalId &&
    word(of['scope']).toLowerCase() === scope.toLowerCase() &&
    roleIn(value) === definition.roleDefinition
  );
}

function requestOf(value: unknown): PimRequest {
  const of = inner(value);
  return {
    name: nameOf(value),
    type: word(of['requestType']),
    status: word(of['status']),
    schedule: last(of['targetRoleAssignmentScheduleId']),
    justification: word(of['justification']),
  };
}

function scheduleOf(value: unknown): PimSchedule {
  const of = inner(value);
  const end = of['endDateTime'];
  const [startsAt, endsAt] = [momentOf(of['startDateTime']), momentOf(end)];
  return { name: nameOf(value), status: word(of['status']), startsAt, endsAt };
}

function instanceOf(value: unknown): PimInstance {
  const of = inner(value);
  return { assignment: last(of['originRoleAssignmentId']), schedule: last(of['roleAssignmentScheduleId']) };
}

function rulesOf(rules: unknown): PimRules {
  const all = Array.isArray(rules) ? rules.map(record) : [];
  const of = (id: string) => all.find((one) => one['id'] === id) ?? {};
  const [expiration, enabled] = [of('Expiration_Admin_Assignment'), of('Enablement_Admin_Assignment')['enabledRules']];
  const longest = expiration['isExpirationRequired'] === true ? word(expiration['maximumDuration']) : '';
  return { longest: longest === '' ? null : longest, demands: Array.isArray(enabled) ? enabled.map(word) : [] };
}

/** Names of what PIM makes are GUIDs; anything else was not understood. */
export function isName(text: unknown): text is string {
  return typeof text === 'string' && isGuid(text);
}
