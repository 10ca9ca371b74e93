import type { ArmCall, ArmPorts } from './arm-call.ts';
import { queryValue } from '../shared/http-call.ts';
import { AzureError } from './azure-error.ts';
import { identitiesOf } from './memberships.ts';
import type { Scope } from './scopes.ts';

/** What `$filter` asks a list about a scope for. */
export type ScopeFilter = {
  /** Nothing below the scope. */
  readonly atScope: boolean;
  /** Those of a user or service principal, through groups too; the caller's own where `asTarget` was asked for. */
  readonly assignedTo: string | null;
  readonly principalId: string | null;
  readonly asTarget: boolean;
};

/** What a list is about. */
type Listed = { readonly tenant: string; readonly scopeKey: string; readonly principalId: string };

const GUID = "'([0-9a-f-]{36})'";
const ASSIGNED_TO = new RegExp(`^assignedTo\\(${GUID}\\)$`, 'i');
const PRINCIPAL = new RegExp(`^principalId eq ${GUID}$`, 'i');

/**
 * Reads the forms that the documentation has, and no other: `atScope()`, and one of `assignedTo('…')`, `principalId eq '…'` and, where
 * `own` says so, `asTarget()`; or both. A plus sign is a space.
 */
export function readScopeFilter(call: ArmCall, { own }: { readonly own: boolean }): ScopeFilter {
  const text = (queryValue(call.http, '$filter') ?? '').replaceAll('+', ' ').trim();
  const parts = text === '' ? [] : text.split(/ and /i);
  const atScope = /^atScope\(\)$/i.test(parts[0] ?? '');
  const [form, ...more] = atScope ? parts.slice(1) : parts;
  const filter = { atScope, assignedTo: null, principalId: null, asTarget: false };
  if (form === undefined) return filter;
  if (more.length === 0) {
    if (own && /^asTarget\(\)$/i.test(form)) return { ...filter, assignedTo: call.caller.claims.oid, asTarget: true };
    const assignedTo = ASSIGNED_TO.exec(form)?.[1]?.toLowerCase();
    if (assignedTo !== undefined) return { ...filter, assignedTo };
    const principalId = PRINCIPAL.exec(form)?.[1]?.toLowerCase();
    if (principalId !== undefined) return { ...filter, principalId };
  }
  throw new AzureError(400, 'BadRequest', `The filter '${text}' is not supported.`);
}

/** Whether a list at a scope shows something: at it, above it and, unless the filter says otherwise, below it. */
export function isListed(ports: ArmPorts, scope: Scope, call: ArmCall, filter: ScopeFilter): (one: Listed) => boolean {
  const { tenant } = call.caller;
  const above = new Set(ports.world.estate.chain(scope));
  const identities = filter.assignedTo === null ? null : identitiesOf(tenant, filter.assignedTo, ports.now());
  const below = scope.kind === 'root' || scope.kind === 'managementGroup' ? null : `${scope.key}/`;
  return (one) =>
    one.tenant === tenant.id &&
    (above.has(one.scopeKey) || (!filter.atScope && below !== null && one.scopeKey.startsWith(below))) &&
    (identities === null || identities.has(one.principalId)) &&
    (filter.principalId === null || one.principalId === filter.principalId);
}
