/** Who has which role on what. `roleDefinition` is the role's GUID. */
export type RoleAssignment = {
  readonly name: string;
  readonly tenant: string;
  readonly scope: string;
  readonly scopeKey: string;
  readonly roleDefinition: string;
  readonly principalId: string;
  readonly principalType: string;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly description: string | null;
  readonly createdOn: number;
  readonly updatedOn: number;
  readonly createdBy: string;
  readonly updatedBy: string;
};

/** What was written about one name: `null` is its deletion. Each reader sees it from a moment of its own. */
export type Change = {
  readonly at: number;
  readonly knownAt: number;
  /** For data actions, where a management group makes it take longer. */
  readonly dataKnownAt: number;
  readonly listedAt: number;
  readonly assignment: RoleAssignment | null;
};

/** Changes by name, oldest first. */
export type AssignmentState = Record<string, Change[]>;
