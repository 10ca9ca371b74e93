import type { Wanted } from './arguments.ts';
import type { Api } from './session/api.ts';
import { grantView, isLive, requestView, type GrantView, type RequestView } from './views.ts';
import { fields, list, text, textOrNull } from './wire.ts';

/** The signed-in person's grants that are not over, for one role on one target or all; the one that ends last comes first. */
export async function liveGrants(api: Api, wanted: Wanted | null): Promise<readonly GrantView[]> {
  const filter =
    wanted === null ? '' : `&role=${encodeURIComponent(wanted.role)}&target=${encodeURIComponent(wanted.target)}`;
  const answer = await api.get(`/grants?scope=live${filter}`);
  const mine = list(answer, 'items', grantView).filter(isLive);
  const fitting =
    wanted === null ? mine : mine.filter((grant) => grant.role === wanted.role && grant.target === wanted.target);
  const order = (grant: GrantView) => `${grant.status === 'active' ? 1 : 0}${grant.endsAt ?? ''}`;
  return [...fitting].sort((a, b) => order(b).localeCompare(order(a)));
}

/** The newest request of mine that waits for a decision about this role on this target. */
export async function pendingRequest(api: Api, wanted: Wanted): Promise<RequestView | null> {
  const answer = await api.get('/requests?scope=mine');
  const fits = (request: RequestView) =>
    request.items.some((item) => item.role === wanted.role && item.target === wanted.target);
  return (
    list(answer, 'items', requestView).find(
      (request) => request.status === 'pending' && request.extends === null && fits(request),
    ) ?? null
  );
}

/** Credentials as the API hands them out. They are secrets: to be passed on, never shown. */
export interface HandedOut {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds by the cloud's clock: this machine's may differ. */
  readonly issuedAt: number;
  readonly usableUntil: string;
  readonly grantEndsAt: string;
  readonly region: string | null;
}

export async function issueAwsCredentials(api: Api, grant: string): Promise<HandedOut> {
  const of = await api.post(`/grants/${grant}/credentials`, {});
  return {
    accessKeyId: text(of, 'accessKeyId'),
    secretAccessKey: text(of, 'secretAccessKey'),
    sessionToken: text(of, 'sessionToken'),
    issuedAt: Date.parse(text(of, 'issuedAt')),
    usableUntil: text(of, 'usableUntil'),
    grantEndsAt: text(fields(of['grant'], 'grant'), 'endsAt'),
    region: textOrNull(of, 'region'),
  };
}
