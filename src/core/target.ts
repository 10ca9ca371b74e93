export const PROVIDERS = ['aws', 'azure', 'gcp'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/**
 * Where access applies. `key` is what people type and rules print (`aws/prod`); `native` is the cloud's own name
 * (a 12-digit account id, a subscription id, a project id); `parent` makes the subtree that a request for a folder covers.
 */
export interface Target {
  readonly key: string;
  readonly provider: ProviderName;
  readonly kind: string;
  readonly native: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly parent: string | null;
  /** Keys of the people or groups that own the target (`group:data-leads`, `person:ana`). */
  readonly owners: readonly string[];
}
