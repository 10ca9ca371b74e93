import createClient from 'openapi-fetch';
import { takeInput } from './attendance.ts';
import type { components, paths } from './openapi.ts';
import { serverClock } from '../time/server-clock.ts';

/** The shapes that the API answers with. */
export type Schemas = components['schemas'];
export type Grant = Schemas['Grant'];
/** As the list of everybody's shows it; as what was just done answered, it does not say whether whoever looks may end it. */
export type LiveGrant = Grant & Partial<Pick<Schemas['LiveGrant'], 'mayEnd'>>;
export type AccessRequest = Schemas['Request'];
export type Preview = Schemas['Preview'];
export type CatalogueItem = Schemas['CatalogueItem'];
export type Person = Schemas['Person'];
export type Problem = Schemas['Problem'];

/** Why something that was asked of the server did not come to be. `unreachable`: nobody knows whether it arrived. */
export class ApiFailure extends Error {
  readonly problem: Problem | null;
  readonly status: number;
  constructor(problem: Problem | null, status: number) {
    super(problem?.detail ?? (status === 0 ? 'The server does not answer.' : `The server answered with ${status}.`));
    this.problem = problem;
    this.status = status;
  }

  get code(): string {
    return this.problem?.code ?? (this.status === 0 ? 'unreachable' : 'internal');
  }
}

let csrf: string | null = null;

/** What changes things, or reads the log, has to carry (`csrf` of `GET /v1/me`): a page of somebody else cannot read it. */
export function rememberCsrf(token: string | null): void {
  csrf = token;
}

/** The API, typed by docs/openapi.json. Calls go through {@link ask}, which makes one kind of failure of all. */
export const api = createClient<paths>({ credentials: 'same-origin' });

api.use({
  onRequest({ request }) {
    // A change is a use whatever it says, and stands for what was done until then.
    if (!takeInput() && request.method === 'GET') request.headers.set('x-curfew-unattended', '1');
    if (csrf !== null) request.headers.set('x-curfew-csrf', csrf);
    return request;
  },
});

interface Answer<Value> {
  readonly data?: Value;
  readonly error?: unknown;
  readonly response: Response;
}

/** Waits for an answer and returns what is in it; everything else is an {@link ApiFailure}. */
export async function ask<Value>(call: () => Promise<Answer<Value>>): Promise<Value> {
  const sentAt = Date.now();
  let answer: Answer<Value>;
  try {
    answer = await call();
  } catch {
    throw new ApiFailure(null, 0);
  }
  const { data, error, response } = answer;
  const date = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isNaN(date)) serverClock.observe({ sentAt, receivedAt: Date.now(), from: date, to: date + 1_000 });
  if (response.ok) return data as Value;
  throw new ApiFailure(isProblem(error) ? error : null, response.status);
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && 'requestId' in value;
}
