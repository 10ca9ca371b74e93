import { Failure } from '../failure.ts';
import { NetworkFault, type Answer, type Http } from '../http.ts';
import { fields, isFields, list, parseJson, text, textOrNull, texts } from '../wire.ts';
import { failureFrom } from './problem.ts';
import { isLoopback } from './server-address.ts';

/** What `/.well-known/curfew` says about a server. */
export interface Discovery {
  readonly version: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly api: string;
  readonly demo: boolean;
  readonly demoPeople: readonly { readonly key: string; readonly name: string; readonly title: string }[];
  readonly ledger: { readonly origin: string; readonly vkey: string } | null;
  /** Where AWS is, when it is not the real one (the demo's simulator), and the region that profiles should name. */
  readonly aws: { readonly endpointUrl: string | null; readonly region: string | null };
}

/** Asks a server who it is. The answer's `Date` header is returned too, because `doctor` compares clocks. */
export async function discover(
  http: Http,
  server: string,
  timeoutMs = 10_000,
): Promise<{ discovery: Discovery; answer: Answer }> {
  const answer = await sendOrExplain(http, server, `${server}/.well-known/curfew`, timeoutMs);
  const of = parseJson(answer.body);
  if (isFields(of) && textOrNull(of, 'code') !== null) throw failureFrom(answer);
  if (answer.status !== 200 || !isFields(of) || textOrNull(of, 'name') !== 'Curfew') {
    throw new Failure(`What answers at ${server} is not Curfew.`, {
      code: 'not-curfew',
      hint: 'Name the right server with --server URL or CURFEW_SERVER.',
    });
  }
  const ledger = of['ledger'];
  const aws = isFields(of['aws']) ? of['aws'] : {};
  const discovery: Discovery = {
    version: text(of, 'version'),
    issuer: text(of, 'issuer'),
    clientId: text(of, 'clientId'),
    api: text(of, 'api'),
    demo: of['demo'] === true,
    demoPeople: Array.isArray(of['demoPeople'])
      ? list(of, 'demoPeople', (one) => ({
          key: text(one, 'key'),
          name: text(one, 'name'),
          title: textOrNull(one, 'title') ?? '',
        }))
      : [],
    ledger: isFields(ledger) ? { origin: text(ledger, 'origin'), vkey: text(ledger, 'vkey') } : null,
    aws: { endpointUrl: textOrNull(aws, 'endpointUrl'), region: textOrNull(aws, 'region') },
  };
  requireOwn(server, discovery.issuer);
  requireOwn(server, discovery.api);
  return { discovery, answer };
}

/** A server may only send us to itself: otherwise a token for one server could be asked for by another. */
function requireOwn(server: string, address: string): void {
  const [own, named] = [new URL(server), URL.canParse(address) ? new URL(address) : null];
  const sameMachine =
    named !== null && isLoopback(own.hostname) && isLoopback(named.hostname) && own.port === named.port;
  if (named?.origin === own.origin || sameMachine) return;
  throw new Failure(`${server} says that it is ${named?.origin ?? address}.`, {
    code: 'server-mismatch',
    hint: named === null ? 'Its base URL is configured wrongly.' : `If that is right, use --server ${named.origin}.`,
  });
}

/** The endpoints of the authorization server (RFC 8414). */
export interface AuthorizationServer {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly deviceAuthorizationEndpoint: string | null;
  readonly revocationEndpoint: string | null;
  /** Whether the callback must carry `iss` (RFC 9207). */
  readonly namesIssuer: boolean;
}

export async function authorizationServer(http: Http, server: string, issuer: string): Promise<AuthorizationServer> {
  const answer = await sendOrExplain(http, server, `${issuer}/.well-known/openid-configuration`, 10_000);
  const of = fields(answer.status === 200 ? parseJson(answer.body) : null, 'openid-configuration');
  if (text(of, 'issuer') !== issuer) {
    throw new Failure('The sign-in service has another name than the server says.', {
      code: 'server-mismatch',
      hint: 'An operator has to look at its base URL.',
    });
  }
  const methods = texts(of, 'code_challenge_methods_supported');
  if (!methods.includes('S256'))
    throw new Failure('The sign-in service does not support PKCE with S256.', { code: 'sign-in-failed' });
  const endpoint = (name: string): string => {
    const address = text(of, name);
    requireOwn(server, address);
    return address;
  };
  return {
    issuer,
    authorizationEndpoint: endpoint('authorization_endpoint'),
    tokenEndpoint: endpoint('token_endpoint'),
    deviceAuthorizationEndpoint:
      of['device_authorization_endpoint'] === undefined ? null : endpoint('device_authorization_endpoint'),
    revocationEndpoint: of['revocation_endpoint'] === undefined ? null : endpoint('revocation_endpoint'),
    namesIssuer: of['authorization_response_iss_parameter_supported'] === true,
  };
}

async function sendOrExplain(http: Http, server: string, url: string, timeoutMs: number): Promise<Answer> {
  try {
    return await http.send(url, { timeoutMs });
  } catch (error) {
    throw error instanceof NetworkFault ? serverDown(server, error) : error;
  }
}

/** Nobody answered: says how to start the server, or to name another one. */
export function serverDown(server: string, fault: NetworkFault): Failure {
  const local = isLoopback(new URL(server).hostname);
  const what =
    fault.kind === 'timeout'
      ? `Curfew at ${server} did not answer in time.`
      : fault.kind === 'broken'
        ? `The connection to Curfew at ${server} broke.`
        : `Curfew does not answer at ${server}.`;
  const hint = local
    ? 'Start it in its folder with "npm start", or name another server with --server URL.'
    : 'Check the address (--server URL) and your network.';
  return new Failure(what, { code: 'server-unreachable', hint });
}
