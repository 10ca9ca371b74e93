import type { HttpAnswer } from '../shared/http-call.ts';
import { json, type ArmCall, type ArmPorts } from './arm-call.ts';
import { shown } from './role-assignments.ts';
import { isListed, readScopeFilter } from './scope-filter.ts';
import type { Scope } from './scopes.ts';

/** Lists what is at a scope, above it and, unless the filter says otherwise, below it. As lists show it at the moment. */
export function listAssignments(ports: ArmPorts, scope: Scope, call: ArmCall): HttpAnswer {
  ports.world.estate.requireThere(scope);
  const filter = readScopeFilter(call, { own: false });
  return json({
    value: ports.assignments
      .listed()
      .filter(isListed(ports, scope, call, filter))
      .map(shown),
  });
}
