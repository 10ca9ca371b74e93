import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from './api.ts';

/** Somebody who lost all passkeys, and who has vouched for them. */
export type Recovery = Schemas['PasskeyRecovery'];

export const RECOVERIES = ['recoveries'] as const;

/** Recoveries that wait: mine, and those that I may confirm. The stream tells of what is done about them; that one lapses shows in a minute. */
export function useRecoveries() {
  return useQuery({
    queryKey: RECOVERIES,
    queryFn: async () => (await ask(() => api.GET('/v1/passkey-recoveries'))).items,
    refetchInterval: 60_000,
  });
}

/** So much of its id is read aloud and typed: two recoveries at one time do not share it. */
const CODE_CHARS = 6;

/** What whoever lost their passkeys reads to their colleague, who types it. */
export function codeOf({ id }: Pick<Recovery, 'id'>): string {
  return id.slice(-CODE_CHARS).toUpperCase();
}

/** Whether that is what was typed: groups and small letters are no difference. */
export function isCode(recovery: Pick<Recovery, 'id'>, typed: string): boolean {
  return typed.replaceAll(/[\s-]/g, '').toUpperCase() === codeOf(recovery);
}

/** Those that ask me, and that I have not confirmed yet. */
export function asksOf(recoveries: readonly Recovery[], me: string): readonly Recovery[] {
  return recoveries.filter(
    ({ person, confirmedBy, openUntil }) =>
      person.key !== me && openUntil === null && !confirmedBy.some(({ key }) => key === me),
  );
}
