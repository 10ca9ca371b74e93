import { useQuery } from '@tanstack/react-query';
import { under, useAction } from './action.ts';
import { api, ask, type Schemas } from './api.ts';

export type NotificationSettings = Schemas['NotificationSettings'];

export const NOTIFICATIONS_KEY = ['me', 'notifications'] as const;

/** What I am told by e-mail. */
export function useNotifications() {
  return useQuery({ queryKey: NOTIFICATIONS_KEY, queryFn: () => ask(() => api.GET('/v1/me/notifications')) });
}

/** Mutes a request for me alone, or no longer. */
export function useMute(id: string) {
  const params = { path: { id } };
  return useAction(
    (mute: boolean, key) =>
      ask(() =>
        mute
          ? api.POST('/v1/requests/{id}/mute', { params: { ...params, ...under(key) }, body: {} })
          : api.DELETE('/v1/requests/{id}/mute', { params }),
      ),
    { touches: [NOTIFICATIONS_KEY] },
  );
}
