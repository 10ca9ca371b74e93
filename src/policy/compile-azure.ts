import { azureRoleById, azureRoleByName, azureRoleNames, type AzureBuiltInRole } from '../core/azure-roles.ts';
import type { AzureDefinition, AzureRbac, Tier } from '../core/role.ts';
import { didYouMean } from './documents/closest.ts';
import type { SourceDocument } from './documents/read-documents.ts';
import type { RoleDocument } from './documents/shapes.ts';
import type { LoadContext } from './load-context.ts';

type AzureShape = NonNullable<RoleDocument['azure']>;

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Turns what a role document says of Azure into a definition; what is wrong is reported to the context. */
export function compileAzure(
  document: SourceDocument,
  { role: written, scope = '', method = 'rbac' }: AzureShape,
  tier: Tier,
  context: LoadContext,
): AzureDefinition {
  const path = ['azure', 'role'];
  const isGuid = GUID.test(written);
  const known = isGuid ? azureRoleById(written) : azureRoleByName(written);
  if (known === null && isGuid) {
    const hint = `whoever reviews it reads that first: az role definition list --name ${written.toLowerCase()}`;
    context.warn(document, path, `nobody here knows what the role definition ${written.toLowerCase()} allows`, hint);
  }
  if (known === null && !isGuid) {
    // Names of a company's own roles can be changed, and then mean another role.
    const guid = `az role definition list --name "${written}" --query [].name -o tsv`;
    const near = didYouMean(written, azureRoleNames());
    const hint = `${near === undefined ? '' : `${near} `}For any other role write its GUID: ${guid}`;
    context.problem(document, path, `"${written}" is none of Azure's own roles that Curfew knows`, hint);
  }
  if (known?.changesAccess === true && tier !== 0) {
    const hint = 'give the role tier 0, or another role of Azure';
    context.problem(document, path, `${known.name} can change who has access, and the role has tier ${tier}`, hint);
  }
  const id = written.toLowerCase();
  const place = { roleDefinition: known?.id ?? id, roleName: known?.name ?? id, scope };
  return method === 'pim' ? { method, ...place } : { method, ...place, nativeEnd: nativeEndOf(known) };
}

function nativeEndOf(known: AzureBuiltInRole | null): AzureRbac['nativeEnd'] {
  if (known === null || known.timedActions.length === 0) return null;
  return { actions: known.timedActions, whole: known.readsOtherwise };
}
