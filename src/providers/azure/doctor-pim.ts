import type { AzurePim } from '../../core/role.ts';
import { ProviderFault, type CallOptions, type DoctorFinding, type DoctorPlace } from '../contract.ts';
import { scopeOf } from './names.ts';
import { PIM_ROLE } from './permissions.ts';
import { LICENCE, NO_IDENTITY, NO_IDENTITY_HINT, whyForbidden, type PimPlace } from './pim-assignments.ts';
import type { PimCalls } from './pim-requests.ts';

/**
 * Looks whether PIM would give what the catalogue gives by `method: pim`: that there is an identity for it, a licence, and rules at the very scope
 * that an application can satisfy. How long the rules allow is said; what is asked for longer is refused. Faults become findings.
 */
export async function examinePim(
  pim: PimCalls | null,
  { target, roles }: DoctorPlace,
  call: CallOptions,
): Promise<readonly DoctorFinding[]> {
  const base = scopeOf(target);
  const wanted = roles.flatMap(({ azure }): readonly AzurePim[] => (azure?.method === 'pim' ? [azure] : []));
  if (base === null || wanted.length === 0) return [];
  const found = (ok: boolean, message: string, fix?: string): DoctorFinding => ({
    ...{ target: target.key, ok, message },
    ...(fix === undefined ? {} : { fix }),
  });
  if (pim === null) return [found(false, NO_IDENTITY, NO_IDENTITY_HINT)];
  const findings: DoctorFinding[] = [];
  for (const definition of wanted) {
    const scope = definition.scope === '' ? base : `${base}/${definition.scope}`;
    const place: PimPlace = { scope, definition, principalId: '' };
    try {
      const seen = await pim.rules(place, call);
      if (seen === null) return [found(false, 'The tenant has no licence for Privileged Identity Management', LICENCE)];
      const why = whyForbidden(place, seen.rules, 0);
      if (why !== null) findings.push(found(false, why));
      else {
        const longest = seen.rules.longest === null ? 'as long as one likes' : `${seen.rules.longest} at most`;
        findings.push(found(true, `PIM gives ${definition.roleName} at ${scope}, ${longest}`));
      }
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error;
      const give =
        `az role assignment create --role ${PIM_ROLE} --scope ${base} --assignee-principal-type ServicePrincipal ` +
        '--assignee-object-id <the object id of the identity for PIM>';
      findings.push(found(false, error.message, error.fix ?? give));
    }
  }
  return findings;
}
