import { randomUUID } from 'node:crypto';
import { header, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import type { AccessClaims, AccessTokens } from './access-token.ts';
import { EntraError } from './azure-error.ts';
import type { AzureSettings } from './azure-settings.ts';
import { checkClientAssertion } from './client-assertion.ts';
import { principal, type Principal, type Tenant } from './directory.ts';
import { isGuid, stableGuid } from './guid.ts';
import { entraRolesOf } from './memberships.ts';
import type { World } from './world.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Applications of Microsoft that every tenant has: what a token can be for. A storage account is one as well. */
const RESOURCES = [
  'https://management.azure.com',
  'https://management.core.windows.net',
  'https://graph.microsoft.com',
  'https://storage.azure.com',
];
const GRAPH = ['https://graph.microsoft.com', 'https://graph.microsoft.com/'];
const STORAGE_ACCOUNT = /^https:\/\/[a-z0-9]{3,24}\.blob\.core\.windows\.net$/;
/** What a client may send; the last two are MSAL's. */
const PARAMETERS = [
  'grant_type',
  'client_id',
  'client_assertion_type',
  'client_assertion',
  'client_secret',
  'scope',
  'resource',
  'client_info',
  'claims',
];

export type EntraPorts = {
  readonly world: World;
  readonly tokens: AccessTokens;
  readonly settings: () => AzureSettings;
  readonly now: () => number;
  /** The simulator's own address: the authority, and a name under which Resource Manager may be meant. */
  readonly url: () => string;
};

/** What is asked of the token service; `null` for an address that is none of its. */
export type EntraAction = {
  readonly action: 'metadata' | 'keys' | 'token';
  readonly tenant: string;
  readonly adfs: boolean;
};

const ADFS: Readonly<Record<string, EntraAction['action']>> = {
  '.well-known/openid-configuration': 'metadata',
  'discovery/keys': 'keys',
  'oauth2/token': 'token',
};
const ENTRA: Readonly<Record<string, EntraAction['action']>> = {
  'v2.0/.well-known/openid-configuration': 'metadata',
  'discovery/v2.0/keys': 'keys',
  'oauth2/v2.0/token': 'token',
};

/** Which of the token service's endpoints a path is. */
export function entraAction(path: string): EntraAction | null {
  const [, tenant = '', rest = ''] = /^\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const adfs = tenant.toLowerCase() === 'adfs';
  const action = (adfs ? ADFS : ENTRA)[rest];
  return action === undefined ? null : { action, tenant, adfs };
}

/** Answers for the token service. Throws `EntraError`. */
export async function answerEntra(ports: EntraPorts, asked: EntraAction, call: HttpCall): Promise<HttpAnswer> {
  const tenant = tenantOf(ports, asked);
  const authority = `${ports.url()}/${asked.adfs ? 'adfs' : tenant.id}`;
  if (asked.action === 'keys') return json({ keys: [{ ...ports.tokens.jwk, issuer: issuerOf(tenant) }] });
  if (asked.action === 'metadata') return json(metadata(authority, tenant, asked.adfs));
  if (call.method !== 'POST')
    throw new EntraError(
      400,
      'invalid_request',
      900561,
      `The endpoint only accepts POST requests. Received a ${call.method} request.`,
    );
  return issueToken(ports, tenant, readForm(call), asked.adfs);
}

/** ADFS serves one tenant: the one with test logins. */
function tenantOf(ports: EntraPorts, asked: EntraAction): Tenant {
  const tenant = asked.adfs
    ? (ports.world.tenants.find((one) => one.testLogins.length > 0) ?? null)
    : ports.world.tenant(asked.tenant);
  if (tenant !== null) return tenant;
  throw new EntraError(
    400,
    'invalid_request',
    90002,
    `Tenant '${asked.tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  );
}

/** The issuer of tokens of version 1.0, which Resource Manager and the storage services ask for. */
export const issuerOf = (tenant: Tenant): string => `https://sts.windows.net/${tenant.id}/`;

const metadata = (authority: string, tenant: Tenant, adfs: boolean): Readonly<Record<string, unknown>> => ({
  issuer: adfs ? authority : `${authority}/v2.0`,
  authorization_endpoint: `${authority}/oauth2/${adfs ? '' : 'v2.0/'}authorize`,
  token_endpoint: `${authority}/oauth2/${adfs ? '' : 'v2.0/'}token`,
  jwks_uri: `${authority}/discovery/${adfs ? '' : 'v2.0/'}keys`,
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
  response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  ...(adfs ? {} : { tenant_region_scope: 'EU', cloud_instance_name: 'microsoftonline.com', tenant_id: tenant.id }),
});

type Form = ReadonlyMap<string, string>;

function readForm(call: HttpCall): Form {
  const type = header(call, 'content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type))
    throw new EntraError(
      400,
      'invalid_request',
      9002313,
      'Invalid request. Request is malformed or invalid. The Content-Type must be application/x-www-form-urlencoded.',
    );
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(call.body.toString('utf8'))) {
    if (form.has(name))
      throw new EntraError(
        400,
        'invalid_request',
        9000411,
        `The request is not properly formatted. The parameter '${name}' is duplicated.`,
      );
    if (!PARAMETERS.includes(name))
      throw new EntraError(400, 'invalid_request', 90013, `This simulator has no parameter '${name}'.`);
    form.set(name, value);
  }
  return form;
}

function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value !== undefined && value !== '') return value;
  throw new EntraError(
    400,
    'invalid_request',
    900144,
    `The request body must contain the following parameter: '${name}'.`,
  );
}

async function issueToken(ports: EntraPorts, tenant: Tenant, form: Form, adfs: boolean): Promise<HttpAnswer> {
  const grant = required(form, 'grant_type');
  const clientId = required(form, 'client_id').toLowerCase();
  if (grant !== 'client_credentials')
    throw new EntraError(
      400,
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${grant}'.`,
    );
  const holder = await authenticate(ports, tenant, clientId, form);
  const resource = readResource(ports, form, adfs);
  const lifetimeMs = ports.world.draw(ports.settings().tokenLifetimeMs, ports.settings().seed);
  ports.world.save();
  const issuedAt = Math.floor(ports.now() / 1_000);
  const expiresIn = Math.floor(lifetimeMs / 1_000);
  const claims: AccessClaims = {
    aud: resource,
    iss: issuerOf(tenant),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + expiresIn,
    appid: clientId,
    appidacr: form.has('client_assertion') ? '2' : '1',
    idtyp: holder.type === 'User' ? 'user' : 'app',
    oid: holder.id,
    sub: holder.id,
    tid: tenant.id,
    uti: randomUUID().replaceAll('-', '').slice(0, 22),
    ver: '1.0',
    ...(holder.type === 'User'
      ? {
          upn: holder.name,
          amr: hasMfa(tenant, clientId) ? ['pwd', 'mfa'] : ['pwd'],
          wids: entraRolesOf(tenant, holder.id, ports.now()),
        }
      : GRAPH.includes(resource)
        ? { roles: tenant.applications.find((one) => one.appId === clientId)?.graphPermissions ?? [] }
        : {}),
  };
  return json({
    token_type: 'Bearer',
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    access_token: ports.tokens.issue(claims),
  });
}

const hasMfa = (tenant: Tenant, clientId: string): boolean =>
  tenant.testLogins.some((one) => one.clientId.toLowerCase() === clientId && one.mfa);

/** Who the token is for: an application by its assertion, or a person by a test login. */
async function authenticate(ports: EntraPorts, tenant: Tenant, clientId: string, form: Form): Promise<Principal> {
  const login = tenant.testLogins.find((one) => one.clientId.toLowerCase() === clientId);
  const application = tenant.applications.find((one) => one.appId === clientId);
  if (login === undefined && application === undefined)
    throw new EntraError(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${clientId}' was not found in the directory '${tenant.displayName}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
    );
  const assertion = form.get('client_assertion');
  const secret = form.get('client_secret');
  if (assertion === undefined && secret === undefined)
    throw new EntraError(
      401,
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  if (login !== undefined && assertion === undefined && secret === login.secret)
    return requireEnabled(principal(tenant, login.userId), clientId);
  if (application === undefined || assertion === undefined || secret !== undefined)
    throw new EntraError(
      401,
      'invalid_client',
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
    );
  const type = required(form, 'client_assertion_type');
  if (type !== JWT_BEARER)
    throw new EntraError(
      400,
      'invalid_request',
      7000217,
      `The value '${type}' of 'client_assertion_type' is not '${JWT_BEARER}'.`,
    );
  await checkClientAssertion(assertion, application, ports.world.issuers, ports.now());
  return requireEnabled(principal(tenant, application.servicePrincipalId), clientId);
}

function requireEnabled(found: Principal | null, clientId: string): Principal {
  if (found === null)
    throw new EntraError(
      401,
      'invalid_client',
      7000229,
      `The client application '${clientId}' is missing service principal in the tenant.`,
    );
  if (found.enabled) return found;
  if (found.type === 'User') throw new EntraError(400, 'invalid_grant', 50057, 'The user account is disabled.');
  throw new EntraError(401, 'unauthorized_client', 7000112, `Application '${clientId}' is disabled.`);
}

/** What the token is for. Its audience is the resource as it was asked for, a trailing slash with it. */
function readResource(ports: EntraPorts, form: Form, adfs: boolean): string {
  const asked = adfs && form.has('resource') ? `${required(form, 'resource')}/.default` : required(form, 'scope');
  const resource = asked.replace(/\/\.default$/, '');
  if (resource === asked)
    throw new EntraError(
      400,
      'invalid_scope',
      1002012,
      `The provided value for scope ${asked} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    );
  const bare = resource.replace(/\/$/, '');
  if (RESOURCES.includes(bare) || STORAGE_ACCOUNT.test(bare) || bare === ports.url()) return resource;
  throw new EntraError(
    400,
    'invalid_resource',
    500011,
    `The resource principal named ${resource} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  );
}

/** An error as the token endpoint spells it. The client's own id of the call comes back as the correlation id. */
export function entraError(error: EntraError, call: HttpCall, nowMs: number): HttpAnswer {
  const sent = header(call, 'client-request-id') ?? '';
  const correlation = isGuid(sent) ? sent : randomUUID();
  const trace = stableGuid('trace', randomUUID());
  const timestamp = `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const description = `AADSTS${error.number}: ${error.message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`;
  return json(
    {
      error: error.error,
      error_description: description,
      error_codes: [error.number],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${error.number}`,
    },
    error.status,
  );
}

const json = (value: unknown, status = 200): HttpAnswer => ({
  status,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store, no-cache',
    pragma: 'no-cache',
  },
  body: JSON.stringify(value),
});
