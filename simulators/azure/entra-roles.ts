/** A role of Entra's own. */
export type EntraRole = { readonly id: string; readonly displayName: string; readonly isPrivileged: boolean };

export const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10';
export const PRIVILEGED_ROLE_ADMINISTRATOR = 'e8611ab8-c189-46e8-94e1-60213ab1f814';
export const USER_ADMINISTRATOR = 'fe930be7-5e62-47db-91af-98c3a49a38b1';
export const GROUPS_ADMINISTRATOR = 'fdd7a751-b60b-444a-984c-02652fe8fa1c';

/** Entra's roles, as its reference lists them (identity/role-based-access-control/permissions-reference); those that Curfew's world needs. */
export const ENTRA_ROLES: readonly EntraRole[] = [
  { id: GLOBAL_ADMINISTRATOR, displayName: 'Global Administrator', isPrivileged: true },
  { id: PRIVILEGED_ROLE_ADMINISTRATOR, displayName: 'Privileged Role Administrator', isPrivileged: true },
  { id: USER_ADMINISTRATOR, displayName: 'User Administrator', isPrivileged: true },
  { id: GROUPS_ADMINISTRATOR, displayName: 'Groups Administrator', isPrivileged: false },
  { id: '729827e3-9c14-49f7-bb1b-9608f156bbb8', displayName: 'Helpdesk Administrator', isPrivileged: true },
  { id: '194ae4cb-b126-40b2-bd5b-6091b380977d', displayName: 'Security Administrator', isPrivileged: true },
  { id: '5d6b6bb7-de71-4623-b4af-96380a352509', displayName: 'Security Reader', isPrivileged: true },
  { id: 'f2ef992c-3afb-46b9-b7cf-a126ee74c451', displayName: 'Global Reader', isPrivileged: true },
  { id: '88d8e3e3-8f55-4a1e-953a-9b9898b8876b', displayName: 'Directory Readers', isPrivileged: false },
];
