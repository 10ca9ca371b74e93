import { queryValue, type HttpAnswer } from '../shared/http-call.ts';
import { json, type ArmCall, type ArmPorts } from './arm-call.ts';
import { AzureError } from './azure-error.ts';
import { identitiesOf } from './memberships.ts';
import type { RoleAssignment } from './role-assignment-state.ts';
import { shown } from './role-assignments.ts';
import type { Scope } from './scopes.ts';

type Filter = {
  /** Nothing below the scope. */
  readonly atScope: boolean;
  /** Those of a user or service principal, through groups too. */
  readonly assignedTo: string | null;
  readonly principalId: string | null;
};

/** Lists what is at a scope, above it and, unless the filter says otherwise, below it. As lists show it at the moment. */
export function listAssignments(ports: ArmPorts, scope: Scope, call: ArmCall): HttpAnswer {
  ports.world.estate.requireThere(scope);
  const filter = readFilter(queryValue(call.http, '$filter'));
  const { tenant } = call.caller;
  const above = new Set(ports.world.estate.chain(scope));
  const identities = filter.assignedTo === null ? null : identitiesOf(tenant, filter.assignedTo, ports.now());
  const below = scope.kind === 'root' || scope.kind === 'managementGroup' ? null : `${scope.key}/`;
  const isListed = (one: RoleAssignment): boolean =>
    one.tenant === tenant.id &&
    (above.has(one.scopeKey) || (!filter.atScope && below !== null && one.scopeKey.startsWith(below))) &&
    (identities === null || identities.has(one.principalId)) &&
    (filter.principalId === null || one.principalId === filter.principalId);
  return json({ value: ports.assignments.listed().filter(isListed).map(shown) });
}

const GUID = "'([0-9a-f-]{36})'";
const FORMS: readonly (readonly [RegExp, (id: string) => Filter])[] = [
  [/^atScope\(\)$/i, () => ({ atScope: true, assignedTo: null, principalId: null })],
  [new RegExp(`^assignedTo\\(${GUID}\\)$`, 'i'), (id) => ({ atScope: false, assignedTo: id, principalId: null })],
  [
    new RegExp(`^atScope\\(\\) and assignedTo\\(${GUID}\\)$`, 'i'),
    (id) => ({ atScope: true, assignedTo: id, principalId: null }),
  ],
  [new RegExp(`^principalId eq ${GUID}$`, 'i'), (id) => ({ atScope: false, assignedTo: null, principalId: id })],
  [
    new RegExp(`^atScope\\(\\) and principalId eq ${GUID}$`, 'i'),
    (id) => ({ atScope: true, assignedTo: null, principalId: id }),
  ],
];

/** The forms that the documentation has, and no other. A plus sign is a space. */
function readFilter(sent: string | null): Filter {
  if (sent === null || sent === '') return { atScope: false, assignedTo: null, principalId: null };
  const text = sent.replaceAll('+', ' ').trim();
  for (const [form, make] of FORMS) {
    const match = form.exec(text);
    if (match !== null) return make((match[1] ?? '').toLowerCase());
  }
  throw new AzureError(400, 'BadRequest', `The filter '${text}' is not supported.`);
}
