/**
 * What a role on a target means at some moment: what its name gives, and where. A yes counts for what it was given for, and both names may
 * come to mean something else.
 */
export interface Meaning {
  /** Hex SHA-256 of the role's definition in canonical form. */
  readonly definition: string;
  /** Hex SHA-256 of what decides where access to the target lands, in canonical form: its `kind`, `native` and `provider`. */
  readonly targetDefinition: string;
}
