import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from './api.ts';
import type { paths } from './openapi.ts';

/** Who looks after Curfew, and the changes of that which wait, as far as I may see them. */
export type Administration = Schemas['Administration'];
export type Holder = Administration['holders'][number];
export type Proposal = Schemas['Proposal'];
/** What is to be proposed, and why, before anybody signs it. */
export type Change =
  paths['/v1/administration/proposals/challenge']['post']['requestBody']['content']['application/json'];

export const ADMINISTRATION = ['administration'] as const;

/** The stream tells of what is done about proposals; that one lapses shows in a minute. */
export function useAdministration() {
  return useQuery({
    queryKey: ADMINISTRATION,
    queryFn: () => ask(() => api.GET('/v1/administration')),
    refetchInterval: 60_000,
  });
}

/** Accounts that two persons claim, for auditors and admins; others are told of none. The stream does not tell of them, so they are asked for. */
export function useConflicts(everyMs: number) {
  return useQuery({
    queryKey: [...ADMINISTRATION, 'conflicts'],
    queryFn: async () => (await ask(() => api.GET('/v1/policy'))).directory?.conflicts ?? [],
    refetchInterval: everyMs,
  });
}
