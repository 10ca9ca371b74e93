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

/** What a yes to an item was given for: what the item meant, and who is given it there. */
export interface GivenFor extends Meaning {
  /**
   * Hex SHA-256 of what the requester is called at the target's provider; absent in a yes from before this was kept, which holds for any. It stands beside
   * the log and in no document: whoever has a list of names finds the one behind a hash, and what is signed is kept for ever.
   */
  readonly identity?: string;
}
