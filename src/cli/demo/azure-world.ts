import type { JsonWebKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorldDescription } from '../../../simulators/azure/world.ts';
import type { DirectorySnapshot } from '../../core/directory.ts';
import { parseDirectory } from '../../identity/directory/yaml-directory.ts';
import { systemClock } from '../../platform/clock.ts';
import { readSourceFiles } from '../../platform/source-files.ts';
import { loadPolicy } from '../../policy/load.ts';
import { parseTargets } from '../../posture/inventory.ts';
import { BROKER_ROLE, delegationCondition } from '../../providers/azure/permissions.ts';
import { requireSound } from './demo-people.ts';
import type { PlatformIdentity } from './demo-platform.ts';

/** The simulated Azure of the demo company: what it begins with, and what the broker is in it. */
export interface AzureWorld {
  readonly description: WorldDescription;
  readonly tenantId: string;
  readonly clientId: string;
  readonly identity: PlatformIdentity;
}

/** With it people of the demo get tokens of their own, by their keys. No Entra has such logins, and everybody may know it. */
const TEST_SECRET = 'demo';

/**
 * Completes `clouds/azure.json` by the rules: people who have an object id, and the broker's right to assign exactly the roles of the
 * catalogue. `platformKey`: with which the assertions of the broker are checked. Throws an `Error` for rules that are unsound.
 */
export async function azureWorld(rulesDir: string, platformKey: JsonWebKey): Promise<AzureWorld> {
  const file = join(rulesDir, 'clouds', 'azure.json');
  const estate = JSON.parse(await readFile(file, 'utf8')) as WorldDescription;
  const [tenant] = estate.tenants;
  const [application] = tenant?.applications ?? [];
  const [identity] = application?.federatedCredentials ?? [];
  const [group] = estate.managementGroups ?? [];
  if (tenant === undefined || application?.appId === undefined || identity === undefined || group === undefined)
    throw new Error(`${file} has no tenant, application with a federated credential, or management group`);
  const { directory, roles } = await readRules(rulesDir);
  const people = peopleOf(directory);
  const users = people.map(({ id, email, name }) => ({ id, userPrincipalName: email, displayName: name }));
  const testLogins = people.map(({ key, id }) => ({ clientId: key, secret: TEST_SECRET, user: id }));
  const delegation = {
    tenant: tenant.id,
    scope: `/providers/Microsoft.Management/managementGroups/${group.name}`,
    role: BROKER_ROLE,
    principal: application.appId,
    condition: delegationCondition(roles),
  };
  return {
    description: {
      ...estate,
      tenants: [{ ...tenant, users, testLogins }],
      roleAssignments: [delegation],
      issuers: [{ url: identity.issuer, keys: [platformKey] }],
    },
    tenantId: tenant.id,
    clientId: application.appId,
    identity,
  };
}

/** A role cannot be assigned to a name, so who has only one is nobody in the simulated Entra. */
function peopleOf(directory: DirectorySnapshot) {
  return [...directory.people.values()].flatMap(({ key, name, email, active, accounts }) => {
    const id = accounts['azure'];
    return active && id !== undefined && !id.includes('@') ? [{ key, id, email, name }] : [];
  });
}

async function readRules(rulesDir: string) {
  const files = await readSourceFiles(rulesDir);
  const directory = requireSound('directory', parseDirectory(files, systemClock.now()));
  const targets = requireSound('targets', parseTargets(files, directory));
  const policy = requireSound('rules', loadPolicy(files, { directory, targets, available: new Set(['aws', 'azure']) }));
  const roles = [...policy.roles.values()].flatMap(({ azure }) => azure?.roleDefinition ?? []);
  return { directory, roles };
}
