/** Whose requests are listed. */
export const SCOPES = ['mine', 'waiting', 'all'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ScopeSearch {
  readonly scope?: Scope;
}

/** Reads the scope from an address; what is none means mine. */
export function readScope(search: Record<string, unknown>): ScopeSearch {
  const scope = SCOPES.find((one) => one === search['scope']);
  return scope === undefined || scope === 'mine' ? {} : { scope };
}
