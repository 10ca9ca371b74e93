import { generateKeyPairSync } from 'node:crypto';
import { draw, type Range } from '../shared/draw.ts';
import { readStateFile, writeStateFile } from '../shared/state-file.ts';
import type { ActivityEvent } from './activity-event.ts';
import { BUILT_IN_ROLES, type RoleDefinition } from './built-in-roles.ts';
import { describeTenant, principalNamed, type Tenant, type TenantDescription } from './directory.ts';
import { describeEstate, Estate, type EstateDescription, type EstateState } from './estate.ts';
import { stableGuid } from './guid.ts';
import type { PimState } from './pim-state.ts';
import type { AssignmentState } from './role-assignment-state.ts';
import { parseScope } from './scopes.ts';

/** What a world is described by. Everything that is left out is empty. */
export type WorldDescription = EstateDescription & {
  readonly tenants: readonly TenantDescription[];
  /** Issuers whose keys are given here are not asked for them. */
  readonly issuers?: readonly { readonly url: string; readonly keys: readonly object[] }[];
  /** What everybody has known for long. Roles by name or GUID, principals by name or id. */
  readonly roleAssignments?: readonly {
    readonly tenant: string;
    readonly scope: string;
    readonly role: string;
    readonly principal: string;
    readonly condition?: string;
    readonly description?: string;
  }[];
};

/** A custom role, of a tenant. */
export type CustomRole = RoleDefinition & { readonly tenant: string };

type State = {
  signingKey: string;
  draws: { draws: number };
  tenants: Tenant[];
  issuers: { url: string; keys: object[] }[];
  estate: EstateState;
  customRoles: CustomRole[];
  assignments: AssignmentState;
  activity: ActivityEvent[];
  pim: PimState;
};

/** The simulated cloud's memory. Saved whole after each change when it has a file, so that a restart keeps it. */
export class World {
  readonly #state: State;
  readonly #file: string | null;
  readonly estate: Estate;

  /** `signingKey`: an RSA key (PEM) for the tokens; without one it is made, which takes a moment. */
  constructor(
    description: WorldDescription,
    options: { stateFile: string | null; signingKey: string | null; nowMs: number },
  ) {
    this.#file = options.stateFile;
    this.#state =
      (readStateFile(this.#file) as State | null) ??
      describe(description, options.signingKey ?? newSigningKey(), options.nowMs);
    this.estate = new Estate(this.#state.estate);
    this.save();
  }

  get signingKey(): string {
    return this.#state.signingKey;
  }
  get tenants(): Tenant[] {
    return this.#state.tenants;
  }
  get issuers(): { url: string; keys: object[] }[] {
    return this.#state.issuers;
  }

  get customRoles(): CustomRole[] {
    return this.#state.customRoles;
  }
  /** What was written about each role assignment. */
  get assignments(): AssignmentState {
    return this.#state.assignments;
  }

  /** The Activity Log, oldest first. */
  get activity(): ActivityEvent[] {
    return this.#state.activity;
  }

  /** What PIM was asked, and what came of it. */
  get pim(): PimState {
    return this.#state.pim;
  }

  /** A role of Azure's or of the tenant, by its GUID. */
  role(tenant: string, name: string): RoleDefinition | null {
    return this.roles(tenant).find((one) => one.name === name.toLowerCase()) ?? null;
  }

  roles(tenant: string): readonly RoleDefinition[] {
    return [...BUILT_IN_ROLES, ...this.customRoles.filter((one) => one.tenant === tenant)];
  }

  /** The tenant that an address names by id or domain, or null. */
  tenant(name: string): Tenant | null {
    const wanted = name.toLowerCase();
    return this.tenants.find((one) => one.id === wanted || one.domains.includes(wanted)) ?? null;
  }

  /** Milliseconds out of a range, the same for the same seed and history. */
  draw(range: Range, seed: number): number {
    return draw(range, seed, this.#state.draws);
  }

  save(): void {
    writeStateFile(this.#file, this.#state);
  }
}

/** Entra signs with RSA keys of 2,048 bits. */
export const newSigningKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function describe(description: WorldDescription, signingKey: string, nowMs: number): State {
  const tenants = description.tenants.map(describeTenant);
  return {
    signingKey,
    draws: { draws: 0 },
    tenants,
    issuers: (description.issuers ?? []).map((issuer) => ({ url: issuer.url, keys: [...issuer.keys] })),
    estate: describeEstate(description, tenants, nowMs),
    customRoles: [],
    assignments: describeAssignments(description, tenants, nowMs),
    activity: [],
    pim: { requests: [], schedules: [], policies: {}, outcomes: [] },
  };
}

function describeAssignments(
  description: WorldDescription,
  tenants: readonly Tenant[],
  nowMs: number,
): AssignmentState {
  const assignments: AssignmentState = {};
  for (const one of description.roleAssignments ?? []) {
    const tenant = tenants.find(({ id }) => id === one.tenant.toLowerCase());
    const scope = parseScope(one.scope);
    const role = BUILT_IN_ROLES.find(({ name, roleName }) => name === one.role || roleName === one.role);
    if (tenant === undefined || scope === null || role === undefined)
      throw new Error(`there is no tenant, scope or role of ${JSON.stringify(one)}`);
    const holder = principalNamed(tenant, one.principal);
    const name = stableGuid(scope.key, role.name, holder.id);
    const assignment = {
      name,
      tenant: tenant.id,
      scope: scope.id,
      scopeKey: scope.key,
      roleDefinition: role.name,
      principalId: holder.id,
      principalType: holder.type,
      condition: one.condition ?? null,
      conditionVersion: one.condition === undefined ? null : '2.0',
      description: one.description ?? null,
      createdOn: nowMs,
      updatedOn: nowMs,
      createdBy: '',
      updatedBy: '',
    };
    assignments[name] = [{ at: 0, knownAt: 0, dataKnownAt: 0, listedAt: 0, assignment }];
  }
  return assignments;
}
