/**
 * Every action that Curfew performs on Azure, and the one place where they are written down: the contract suite compares the journal of all calls
 * made with it. They are a part of what the role Role Based Access Control Administrator allows, which no role of a company's own can be
 * narrowed to: only with it, or with more, does Azure let anybody assign roles under a condition.
 */
export const READ_ACTIONS = [
  'Microsoft.Authorization/roleAssignments/read',
  'Microsoft.Resources/subscriptions/read',
  'Microsoft.Resources/subscriptions/resourceGroups/read',
] as const;
export const WRITE_ACTIONS = [
  'Microsoft.Authorization/roleAssignments/delete',
  'Microsoft.Authorization/roleAssignments/write',
] as const;

/** All that the sweeper calls. */
export const SWEEPER_ACTIONS = [
  'Microsoft.Authorization/roleAssignments/delete',
  'Microsoft.Authorization/roleAssignments/read',
] as const;

/**
 * All that the identity for Privileged Identity Management calls. They are a part of User Access Administrator, and Azure lets no condition limit
 * them: whoever has this identity can give anybody anything there. So it is another one than the broker's, given where roles by `method: pim` are.
 */
export const PIM_ACTIONS = [
  'Microsoft.Authorization/roleAssignmentScheduleInstances/read',
  'Microsoft.Authorization/roleAssignmentScheduleRequests/cancel/action',
  'Microsoft.Authorization/roleAssignmentScheduleRequests/read',
  'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
  'Microsoft.Authorization/roleAssignmentSchedules/read',
  'Microsoft.Authorization/roleAssignments/delete',
  'Microsoft.Authorization/roleAssignments/read',
  'Microsoft.Authorization/roleManagementPolicyAssignments/read',
  'Microsoft.Resources/subscriptions/read',
  'Microsoft.Resources/subscriptions/resourceGroups/read',
] as const;

/** The least of Azure's own roles that may ask PIM for assignments: User Access Administrator. */
export const PIM_ROLE = '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9';

/** The role of the broker, by its GUID: Role Based Access Control Administrator. */
export const BROKER_ROLE = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168';

const TYPE = 'Microsoft.Authorization/roleAssignments';
/** What Azure takes of a condition, in characters (role-based-access-control, limits.md). */
const MOST_CHARACTERS = 8 * 1_024;

/**
 * The condition on the broker's own assignment: it may assign exactly these roles, to users alone, and delete assignments of exactly these
 * (delegate-role-assignments-examples.md: what is written is compared by `@Request`, what is deleted by `@Resource`). So neither the broker nor
 * whoever has stolen its identity can give a role that no rule of the catalogue names, or give anything to an application.
 *
 * @param roleDefinitions GUIDs of the roles of the catalogue. Throws an `Error` for none, and for more than a condition can hold.
 */
export function delegationCondition(roleDefinitions: readonly string[]): string {
  const set = setOf(roleDefinitions);
  const write =
    `(!(ActionMatches{'${TYPE}/write'})) OR (@Request[${TYPE}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals ${set} ` +
    `AND @Request[${TYPE}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'User'})`;
  return fitting(`(${write}) AND (${deleting(set)})`, set);
}

/** The condition on the sweeper's: it deletes assignments of exactly these roles. It can make none. Throws as above. */
export function sweeperCondition(roleDefinitions: readonly string[]): string {
  const set = setOf(roleDefinitions);
  return fitting(`(${deleting(set)})`, set);
}

function setOf(roleDefinitions: readonly string[]): string {
  const roles = [...new Set(roleDefinitions.map((id) => id.toLowerCase()))].sort();
  if (roles.length === 0) throw new Error('the catalogue has no role on Azure that could be assigned');
  return `{${roles.join(', ')}}`;
}

function deleting(set: string): string {
  return `(!(ActionMatches{'${TYPE}/delete'})) OR (@Resource[${TYPE}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals ${set})`;
}

function fitting(condition: string, set: string): string {
  if (condition.length <= MOST_CHARACTERS) return condition;
  throw new Error(
    `a condition with ${set.split(',').length} roles has ${condition.length} characters, and Azure takes ${MOST_CHARACTERS}: give the identity two assignments`,
  );
}
