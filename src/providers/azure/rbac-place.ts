import { ok, refused, type Result } from '../../core/result.ts';
import type { AzureDefinition } from '../../core/role.ts';
import type { BindingSpec } from '../contract.ts';
import { isGuid, notBy, scopeOf, stableGuid, type Refusal } from './names.ts';

/** Where a binding of a role of Resource Manager lands: the one place that Azure has for a principal, a role and a scope. */
export interface AssignmentPlace<Definition extends AzureDefinition = AzureDefinition> {
  /** Path in Resource Manager, as it is called. */
  readonly scope: string;
  /** Object id of the person's Entra user. */
  readonly principalId: string;
  readonly definition: Definition;
}

/**
 * Resolves a binding of a method. Refuses a role that the method does not give, what could never be an assignment, and a person of whom only a name
 * is known.
 */
export function resolvePlace<Method extends AzureDefinition['method']>(
  method: Method,
  { role, target, principal }: Pick<BindingSpec, 'role' | 'target' | 'principal'>,
): Result<AssignmentPlace<Extract<AzureDefinition, { readonly method: Method }>>, Refusal> {
  const definition = role.azure;
  if (!isBy(method, definition)) return refused(notBy(method, role));
  const base = target.provider === 'azure' ? scopeOf(target) : null;
  if (base === null || !isPath(definition.scope) || !leadsOn(target.kind, definition.scope))
    return refused({
      message: `${role.name} cannot be assigned at ${[target.key, definition.scope].filter((part) => part !== '').join('/')}.`,
      hint: 'Choose a management group, a subscription or a resource group; a path below it begins there.',
    });
  if (!isGuid(definition.roleDefinition))
    return refused({
      message: `"${definition.roleDefinition}" is not the GUID of a role definition.`,
      hint: 'Correct the role document.',
    });
  if (!isGuid(principal))
    return refused({
      message:
        `The requester is "${principal}" on Azure, which is not the object id of an Entra user. A name can be given to somebody else later, ` +
        'an object id cannot, so Curfew assigns roles to ids alone.',
      hint: `Write the id as their azure account into the directory: az ad user show --id ${quoted(principal)} --query id -o tsv`,
    });
  const scope = definition.scope === '' ? base : `${base}/${definition.scope}`;
  return ok({ scope, principalId: principal.toLowerCase(), definition });
}

/** The tuple that Azure has one assignment for. Resource Manager does not tell capitals from small letters. */
export function nativeNames({ principalId, definition, scope }: AssignmentPlace): readonly string[] {
  return [principalId, definition.roleDefinition, scope.toLowerCase()];
}

/**
 * Name of our assignment there, so that it is found by name whatever a database has forgotten. It is another one in another deployment: what one
 * gives, the other finds as somebody else's.
 */
export function assignmentName(place: AssignmentPlace, keyId: string): string {
  return stableGuid(keyId, ...nativeNames(place));
}

/** Nothing that leads up again, or elsewhere. */
function isPath(scope: string): boolean {
  return scope === '' || scope.split('/').every((part) => /^[\w().-]+$/.test(part) && !/^\.+$/.test(part));
}

function leadsOn(kind: string, scope: string): boolean {
  if (scope === '' || kind === 'subscription') return true;
  return kind === 'resource-group' && scope.startsWith('providers/');
}

/** What somebody may paste into a shell. */
function quoted(text: string): string {
  return /^[\w.@+-]+$/.test(text) ? text : '<their user principal name>';
}

function isBy<Method extends AzureDefinition['method']>(
  method: Method,
  definition: AzureDefinition | null,
): definition is Extract<AzureDefinition, { readonly method: Method }> {
  return definition?.method === method;
}
