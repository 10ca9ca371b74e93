import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { createMemoryAdapters } from '../../simulators/idp/memory-adapter.ts';

/** How a provider differs from the others, as far as a client can see. What they say is made up; what they call it is not. */
export interface Shape {
  readonly name: string;
  /** Claims of the ID token beside those that every one has. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly amr: readonly string[] | null;
  /** Whether its ID tokens say when it authenticated somebody, also if nobody asks. */
  readonly authTime: boolean;
  /** What may be asked of it and changes nothing. */
  readonly deafTo?: readonly string[];
  /** How an operator sets Curfew up for it; absent: as for everybody. It answers `prompt=login` with an error then. */
  readonly freshSignIn?: 'unavailable';
  /** Whether answers name their issuer (RFC 9207). */
  readonly namesIssuer: boolean;
  readonly clientSecret?: string;
}

const GUID = '11111111-2222-4333-8444-555555555555';

export const SHAPES: readonly Shape[] = [
  {
    name: 'Okta',
    claims: {
      ver: 1,
      idp: '00o1a2b3',
      groups: ['Everyone', 'platform-admins'],
      preferred_username: 'bo',
      email: 'bo@acme.example',
    },
    amr: ['mfa', 'otp', 'pwd'],
    authTime: true,
    namesIssuer: true,
  },
  {
    // More than 200 groups: the token names a place to ask instead of the groups (groups overage).
    name: 'Entra ID with groups overage',
    claims: {
      tid: GUID,
      oid: GUID,
      ver: '2.0',
      sid: 'entra-session',
      hasgroups: true,
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: `https://graph.microsoft.com/v1.0/users/${GUID}/getMemberObjects` } },
      preferred_username: 'bo@acme.example',
    },
    amr: null,
    authTime: false,
    namesIssuer: false,
  },
  {
    name: 'Google Workspace',
    claims: { hd: 'acme.example', email: 'bo@acme.example', email_verified: true, at_hash: undefined },
    amr: null,
    authTime: false,
    deafTo: ['max_age', 'claims'],
    freshSignIn: 'unavailable',
    namesIssuer: false,
    clientSecret: 'a-secret-that-google-wants-beside-pkce',
  },
  {
    name: 'Keycloak',
    claims: {
      sid: 'keycloak-session',
      acr: '1',
      groups: ['/platform-admins', '/security'],
      realm_access: { roles: ['admin'] },
    },
    amr: null,
    authTime: true,
    namesIssuer: true,
  },
];

/**
 * Providers whose accounts are only linked. What Slack and GitLab call things is in their documentation; that GitLab does not
 * authenticate anew when it is asked is taken for the worst that can be.
 */
export const LINK_SHAPES: readonly Shape[] = [
  {
    name: 'Slack',
    claims: {
      'https://slack.com/team_id': 'T0123ACME',
      'https://slack.com/user_id': 'U0123BO',
      email: 'ana.ribeiro@acme.example',
      email_verified: true,
      date_email_verified: 1_622_128_723,
      locale: 'en-US',
      name: 'Ana',
    },
    amr: null,
    authTime: true,
    namesIssuer: false,
    clientSecret: 'a-secret-that-slack-wants-beside-pkce',
  },
  {
    name: 'GitLab',
    claims: {
      sub_legacy: 'f2bd9e4c',
      name: 'Ana',
      nickname: 'ana',
      preferred_username: 'ana',
      email: 'ana.ribeiro@acme.example',
      email_verified: true,
      groups_direct: ['platform-admins'],
    },
    // More than it says: a second factor there must be none here.
    amr: ['mfa', 'otp'],
    authTime: true,
    namesIssuer: false,
    freshSignIn: 'unavailable',
    clientSecret: 'a-secret-of-gitlab',
  },
];

export interface ShapedProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly freshSignIn?: 'unavailable';
  close(): Promise<void>;
}

/** Where a provider tells of its logouts, and whether it names its session or the person alone. */
export interface BackChannelLogout {
  readonly uri: string;
  readonly session: boolean;
}

/** A real provider in one of the shapes; whoever is named in `login_hint` is signed in. RS256, as all four sign. */
export async function startShapedProvider(
  shape: Shape,
  redirect: string,
  logout?: BackChannelLogout,
): Promise<ShapedProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const secret = shape.clientSecret;
  const provider = new Provider(issuer, {
    adapter: createMemoryAdapters(),
    clients: [
      {
        client_id: 'curfew-client',
        redirect_uris: [redirect],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        require_auth_time: shape.authTime,
        ...(logout && {
          backchannel_logout_uri: logout.uri,
          backchannel_logout_session_required: logout.session,
        }),
        ...(secret === undefined
          ? { token_endpoint_auth_method: 'none' }
          : { token_endpoint_auth_method: 'client_secret_post', client_secret: secret }),
      },
    ],
    jwks: { keys: [{ ...key, kid: randomBytes(6).toString('hex'), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['x'], names: { session: 's_session', interaction: 's_interaction', resume: 's_resume' } },
    claims: { openid: ['sub', ...(shape.amr === null ? [] : ['amr']), ...Object.keys(shape.claims)] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: logout !== undefined } },
    // The library's own way of connecting refuses this machine.
    fetch: (url, options) =>
      fetch(url, Object.fromEntries(Object.entries(options ?? {}).filter(([name]) => name !== 'dispatcher'))),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...shape.claims }) }),
  });
  provider.use(async (ctx, next) => {
    await next();
    if (shape.namesIssuer) return;
    const body = ctx.body as Record<string, unknown> | undefined;
    if (ctx.path.endsWith('/openid-configuration')) delete body?.['authorization_response_iss_parameter_supported'];
    // Koa answers with nothing where its types promise a text.
    const location = String(ctx.response.get('location'));
    if (location.startsWith(redirect)) {
      const url = new URL(location);
      url.searchParams.delete('iss');
      ctx.set('location', url.href);
    }
  });
  const oidc = provider.callback();
  server.on('request', (request, response) => {
    request.headers.host = new URL(issuer).host;
    const url = new URL(request.url ?? '/', issuer);
    if (shape.freshSignIn === 'unavailable' && url.searchParams.get('prompt') === 'login')
      return void response.writeHead(400).end('Invalid parameter value for prompt');
    for (const name of shape.deafTo ?? []) url.searchParams.delete(name);
    request.url = `${url.pathname}${url.search}`;
    if (!url.pathname.startsWith('/interaction/')) return void oidc(request, response);
    void (async () => {
      const { params } = await provider.interactionDetails(request, response);
      const accountId = String(params['login_hint']);
      const grant = new provider.Grant({ accountId, clientId: 'curfew-client' });
      grant.addOIDCScope('openid profile email');
      await provider.interactionFinished(request, response, {
        login: { accountId, remember: false, ...(shape.amr === null ? {} : { amr: [...shape.amr] }) },
        consent: { grantId: await grant.save() },
      });
    })();
  });
  return {
    issuer,
    clientId: 'curfew-client',
    ...(secret === undefined ? {} : { clientSecret: secret }),
    ...(shape.freshSignIn === undefined ? {} : { freshSignIn: shape.freshSignIn }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
