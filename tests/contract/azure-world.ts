import { BROKER_APP, ISSUER, ISSUER_JWK, SUBSCRIPTION, TENANT } from '../../simulators/azure/azure-under-test.ts';
import { stableGuid } from '../../simulators/azure/guid.ts';
import type { WorldDescription } from '../../simulators/azure/world.ts';
import { azureRoleByName } from '../../src/core/azure-roles.ts';
import { BROKER_ROLE, delegationCondition } from '../../src/providers/azure/permissions.ts';

/** The company on Azure that the contract suite runs in: many people without any access, an owner, and Curfew with the rights that it asks for. */

export const PEOPLE = 160;

export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/billing`;
export const ACCOUNT = 'providers/Microsoft.Storage/storageAccounts/acmeinvoices';
/** What the catalogue of the tests gives. */
export const CATALOGUE = ['Reader', 'Storage Blob Data Reader', 'Storage Blob Data Contributor'] as const;

export function roleId(name: string): string {
  const found = azureRoleByName(name);
  if (found === null) throw new Error(`${name} is no role of Azure's`);
  return found.id;
}

/** Curfew's other identity, for Privileged Identity Management alone. */
export const PIM_APP = '22222222-2222-4222-8222-222222222233';
export const PIM_ID = stableGuid(TENANT, 'ServicePrincipal', PIM_APP);

/** Object id of Curfew's own service principal. */
export const BROKER_ID = stableGuid(TENANT, 'ServicePrincipal', BROKER_APP);

export interface AzurePerson {
  readonly id: string;
  /** A login of the simulator's that stands for the person. */
  readonly login: string;
  readonly secret: string;
}

export function person(index: number): AzurePerson {
  const name = `person-${index}`;
  return { id: stableGuid(TENANT, 'User', `${name}@acme.example`), login: `login-${name}`, secret: `${name}-secret` };
}

const INDICES = Array.from({ length: PEOPLE }, (_, index) => index);

export const azureWorld: WorldDescription = {
  tenants: [
    {
      id: TENANT,
      displayName: 'Acme',
      domains: ['acme.example'],
      premium: true,
      users: [...INDICES.map((index) => `person-${index}`), 'olga'].map((name) => ({
        userPrincipalName: `${name}@acme.example`,
      })),
      applications: [
        {
          appId: BROKER_APP,
          displayName: 'Curfew',
          federatedCredentials: [{ name: 'curfew', issuer: ISSUER, subject: 'broker' }],
        },
        {
          appId: PIM_APP,
          displayName: 'Curfew PIM',
          federatedCredentials: [{ name: 'curfew', issuer: ISSUER, subject: 'broker' }],
        },
      ],
      testLogins: [
        ...INDICES.map((index) => {
          const { login, secret } = person(index);
          return { clientId: login, secret, user: `person-${index}@acme.example` };
        }),
        { clientId: 'login-olga', secret: 'olga-secret', user: 'olga@acme.example' },
      ],
    },
  ],
  managementGroups: [{ tenant: TENANT, name: 'production' }],
  subscriptions: [
    {
      id: SUBSCRIPTION,
      displayName: 'acme-billing',
      tenant: TENANT,
      managementGroup: 'production',
      resourceGroups: [
        {
          name: 'billing',
          storageAccounts: [
            {
              name: 'acmeinvoices',
              containers: [{ name: 'invoices', blobs: [{ name: 'march.txt', content: 'paid' }] }],
            },
          ],
        },
        { name: 'other' },
      ],
    },
  ],
  roleAssignments: [
    { tenant: TENANT, scope: `/subscriptions/${SUBSCRIPTION}`, role: 'Owner', principal: 'olga@acme.example' },
    {
      tenant: TENANT,
      scope: `/subscriptions/${SUBSCRIPTION}`,
      role: BROKER_ROLE,
      principal: 'Curfew',
      condition: delegationCondition(CATALOGUE.map(roleId)),
    },
    {
      tenant: TENANT,
      scope: `/subscriptions/${SUBSCRIPTION}`,
      role: 'User Access Administrator',
      principal: 'Curfew PIM',
    },
  ],
  issuers: [{ url: ISSUER, keys: [ISSUER_JWK] }],
};
