import type { AccessClaims } from './access-token.ts';
import { matchesAction } from './action-pattern.ts';
import { AzureError } from './azure-error.ts';
import type { Permission, RoleDefinition } from './built-in-roles.ts';
import { evaluateCondition } from './condition-evaluate.ts';
import { parseCondition, type Condition } from './condition-parse.ts';
import { principal, type SecurityAttributes, type Tenant } from './directory.ts';
import { identitiesOf } from './memberships.ts';
import type { RoleAssignment } from './role-assignment-state.ts';
import type { RoleAssignments } from './role-assignment-store.ts';
import { parseScope, type Scope } from './scopes.ts';
import type { World } from './world.ts';

/** Whoever calls, as their token says. */
export type Caller = { readonly tenant: Tenant; readonly claims: AccessClaims };

type Values = Readonly<Record<string, string>>;

/** What is to be done. Attributes are those that a condition may ask for. */
export type Request = {
  readonly action: string;
  /** Whether the action is one of the data plane. */
  readonly data?: boolean;
  /** Whether roles that were assigned under a condition do not count. */
  readonly unconditional?: boolean;
  readonly scope: Scope;
  readonly suboperation?: string;
  readonly request?: Values;
  readonly resource?: Values;
};

/** `condition`: a role would allow it, but no condition of its assignments holds. */
export type Decision = 'allowed' | 'denied' | 'condition';

/** Decides each access by the assignments that are in force at that moment, at its scope and above. */
export class Authorization {
  readonly #world: World;
  readonly #assignments: RoleAssignments;
  readonly #now: () => number;
  readonly #parsed = new Map<string, Condition>();

  constructor(ports: { world: World; assignments: RoleAssignments; now: () => number }) {
    this.#world = ports.world;
    this.#assignments = ports.assignments;
    this.#now = ports.now;
  }

  decide(caller: Caller, request: Request): Decision {
    const { claims, tenant } = caller;
    if (this.#world.estate.tenantOf(request.scope, tenant.id) !== tenant.id) return 'denied';
    if (principal(tenant, claims.oid) === null) return 'denied';
    const identities = identitiesOf(tenant, claims.oid, this.#now());
    const chain = new Set(this.#world.estate.chain(request.scope));
    let decision: Decision = 'denied';
    for (const assignment of this.#assignments.known(request.data === true, claims.iat * 1_000)) {
      if (assignment.tenant !== tenant.id || !chain.has(assignment.scopeKey)) continue;
      if (!identities.has(assignment.principalId)) continue;
      const role = this.#world.role(tenant.id, assignment.roleDefinition);
      if (role === null || !allows(role, request.action, request.data === true)) continue;
      const counts = request.unconditional !== true || assignment.condition === null;
      if (counts && this.#holds(assignment, role, caller, request)) return 'allowed';
      decision = 'condition';
    }
    return decision;
  }

  /** What all roles of a caller's at a scope allow, one after the other, as far as it is obeyed by now. Conditions are not asked. */
  permissionsOf({ tenant, claims }: Caller, scope: Scope): readonly Permission[] {
    const identities = identitiesOf(tenant, claims.oid, this.#now());
    const chain = new Set(this.#world.estate.chain(scope));
    return this.#assignments
      .known(false, claims.iat * 1_000)
      .filter((one) => one.tenant === tenant.id && chain.has(one.scopeKey) && identities.has(one.principalId))
      .flatMap((one) => this.#world.role(tenant.id, one.roleDefinition)?.permissions ?? []);
  }

  /** Whether the caller has a role that allows an action at a scope, above it, or anywhere inside. Conditions are not asked. */
  hasAnyRoleIn({ tenant, claims }: Caller, id: string, action: string): boolean {
    const scope = parseScope(id);
    if (scope === null) return false;
    const chain = new Set(this.#world.estate.chain(scope));
    const identities = identitiesOf(tenant, claims.oid, this.#now());
    return this.#assignments.known(false, claims.iat * 1_000).some((one) => {
      if (one.tenant !== tenant.id || !identities.has(one.principalId)) return false;
      if (one.scopeKey.startsWith(`${scope.key}/`)) return true;
      const role = this.#world.role(tenant.id, one.roleDefinition);
      return chain.has(one.scopeKey) && role !== null && allows(role, action, false);
    });
  }

  /** Throws `AuthorizationFailed` for whoever may not. `shown`: the scope that the sentence names. */
  require(caller: Caller, request: Request, shown = request.scope.id): void {
    const decision = this.decide(caller, request);
    if (decision === 'allowed') return;
    const { claims } = caller;
    const why = decision === 'condition' ? 'authorization or an ABAC condition not fulfilled' : 'authorization';
    throw new AzureError(
      403,
      'AuthorizationFailed',
      `The client '${claims.upn ?? claims.appid}' with object id '${claims.oid}' does not have ${why} to perform action '${request.action}' over scope '${shown}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
  }

  #holds(assignment: RoleAssignment, role: RoleDefinition, caller: Caller, request: Request): boolean {
    if (assignment.condition === null) return true;
    // Documented: a role with data actions of storage and a condition that compares GUIDs fails.
    if (hasStorageData(role) && /Guid(Not)?Equals/.test(assignment.condition)) return false;
    const own = principal(caller.tenant, caller.claims.oid)?.attributes ?? {};
    const facts = {
      action: request.action,
      suboperation: request.suboperation ?? null,
      attributes: {
        Request: valuesOf(request.request ?? {}),
        Resource: valuesOf(request.resource ?? {}),
        Principal: principalAttributes(own),
        Environment: new Map([
          ['UtcNow', [new Date(this.#now()).toISOString()]],
          ['isPrivateLink', ['false']],
        ]),
      },
    };
    return evaluateCondition(this.#condition(assignment.condition), facts) === true;
  }

  #condition(text: string): Condition {
    const parsed = this.#parsed.get(text) ?? parseCondition(text);
    if (this.#parsed.size > 2_000) this.#parsed.clear();
    this.#parsed.set(text, parsed);
    return parsed;
  }
}

const allows = (role: RoleDefinition, action: string, data: boolean): boolean =>
  role.permissions.some((one) => permits(one, action, data));

function permits(permission: Permission, action: string, data: boolean): boolean {
  const [yes, no] = data
    ? [permission.dataActions, permission.notDataActions]
    : [permission.actions, permission.notActions];
  return yes.some((pattern) => matchesAction(pattern, action)) && !no.some((pattern) => matchesAction(pattern, action));
}

/** Whether a role has data actions of blobs or queues. */
export const hasStorageData = (role: RoleDefinition): boolean =>
  role.permissions.some((one) => one.dataActions.some((action) => /^(\*|Microsoft\.Storage\/)/i.test(action)));

const valuesOf = (values: Values): ReadonlyMap<string, readonly string[]> =>
  new Map(Object.entries(values).map(([name, value]) => [name, [value]]));

function principalAttributes(attributes: SecurityAttributes): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [set, values] of Object.entries(attributes))
    for (const [name, value] of Object.entries(values))
      found.set(`Microsoft.Directory/CustomSecurityAttributes/Id:${set}_${name}`, [value].flat());
  return found;
}
