import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, ask, type AccessRequest } from '../../data/api.ts';

/** Why a request is as it is, what has happened, and what a cloud was told. Its parts of the page read it once. */
export function useExplanation({ id, status, grants }: Pick<AccessRequest, 'id' | 'status' | 'grants'>) {
  return useQuery({
    // A new state is a new story.
    queryKey: ['request', id, 'explanation', `${status} ${grants.map((one) => one.status).join()}`],
    queryFn: () => ask(() => api.GET('/v1/requests/{id}/explanation', { params: { path: { id } } })),
    placeholderData: keepPreviousData,
  });
}
