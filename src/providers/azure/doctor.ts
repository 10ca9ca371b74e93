import type { Role } from '../../core/role.ts';
import type { Target } from '../../core/target.ts';
import { ProviderFault, type CallOptions, type DoctorFinding, type DoctorPlace } from '../contract.ts';
import { examinePim } from './doctor-pim.ts';
import { scopeOf } from './names.ts';
import { BROKER_ROLE, delegationCondition } from './permissions.ts';
import type { PimCalls } from './pim-requests.ts';
import type { Assignment, RoleAssignments } from './rbac-assignments.ts';

/** Reader of everything, which some give the broker as well; it can change nothing. */
const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

/** What the examination needs. */
export interface DoctorPorts {
  readonly assignments: RoleAssignments;
  /** Object id of the broker's own service principal. Throws faults. */
  readonly self: (signal: AbortSignal) => Promise<string>;
  /** As the identity for Privileged Identity Management; `null`: there is none. */
  readonly pim: PimCalls | null;
}

/**
 * Looks what the broker itself may do at each target: that it may assign every role of the catalogue there, and that a condition keeps it from all
 * others. Each role is looked for in the condition as it stands in Azure, which somebody may have edited since. Faults become findings.
 */
export async function diagnose(
  { assignments, self, pim }: DoctorPorts,
  places: readonly DoctorPlace[],
  call: CallOptions,
): Promise<readonly DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  for (const { target, roles } of places) {
    const scope = scopeOf(target);
    if (scope === null) continue;
    findings.push(...(await examinePim(pim, { target, roles }, call)));
    const wanted = rolesOf(roles);
    // Nothing is asked of a broker that has nothing to assign here by itself.
    if (wanted.length === 0 && findings.some((one) => one.target === target.key)) continue;
    try {
      const own = await self(call.signal);
      const given = (await assignments.list(scope, own, call)).filter((one) => isAbove(one.scope, scope));
      findings.push(...judge(target, { scope, own, wanted, given }));
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error;
      const fix = error.fix ?? assign(scope, '<the broker’s object id>', wanted);
      findings.push({ target: target.key, ok: false, message: error.message, fix });
    }
  }
  return findings;
}

interface Seen {
  readonly scope: string;
  readonly own: string;
  /** GUIDs of the roles that can be asked for here. */
  readonly wanted: readonly string[];
  /** What the broker has here, or from above. */
  readonly given: readonly Assignment[];
}

function judge({ key }: Pick<Target, 'key'>, { scope, own, wanted, given }: Seen): readonly DoctorFinding[] {
  const found = (ok: boolean, message: string, fix?: string): DoctorFinding => ({
    target: key,
    ok,
    message,
    ...(fix === undefined ? {} : { fix }),
  });
  const findings: DoctorFinding[] = [];
  const delegations = given.filter(({ roleDefinition }) => roleDefinition === BROKER_ROLE);
  const others = given.filter(({ roleDefinition }) => roleDefinition !== BROKER_ROLE && roleDefinition !== READER);
  for (const one of others) {
    const fix = `az role assignment delete --ids ${idOf(one)}`;
    findings.push(
      found(false, `The broker has the role ${one.roleDefinition} at ${one.scope}, which it does not need`, fix),
    );
  }
  for (const one of delegations) {
    if (one.condition !== null) continue;
    const message = `The broker may assign every role at ${one.scope}: its assignment has no condition`;
    const fix = `az role assignment delete --ids ${idOf(one)} && ${assign(scope, own, wanted)}`;
    findings.push(found(false, message, fix));
  }
  // What Azure allows is what any one of them allows.
  const allowed = new Set(delegations.flatMap(({ condition }) => (condition === null ? wanted : guidsIn(condition))));
  const missing = wanted.filter((id) => !allowed.has(id));
  if (missing.length > 0) {
    const message = `The broker may not assign ${missing.join(', ')} here, which the catalogue gives`;
    findings.push(found(false, message, assign(scope, own, wanted)));
  }
  if (findings.length > 0) return findings;
  return [found(true, `The broker may assign the ${wanted.length} roles of the catalogue here, under a condition`)];
}

function rolesOf(roles: readonly Role[]): readonly string[] {
  return [...new Set(roles.flatMap(({ azure }) => (azure?.method === 'rbac' ? azure.roleDefinition : [])))].sort();
}

function guidsIn(condition: string): readonly string[] {
  return condition.toLowerCase().match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
}

/** Whether what is assigned at one scope holds at another. */
function isAbove(assigned: string, scope: string): boolean {
  if (/^\/(providers\/Microsoft\.Management\/|$)/i.test(assigned)) return true;
  return `${scope.toLowerCase()}/`.startsWith(`${assigned.toLowerCase()}/`);
}

function idOf({ scope, name }: Assignment): string {
  return `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
}

function assign(scope: string, principal: string, roles: readonly string[]): string {
  const condition = roles.length === 0 ? '<see docs/providers/azure.md>' : `"${delegationCondition(roles)}"`;
  return (
    `az role assignment create --role ${BROKER_ROLE} --scope ${scope} --assignee-principal-type ServicePrincipal ` +
    `--assignee-object-id ${principal} --condition-version 2.0 --condition ${condition}`
  );
}
