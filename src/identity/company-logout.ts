import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { signInNamed, type Companies } from './companies.ts';
import { LOGOUT_MAX_AGE_S } from './company-keys.ts';
import type { CompanyLogout, CompanyProvider } from './company-provider.ts';

/** A logout, when it was heard, and until when the same token would be taken again if nobody remembered it. */
type HeardLogout = CompanyLogout & { readonly heardAt: Instant; readonly rememberUntil: Instant };

/** Ends what the company ended. False when this logout has been heard before. The composition root fills it. */
export type EndAtCompany = (logout: HeardLogout) => Promise<boolean>;

const LOGOUT_PATH = '/sign-in/back-channel-logout';
/** A logout token has some hundred bytes. */
const LONGEST_BODY = 16_384;

/**
 * The provider that tells of its logouts under a path; each has its own, behind which only its own keys are believed. One whose accounts
 * sign in nobody has none: nothing here came out of a session there.
 */
export function logoutFrom(companies: Companies, path: string): CompanyProvider | null {
  if (path === LOGOUT_PATH) return companies[0];
  if (!path.startsWith(`${LOGOUT_PATH}/`)) return null;
  const further = signInNamed(companies, path.slice(LOGOUT_PATH.length + 1));
  return further === companies[0] ? null : further;
}

export interface CompanyLogoutParts {
  readonly endAtCompany: EndAtCompany;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers the provider's server, which calls this itself: no browser and no cookie takes part. */
export async function handleCompanyLogout(
  { endAtCompany, clock, log }: CompanyLogoutParts,
  company: CompanyProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const token = request.method === 'POST' ? await readToken(request) : null;
    if (token === null) return answer(response, 400, 'One logout_token is expected, in a form.');
    const found = await company.readLogout(token);
    if (!found.ok) {
      log.warn({ cause: found.refusal.log }, 'a logout of the company provider was not taken');
      return answer(response, found.refusal.kind === 'unreachable' ? 503 : 400, 'The logout token was not taken.');
    }
    // By the clock that sign-ins begin by: what was under way then is not finished.
    const heardAt = clock.now();
    const rememberUntil = after(heardAt, 2 * LOGOUT_MAX_AGE_S * 1_000);
    if (!(await endAtCompany({ ...found.value, heardAt, rememberUntil })))
      return answer(response, 400, 'This logout token was used before.');
    response.writeHead(200, { 'cache-control': 'no-store', 'content-length': '0' }).end();
  } catch (error) {
    log.error({ error: error instanceof Error ? error.message : String(error) }, 'a logout failed');
    answer(response, 503, 'Something went wrong here.');
  }
}

async function readToken(request: IncomingMessage): Promise<string | null> {
  if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/x-www-form-urlencoded') return null;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) return null;
    chunks.push(chunk);
  }
  const [token, ...more] = new URLSearchParams(Buffer.concat(chunks).toString('utf8')).getAll('logout_token');
  return token === undefined || more.length > 0 ? null : token;
}

/** As section 2.8 wants it. */
function answer(response: ServerResponse, status: number, description: string): void {
  if (response.headersSent) return void response.end();
  const body = JSON.stringify({ error: 'invalid_request', error_description: description });
  // Whoever sent too much is not read to the end, so the connection has to close.
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' })
    .end(body);
}
