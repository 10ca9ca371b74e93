import { errors, interactionPolicy, type Adapter, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { parseId } from '../core/ids.ts';
import type { Clock } from '../platform/clock.ts';
import type { BaseUrl } from './base-url.ts';
import { cookieKind } from './cookies.ts';
import { deviceCodePage, deviceConfirmPage, deviceDonePage, errorPage, type DeviceForm } from './sign-in-pages.ts';
import type { IdentityKeys } from './keys.ts';
import type { People } from './people.ts';
import { signInId } from './sign-in-id.ts';
import type { TokenEpoch } from './token-epoch.ts';

/** The command line is the only client; it is public, so nothing about it is secret. */
export const CLI_CLIENT_ID = 'curfew-cli';
/** What the command line asks for: a refresh token, and the API. */
export const CLI_SCOPE = 'openid offline_access access';

/**
 * The class (`acr`) of a sign-in whose `auth_time` is what the company's provider said. In any other the library puts the time of its own
 * instead, which says nothing about when somebody showed who they are.
 */
export const DATED = 'dated';

/** Lifetimes in seconds. */
export const LIFETIMES = {
  accessToken: 600,
  /** Counted from the sign-in, whatever is refreshed in between. */
  signIn: 12 * 3_600,
  code: 60,
  deviceCode: 600,
  interaction: 900,
} as const;

/** Paths under the issuer where a browser or a client talks to the authorization server. */
export const OAUTH_ROUTES = {
  authorization: '/authorize',
  device: '/device',
  deviceAuthorization: '/device/code',
} as const;

interface Parts {
  readonly base: BaseUrl;
  readonly keys: IdentityKeys;
  readonly people: People;
  readonly adapter: (model: string) => Adapter;
  readonly clock: Clock;
  readonly epoch: TokenEpoch;
}

/** The rules of our authorization server. Everything that is not needed for the command line is switched off. */
export function oidcConfiguration({ base, keys, people, adapter, clock, epoch }: Parts): Configuration {
  return {
    adapter,
    clients: [cliClient()],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [...keys.signing] },
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    cookies: cookies(base, keys),
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
    pkce: { required: () => true },
    routes: {
      authorization: OAUTH_ROUTES.authorization,
      code_verification: OAUTH_ROUTES.device,
      device_authorization: OAUTH_ROUTES.deviceAuthorization,
    },
    features: features(base),
    interactions: { policy: alwaysSignIn(), url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
    // A browser keeps no session with us: the company's provider is asked each time, and its rules hold.
    expiresWithSession: () => false,
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: LIFETIMES.accessToken,
      AuthorizationCode: LIFETIMES.code,
      DeviceCode: LIFETIMES.deviceCode,
      IdToken: LIFETIMES.accessToken,
      Interaction: LIFETIMES.interaction,
      Session: LIFETIMES.interaction,
      Grant: LIFETIMES.signIn,
      // Rotation hands on what is left, so that refreshing for ever is no way to stay signed in.
      RefreshToken: (ctx) => ctx.oidc.entities.RotatedRefreshToken?.remainingTTL ?? LIFETIMES.signIn,
    },
    async findAccount(_ctx, subject) {
      const id = parseId('per', subject);
      const person = id === null ? null : await people.find(id);
      // Whoever has left gets no new token, however long the old refresh token would last.
      if (person === null || !person.active) return undefined;
      return {
        accountId: subject,
        claims: () => ({ sub: subject, name: person.name, preferred_username: person.key }),
      };
    },
    extraTokenClaims: (ctx) => signInClaims(ctx, clock, epoch),
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = errorPage(out.error_description ?? out.error);
    },
  };
}

function cliClient(): NonNullable<Configuration['clients']>[number] {
  return {
    client_id: CLI_CLIENT_ID,
    client_name: 'the curfew command',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    // Loopback with any port (RFC 8252, section 7.3); names like localhost can be made to point elsewhere.
    redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
  };
}

