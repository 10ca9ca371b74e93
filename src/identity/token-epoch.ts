/** The epoch that tokens belong to. One of another epoch comes from a time that the database has forgotten. */
export interface TokenEpoch {
  /** As this process knows it; `null`: it has not looked yet. */
  known(): string | null;
  /** As the database says it now. */
  look(): Promise<string>;
}
