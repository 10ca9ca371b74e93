import { GLOBAL_ADMINISTRATOR } from './entra-roles.ts';
import { isGuid, stableGuid } from './guid.ts';

/** Custom security attributes: `{ Engineering: { Project: 'Cascade' } }`. */
export type SecurityAttributes = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** A tenant of Entra. Ids that are left out follow from names. */
export type TenantDescription = {
  readonly id: string;
  readonly displayName?: string;
  /** Names that stand for the id in addresses, as `acme.example`. */
  readonly domains?: readonly string[];
  /** Whether it pays for Entra ID P2, which PIM wants. Default no. */
  readonly premium?: boolean;
  readonly users?: readonly {
    readonly id?: string;
    readonly userPrincipalName: string;
    readonly displayName?: string;
    readonly enabled?: boolean;
    readonly globalAdministrator?: boolean;
    readonly onPremisesSynced?: boolean;
    readonly attributes?: SecurityAttributes;
  }[];
  readonly applications?: readonly {
    readonly appId?: string;
    readonly displayName: string;
    /** The object id of its service principal, which is what roles are assigned to. */
    readonly servicePrincipalId?: string;
    readonly enabled?: boolean;
    readonly attributes?: SecurityAttributes;
    readonly federatedCredentials?: readonly FederatedCredential[];
    /** Application permissions of Graph that an administrator consented to, as `GroupMember.ReadWrite.All`. */
    readonly graphPermissions?: readonly string[];
  }[];
  readonly groups?: readonly {
    readonly id?: string;
    readonly displayName: string;
    readonly onPremisesSynced?: boolean;
    /** A rule decides who is in it. */
    readonly dynamic?: boolean;
    /** Roles of Entra can be assigned to it. */
    readonly roleAssignable?: boolean;
    /** User principal names, display names or ids of users, applications and groups. */
    readonly members?: readonly string[];
  }[];
  /** Secrets that stand in for a person who signs in: no Entra has them, and applications have none here. */
  readonly testLogins?: readonly {
    readonly clientId: string;
    readonly secret: string;
    readonly user: string;
    /** Whether the person proves who they are twice. Default yes. */
    readonly mfa?: boolean;
  }[];
};

export type FederatedCredential = {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  /** Default `api://AzureADTokenExchange`. */
  readonly audiences?: readonly string[];
};

/** Who can have a role. `knownAt`: when Resource Manager has heard of them; `readableAt`: when Graph shows them. */
export type Principal = {
  type: 'User' | 'Group' | 'ServicePrincipal';
  id: string;
  /** The user principal name of a user, the application id of a service principal, the display name of a group. */
  name: string;
  displayName: string;
  enabled: boolean;
  onPremisesSynced: boolean;
  /** The two are about groups alone. */
  dynamic: boolean;
  roleAssignable: boolean;
  attributes: SecurityAttributes;
  knownAt: number;
  readableAt: number;
  /** Sessions that began before `validFrom` were revoked; Graph has heard of it from `heardAt` on. */
  revoked: { validFrom: number; heardAt: number } | null;
  deleted: boolean;
};

export type Application = {
  appId: string;
  servicePrincipalId: string;
  federatedCredentials: FederatedCredential[];
  graphPermissions: string[];
};

/**
 * Who was put into a group or taken out of it, in that order. Authorization sees it from `knownAt` on, lists from `listedAt` on. Roles
 * of Entra have their holders written the same way, with the role's id as the group.
 */
export type Membership = { group: string; member: string; in: boolean; knownAt: number; listedAt: number };

export type Tenant = {
  id: string;
  displayName: string;
  domains: string[];
  premium: boolean;
  principals: Principal[];
  applications: Application[];
  memberships: Membership[];
  /** Who holds which role of Entra. */
  roleHolders: Membership[];
  testLogins: { clientId: string; secret: string; userId: string; mfa: boolean }[];
};

/** Entra's own limit for an application. */
const FEDERATED_CREDENTIALS = 20;
export const TOKEN_EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange';