/**
 * What the library keeps in the browser. Whoever brings one of these is taken for whoever began the sign-in, so on https their names bind
 * them to exactly this host: another one below the same domain could plant its own, which are as well signed, and the victim would sign in
 * for somebody else's device. Such a name needs the path `/`, so a browser has one of each: of two sign-ins that it begins the later counts.
 */
function cookies(base: BaseUrl, keys: IdentityKeys): NonNullable<Configuration['cookies']> {
  const attributes = { httpOnly: true, sameSite: 'lax', signed: true, path: '/', secure: base.secure } as const;
  return {
    keys: [...keys.cookies],
    // Cookies ignore ports, and a demo runs two providers on one host: the names must be our own.
    names: {
      session: cookieKind(base, 'curfew_session').name,
      interaction: cookieKind(base, 'curfew_interaction').name,
      resume: cookieKind(base, 'curfew_resume').name,
    },
    long: attributes,
    short: attributes,
  };
}

function features(base: BaseUrl): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    deviceFlow: {
      enabled: true,
      charset: 'base-20',
      mask: '****-****',
      deviceInfo: () => ({}),
      userCodeInputSource: (ctx, _form, _out, error) => {
        ctx.body = deviceCodePage(formOf(ctx, ''), error === undefined ? null : complaint(error));
      },
      userCodeConfirmSource: (ctx, _form, client, _info, userCode) => {
        ctx.body = deviceConfirmPage(formOf(ctx, userCode), client.clientName ?? client.clientId);
      },
      successSource: (ctx) => {
        ctx.body = deviceDonePage();
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => base.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => {
        if (resource !== base.audience) throw new errors.InvalidTarget();
        return {
          audience: base.audience,
          scope: 'access',
          accessTokenFormat: 'jwt',
          accessTokenTTL: LIFETIMES.accessToken,
          jwt: { sign: { alg: 'ES256' } },
        };
      },
    },
  };
}

/** Asks the company's provider at every sign-in, also when an earlier one left a cookie behind. */
function alwaysSignIn(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check('fresh', 'the company provider is asked each time', (ctx) =>
        ctx.oidc.result?.login === undefined
          ? interactionPolicy.Check.REQUEST_PROMPT
          : interactionPolicy.Check.NO_NEED_TO_PROMPT,
      ),
    );
  return policy;
}

/** Facts of the sign-in that the access token carries; `access-tokens.ts` reads them. */
async function signInClaims(
  ctx: KoaContextWithOIDC,
  clock: Clock,
  epoch: TokenEpoch,
): Promise<Record<string, unknown>> {
  const { entities } = ctx.oidc;
  const source = entities.RotatedRefreshToken ?? entities.AuthorizationCode ?? entities.DeviceCode;
  const name = (await entities.Account?.claims('id_token', 'openid', {}, []))?.['preferred_username'];
  const left = entities.RotatedRefreshToken?.remainingTTL ?? LIFETIMES.signIn;
  return {
    preferred_username: name,
    auth_time: source?.acr === DATED ? source.authTime : undefined,
    amr: source?.amr,
    sign_in: source?.grantId === undefined ? undefined : signInId(source.grantId),
    epoch: await epoch.look(),
    sign_in_exp: Math.floor(clock.now() / 1_000) + left,
  };
}

function formOf(ctx: KoaContextWithOIDC, userCode: string): DeviceForm {
  const secret: unknown = ctx.oidc.session?.state?.['secret'];
  return { action: `/oauth${OAUTH_ROUTES.device}`, xsrf: typeof secret === 'string' ? secret : '', userCode };
}

function complaint(error: Error): string {
  if (error.name === 'AbortedError') return 'The sign-in was stopped. Nobody is signed in.';
  if ('userCode' in error || error.name === 'NoCodeError')
    return 'This code is not known, has ended, or was used. Check it, or start again where it is shown.';
  return 'This did not work. Start again where the code is shown.';
}
