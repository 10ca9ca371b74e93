import { createServer, type Server, type ServerResponse } from 'node:http';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { interactionPolicy, Provider, type Configuration } from 'oidc-provider';
import { createMemoryAdapters } from './memory-adapter.ts';
import { peoplePage, STYLE, STYLE_PATH, type DemoPerson } from './people-page.ts';

export interface DemoIdpOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly host?: string;
  readonly people: readonly DemoPerson[];
  /** The company whose people they are; `Acme` when absent. Cookies ignore ports, so two providers on one host need two names. */
  readonly company?: string;
  /** Where the one client, `curfew`, may send browsers back to. */
  readonly clientRedirects: readonly string[];
  /** Milliseconds since the epoch; the time that `auth_time` is taken from. */
  readonly now?: () => number;
}

export interface DemoIdp {
  readonly issuer: string;
  readonly clientId: string;
  close(): Promise<void>;
}

/**
 * The identity provider of a company that trusts everybody who reaches its port: no passwords. `login_hint` with the key of
 * a person signs them in at once; without it a page lists the people. Everything is in memory and gone with the process.
 */
export async function startDemoIdp(options: DemoIdpOptions): Promise<DemoIdp> {
  const people = new Map(options.people.map((person) => [person.key, person]));
  const now = options.now ?? Date.now;
  // The issuer holds the port, so the socket comes first and the provider second.
  let answer: ((request: Parameters<ReturnType<Provider['callback']>>[0], response: ServerResponse) => void) | null =
    null;
  const server = createServer((request, response) => answer?.(request, response));
  const port = await listen(server, options.port, options.host ?? '127.0.0.1');
  const issuer = `http://localhost:${port}`;
  const provider = new Provider(issuer, configuration(options, people));
  forgetBrowsers(provider);
  const oidc = provider.callback();
  answer = (request, response) => {
    // Like the broker, the provider goes by its own address and not by the one that a request claims.
    request.headers.host = `localhost:${port}`;
    const path = new URL(request.url ?? '/', issuer).pathname;
    if (path === STYLE_PATH) return void response.writeHead(200, { 'content-type': 'text/css' }).end(STYLE);
    if (path.startsWith('/interaction/')) {
      signIn(provider, { people, company: options.company ?? ACME }, now, request, response).catch(() =>
        plain(response, 400, 'This sign-in has ended. Start again.'),
      );
      return;
    }
    void oidc(request, response);
  };
  return {
    issuer,
    clientId: 'curfew',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const ACME = 'Acme';

/** Whoever signs in next in the same browser is somebody else as often as not. */
function forgetBrowsers(provider: Provider): void {
  provider.on('authorization.success', (ctx) => {
    const session = ctx.oidc.session as { destroyed: boolean } | undefined;
    if (session !== undefined) session.destroyed = true;
  });
}

function configuration(options: DemoIdpOptions, people: ReadonlyMap<string, DemoPerson>): Configuration {
  const policy = interactionPolicy.base();
  // A demo moves between people all the time: nobody stays signed in.
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check(
        'fresh',
        'the person is asked for each time',
        (ctx) => ctx.oidc.result?.login === undefined,
      ),
    );
  const cookies = (options.company ?? ACME).toLowerCase();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    adapter: createMemoryAdapters(),
    clients: [
      {
        client_id: 'curfew',
        client_name: 'Curfew',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: options.clientRedirects,
        require_auth_time: true,
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    jwks: {
      keys: [
        { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'ES256' },
      ],
    },
    cookies: {
      keys: [randomBytes(32).toString('hex')],
      // Cookies ignore ports, and the broker runs on the same host.
      names: { session: `${cookies}_session`, interaction: `${cookies}_interaction`, resume: `${cookies}_resume` },
      long: { httpOnly: true, sameSite: 'lax', signed: true },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    claims: { openid: ['sub', 'amr'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    expiresWithSession: () => false,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
    },
    interactions: { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 900, IdToken: 300, Interaction: 900, Session: 900 },
    findAccount: (_ctx, subject) => {
      const person = people.get(subject);
      if (person === undefined) return undefined;
      const { key, name, email } = person;
      return {
        accountId: key,
        claims: () => ({ sub: key, name, preferred_username: key, email, email_verified: true }),
      };
    },
    renderError: (ctx, out) => {
      ctx.type = 'text/plain';
      ctx.body = `The demo identity provider says: ${out.error_description ?? out.error}\n`;
    },
  };
}

type Request = Parameters<ReturnType<Provider['callback']>>[0];

async function signIn(
  provider: Provider,
  { people, company }: { readonly people: ReadonlyMap<string, DemoPerson>; readonly company: string },
  now: () => number,
  request: Request,
  response: ServerResponse,
): Promise<void> {
  const interaction = await provider.interactionDetails(request, response);
  const hint = interaction.params['login_hint'];
  const chosen = request.method === 'POST' ? await chosenPerson(request) : typeof hint === 'string' ? hint : null;
  const person = people.get(chosen ?? '');
  if (person === undefined) {
    const note = chosen === null ? null : `Nobody called "${chosen.slice(0, 60)}" works here.`;
    const html = peoplePage(company, [...people.values()], `/interaction/${interaction.uid}`, note);
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' }).end(html);
    return;
  }
  const grant = new provider.Grant({ accountId: person.key, clientId: String(interaction.params['client_id']) });
  grant.addOIDCScope('openid profile email');
  await provider.interactionFinished(request, response, {
    // There is no second factor to prove, but rules that ask for one should be seen at work: the demo says it was.
    login: { accountId: person.key, remember: false, ts: Math.floor(now() / 1_000), amr: ['mfa'] },
    consent: { grantId: await grant.save() },
  });
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
};

async function chosenPerson(request: Request): Promise<string | null> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > 1_000) return null;
  }
  return new URLSearchParams(body).get('person');
}

function plain(response: ServerResponse, status: number, text: string): void {
  if (!response.headersSent) response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        return reject(new Error('the demo identity provider has no port'));
      resolve(address.port);
    });
  });
}