/** A tenant as it is kept. Throws an Error for what no tenant can be. */
export function describeTenant(description: TenantDescription): Tenant {
  if (!isGuid(description.id)) throw new Error(`"${description.id}" is no tenant id`);
  const tenant: Tenant = {
    id: description.id.toLowerCase(),
    displayName: description.displayName ?? description.id,
    domains: [...(description.domains ?? [])],
    premium: description.premium ?? false,
    principals: [],
    applications: [],
    memberships: [],
    roleHolders: [],
    testLogins: [],
  };
  for (const user of description.users ?? [])
    tenant.principals.push(newPrincipal(tenant, 'User', user.userPrincipalName, user));
  for (const application of description.applications ?? []) addApplication(tenant, application);
  for (const group of description.groups ?? [])
    tenant.principals.push(newPrincipal(tenant, 'Group', group.displayName, group));
  for (const group of description.groups ?? [])
    for (const member of group.members ?? [])
      tenant.memberships.push({
        group: principalNamed(tenant, group.displayName).id,
        member: principalNamed(tenant, member).id,
        in: true,
        knownAt: 0,
        listedAt: 0,
      });
  for (const user of description.users ?? [])
    if (user.globalAdministrator === true)
      tenant.roleHolders.push({
        group: GLOBAL_ADMINISTRATOR,
        member: principalNamed(tenant, user.userPrincipalName).id,
        in: true,
        knownAt: 0,
        listedAt: 0,
      });
  for (const { clientId, secret, user, mfa } of description.testLogins ?? [])
    tenant.testLogins.push({ clientId, secret, userId: principalNamed(tenant, user).id, mfa: mfa ?? true });
  return tenant;
}

type PrincipalDescription = { readonly [K in keyof Principal]?: Principal[K] | undefined };

export function newPrincipal(
  tenant: Tenant,
  type: Principal['type'],
  name: string,
  given: PrincipalDescription,
): Principal {
  const id = (given.id ?? stableGuid(tenant.id, type, name)).toLowerCase();
  if (!isGuid(id)) throw new Error(`"${id}" is no object id`);
  if (principal(tenant, id) !== null) throw new Error(`there are two principals ${id}`);
  return {
    type,
    id,
    name,
    displayName: given.displayName ?? name,
    enabled: given.enabled ?? true,
    onPremisesSynced: given.onPremisesSynced ?? false,
    dynamic: given.dynamic ?? false,
    roleAssignable: given.roleAssignable ?? false,
    attributes: given.attributes ?? {},
    knownAt: given.knownAt ?? 0,
    readableAt: given.readableAt ?? 0,
    revoked: null,
    deleted: false,
  };
}

function addApplication(tenant: Tenant, description: NonNullable<TenantDescription['applications']>[number]): void {
  const appId = (description.appId ?? stableGuid(tenant.id, 'application', description.displayName)).toLowerCase();
  const credentials = (description.federatedCredentials ?? []).map((one) => ({
    ...one,
    audiences: one.audiences ?? [TOKEN_EXCHANGE_AUDIENCE],
  }));
  if (credentials.length > FEDERATED_CREDENTIALS)
    throw new Error(`${description.displayName} has more than ${FEDERATED_CREDENTIALS} federated credentials`);
  if (new Set(credentials.map((one) => `${one.issuer}\n${one.subject}`)).size < credentials.length)
    throw new Error(`${description.displayName} has two federated credentials for one issuer and subject`);
  const own = newPrincipal(tenant, 'ServicePrincipal', appId, {
    displayName: description.displayName,
    id: description.servicePrincipalId,
    enabled: description.enabled,
    attributes: description.attributes,
  });
  tenant.principals.push(own);
  tenant.applications.push({
    appId,
    servicePrincipalId: own.id,
    federatedCredentials: credentials,
    graphPermissions: [...(description.graphPermissions ?? [])],
  });
}

/** The principal with an object id, or null. */
export const principal = (tenant: Tenant, id: string): Principal | null =>
  tenant.principals.find((one) => one.id === id.toLowerCase() && !one.deleted) ?? null;

/** By name, display name or id. Throws an Error for nobody. */
export function principalNamed(tenant: Tenant, name: string): Principal {
  const found = tenant.principals.find(
    (one) => !one.deleted && (one.name === name || one.displayName === name || one.id === name.toLowerCase()),
  );
  if (found === undefined) throw new Error(`there is no principal ${name}`);
  return found;
}
