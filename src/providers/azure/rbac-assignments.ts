import type { JsonObject } from '../../core/json.ts';
import type { Instant } from '../../core/time.ts';
import type { CallOptions } from '../contract.ts';
import type { Arm } from './call.ts';
import { record, word } from './faults.ts';
import { isGuid } from './names.ts';
import type { AssignmentPlace } from './rbac-place.ts';

/** Microsoft.Authorization, roleAssignments: the version that has conditions and descriptions, and no preview. */
const VERSION = '2022-04-01';

/** A role assignment as Azure shows it; what we compare is in small letters. */
export interface Assignment {
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  readonly roleDefinition: string;
  readonly description: string;
  readonly condition: string | null;
  /** Object id of who made it; empty: Azure does not say. */
  readonly createdBy: string;
}

/** What is written into an assignment beside its tuple. */
export interface Written {
  readonly description: string;
  readonly condition: string | null;
}

/** The calls about role assignments. All throw faults. */
export interface RoleAssignments {
  read(
    scope: string,
    name: string,
    call: CallOptions,
  ): Promise<{ readonly found: Assignment | null; readonly cloudNow: Instant | null }>;
  /** Makes it, or changes description and condition of the one that has the name. `exists`: the tuple has one of another name. */
  put(place: AssignmentPlace, name: string, written: Written, call: CallOptions): Promise<'written' | 'exists'>;
  /** Success on what is not there. */
  remove(scope: string, name: string, call: CallOptions): Promise<void>;
  /** All that a principal has at a scope, above it and below it, itself and not by groups. */
  list(scope: string, principalId: string, call: CallOptions): Promise<readonly Assignment[]>;
  /** All that anybody has at a scope, above it and below it. */
  listAll(scope: string, call: CallOptions): Promise<readonly Assignment[]>;
}

export function roleAssignments(arm: Arm): RoleAssignments {
  const at = (scope: string, name?: string): string =>
    `${scope}/providers/Microsoft.Authorization/roleAssignments${name === undefined ? '' : `/${name}`}`;
  return {
    async read(scope, name, call) {
      const what = `Reading the role assignment ${name} at ${scope}`;
      const expects = ['RoleAssignmentNotFound'];
      const asked = { method: 'GET', path: at(scope, name), version: VERSION, what, expects } as const;
      const { code, body, cloudNow } = await arm.call(asked, call);
      return { found: code === null ? assignmentOf(body) : null, cloudNow };
    },
    async put(place, name, written, call) {
      const what = `Assigning ${place.definition.roleName} at ${place.scope} to ${place.principalId}`;
      const body = bodyOf(place, written);
      const path = at(place.scope, name);
      const asked = { method: 'PUT', path, version: VERSION, what, body, expects: ['RoleAssignmentExists'] } as const;
      return (await arm.call(asked, call)).code === null ? 'written' : 'exists';
    },
    async remove(scope, name, call) {
      const what = `Deleting the role assignment ${name} at ${scope}`;
      const expects = ['RoleAssignmentNotFound'];
      await arm.call({ method: 'DELETE', path: at(scope, name), version: VERSION, what, expects }, call);
    },
    async list(scope, principalId, call) {
      const what = `Listing the role assignments of ${principalId} at ${scope}`;
      const filter = `principalId eq '${principalId}'`;
      const all = await arm.list({ path: at(scope), version: VERSION, filter, what }, call);
      return all.flatMap((one) => assignmentOf(one) ?? []);
    },
    async listAll(scope, call) {
      const what = `Listing the role assignments at ${scope}`;
      const all = await arm.list({ path: at(scope), version: VERSION, what }, call);
      return all.flatMap((one) => assignmentOf(one) ?? []);
    },
  };
}

function bodyOf({ scope, principalId, definition }: AssignmentPlace, { description, condition }: Written): JsonObject {
  const [subscription = ''] = /^\/subscriptions\/[^/]+/i.exec(scope) ?? [];
  return {
    properties: {
      roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${definition.roleDefinition}`,
      principalId,
      // Without it Azure looks the principal up, and does not find who is new; a condition on our own rights asks for it, too.
      principalType: 'User',
      description,
      ...(condition === null ? {} : { condition, conditionVersion: '2.0' }),
    },
  };
}

/** `null`: it has not the form of one, so nobody knows what it is. */
function assignmentOf(value: unknown): Assignment | null {
  const [outer, inner] = [record(value), record(record(value)['properties'])];
  const roleDefinition = word(inner['roleDefinitionId']).split('/').at(-1)?.toLowerCase() ?? '';
  const [name, scope] = [word(outer['name']).toLowerCase(), word(inner['scope'])];
  const principalId = word(inner['principalId']).toLowerCase();
  if (name === '' || scope === '' || !isGuid(roleDefinition) || !isGuid(principalId)) return null;
  const condition = word(inner['condition']);
  return {
    ...{ name, scope, principalId, roleDefinition, description: word(inner['description']) },
    condition: condition === '' ? null : condition,
    createdBy: word(inner['createdBy']),
  };
}
