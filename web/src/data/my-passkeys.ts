import { useQuery } from '@tanstack/react-query';
import { api, ask } from './api.ts';

export const MY_PASSKEYS = ['me', 'passkeys'] as const;

/** What I can sign with, as far as the server knows: a device that is lost stays registered until somebody removes it. */
export function useMyPasskeys(enabled = true) {
  return useQuery({
    enabled,
    queryKey: MY_PASSKEYS,
    queryFn: () => ask(() => api.GET('/v1/me/passkeys')),
  });
}
