import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from './api.ts';

/** Who looks after Curfew, and the changes of that which wait, as far as I may see them. */
export type Administration = Schemas['Administration'];
export type Holder = Administration['holders'][number];
export type Proposal = Schemas['Proposal'];

export const ADMINISTRATION = ['administration'] as const;

/** The stream does not tell of proposals, so they are asked for. */
export function useAdministration(everyMs = 60_000) {
  return useQuery({
    queryKey: ADMINISTRATION,
    queryFn: () => ask(() => api.GET('/v1/administration')),
    refetchInterval: everyMs,
  });
}

/** Accounts that two persons claim, for auditors and admins; others are told of none. */
export function useConflicts(everyMs: number) {
  return useQuery({
    queryKey: [...ADMINISTRATION, 'conflicts'],
    queryFn: async () => (await ask(() => api.GET('/v1/policy'))).directory?.conflicts ?? [],
    refetchInterval: everyMs,
  });
}
