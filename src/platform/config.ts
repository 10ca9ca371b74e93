import { resolve } from 'node:path';
import { PROVIDERS } from '../core/target.ts';
import { parseDuration } from '../core/time.ts';

/** Settings of a broker, read once at the start. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** What people and tokens call this broker: scheme, host and port, no slash at the end. */
  readonly baseUrl: string;
  /** PostgreSQL; `null` for the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Folder of roles, policies, guardrails, targets and the directory. */
  readonly rulesDir: string;
  /** A file of people that a sync job of the company writes; absent: all people stand beside the rules. */
  readonly directoryExport?: { readonly file: string; readonly staleAfterMs: number };
  readonly logLevel: string;
  /** The company's OpenID provider. */
  readonly signIn: SignInConfig;
  /** Further providers at which people have accounts; absent: there are none. */
  readonly furtherSignIns?: readonly FurtherSignInConfig[];
  readonly aws: AwsConfig | null;
  /** Absent: nothing on Azure can be asked for. */
  readonly azure?: AzureConfig;
  /** Absent: a device that holds a passkey proves nothing about itself. */
  readonly passkeys?: PasskeyConfig;
  /** How people are told by e-mail; absent: they are not. */
  readonly mail?: MailConfig;
  /** Addresses of proxies whose X-Forwarded-For is believed; nobody else's is. */
  readonly trustedProxies: readonly string[];
  /** Which halves of the program this process runs. Only the engine needs a cloud identity. */
  readonly role: 'all' | 'api' | 'engine';
}

/** An OpenID provider at which people sign in. */
export interface SignInConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecretFile: string | null;
  /** Absent: `verified`. */
  readonly freshSignIn?: FreshSignIn;
}

/** A further provider, of contractors perhaps. */
export interface FurtherSignInConfig extends SignInConfig {
  /** What the directory calls accounts there. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** Absent: `sign-in`. */
  readonly use?: AccountUse;
}

/**
 * What accounts at a further provider are for. `sign-in`: who has one signs in by it. `link`: it is known whose it is, by its owner's proof,
 * and it signs in nobody; those of a chat or a Git host are such.
 */
export const ACCOUNT_USES = ['sign-in', 'link'] as const;
export type AccountUse = (typeof ACCOUNT_USES)[number];

/**
 * What becomes of a sign-in that has to be fresh. `verified`: the provider is asked to authenticate anew, and its `auth_time` has to show
 * that it did. `trusted`: it is asked and says no time, and the operator vouches that it obeys. `unavailable`: it cannot be asked.
 */
export const FRESH_SIGN_INS = ['verified', 'trusted', 'unavailable'] as const;
export type FreshSignIn = (typeof FRESH_SIGN_INS)[number];

/** A device that holds a passkey has to prove what it is. */
export interface PasskeyConfig {
  /** Models that are taken (AAGUID, lower case); empty: all. */
  readonly aaguids: readonly string[];
  /** File with certificates of makers in PEM; `null`: those that come with the platforms. */
  readonly rootsFile: string | null;
}

export interface AwsConfig {
  readonly region: string;
  readonly externalId: string;
  /** Where leases are kept for the sweeper, and where it says that it ran. */
  readonly sweepBucket?: { readonly name: string; readonly region: string };
  /** File with the private key and the certificate of our own authority, in PEM; absent: no certificates are issued. */
  readonly authorityFile?: string;
  /** Where IAM Identity Center is administered; absent: nobody is given access by it. */
  readonly identityCenter?: { readonly account: string; readonly region: string; readonly instanceArn?: string };
}

export interface AzureConfig {
  /** The Entra tenant whose people are given access. */
  readonly tenantId: string;
  /** Where Microsoft issues tokens; absent: in its global cloud. */
  readonly authority?: string;
  /** Another application or managed identity of the broker's, for Privileged Identity Management alone. Absent: nothing is given by it. */
  readonly pimClientId?: string;
  /** What the broker is to Entra. There is no way to give it a secret. */
  readonly identity:
    | { readonly kind: 'federated'; readonly clientId: string; readonly tokenFile: string }
    | {
        readonly kind: 'app-service';
        readonly endpoint: string;
        readonly header: string;
        readonly clientId: string | null;
      }
    | { readonly kind: 'virtual-machine'; readonly clientId: string | null };
}

export interface MailConfig {
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte; `starttls`: nothing is said before the connection is encrypted; `none`: to this machine alone. */
  readonly encryption: 'tls' | 'starttls' | 'none';
  readonly login: { readonly user: string; readonly passwordFile: string } | null;
  readonly from: { readonly name: string; readonly address: string };
}

/** A setting that is missing or wrong; the message says which, and what to write. */
export class ConfigProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigProblem';
  }
}

/** What the directory calls accounts of something else. */
const RESERVED_ACCOUNTS: ReadonlySet<string> = new Set(['oidc', ...PROVIDERS]);

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings of `curfew serve`. Throws {@link ConfigProblem}. */
export function readConfig(env: Environment = process.env): Config {
  const host = env['CURFEW_HOST'] ?? '127.0.0.1';
  const port = readPort(env['CURFEW_PORT'] ?? '7420');
  const baseUrl = (env['CURFEW_BASE_URL'] ?? `http://localhost:${port}`).replace(/\/+$/, '');
  requireSecure('CURFEW_BASE_URL', baseUrl);
  const issuer = required(env, 'CURFEW_OIDC_ISSUER', 'the URL of your OpenID provider');
  requireSecure('CURFEW_OIDC_ISSUER', issuer);
  const role = env['CURFEW_ROLE'] ?? 'all';
  if (role !== 'all' && role !== 'api' && role !== 'engine')
    throw new ConfigProblem('CURFEW_ROLE must be all, api or engine.');
  const externalId = env['CURFEW_AWS_EXTERNAL_ID'];
  return {
    host,
    port,
    baseUrl,
    databaseUrl: env['DATABASE_URL'] ?? null,
    dataDir: resolve(env['CURFEW_DATA_DIR'] ?? '.curfew'),
    rulesDir: resolve(required(env, 'CURFEW_RULES_DIR', 'the folder of your roles and policies')),
    ...readDirectoryExport(env),
    logLevel: env['CURFEW_LOG_LEVEL'] ?? 'info',
    signIn: {
      issuer,
      clientId: required(env, 'CURFEW_OIDC_CLIENT_ID', 'the client id at your OpenID provider'),
      clientSecretFile: env['CURFEW_OIDC_CLIENT_SECRET_FILE'] ?? null,
      freshSignIn: readFreshSignIn(env, 'CURFEW_OIDC_FRESH_SIGN_IN'),
    },
    ...readFurtherSignIns(env, issuer),
    aws: externalId === undefined ? null : readAws(env, externalId),
    ...readAzure(env),
    ...readPasskeys(env),
    ...readMail(env),
    trustedProxies: (env['CURFEW_TRUSTED_PROXIES'] ?? '')
      .split(',')
      .flatMap((one) => (one.trim() === '' ? [] : [one.trim()])),
    role,
  };
}

/** The settings of a further provider begin with `CURFEW_OIDC_` and its name in capitals. */
function readFurtherSignIns(env: Environment, ownIssuer: string): Pick<Config, 'furtherSignIns'> {
  const names = (env['CURFEW_OIDC_FURTHER'] ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
  if (names.length === 0) return {};
  const issuers = new Set([ownIssuer]);
  const furtherSignIns = names.map((name, place) => {
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(name) || RESERVED_ACCOUNTS.has(name) || names.indexOf(name) !== place)
      throw new ConfigProblem(
        `"${name}" in CURFEW_OIDC_FURTHER must be a name of its own in small letters, and none of ${[...RESERVED_ACCOUNTS].join(', ')}.`,
      );
    const prefix = `CURFEW_OIDC_${name.toUpperCase().replaceAll('-', '_')}`;
    const issuer = required(env, `${prefix}_ISSUER`, `the URL of the provider "${name}"`);
    requireSecure(`${prefix}_ISSUER`, issuer);
    if (issuers.has(issuer)) throw new ConfigProblem(`${prefix}_ISSUER is the issuer of another provider.`);
    issuers.add(issuer);
    return {
      name,
      title: env[`${prefix}_TITLE`] ?? name,
      issuer,
      clientId: required(env, `${prefix}_CLIENT_ID`, `the client id at the provider "${name}"`),
      clientSecretFile: env[`${prefix}_CLIENT_SECRET_FILE`] ?? null,
      freshSignIn: readFreshSignIn(env, `${prefix}_FRESH_SIGN_IN`),
      use: readUse(env, `${prefix}_USE`),
    };
  });
  return { furtherSignIns };
}

function readUse(env: Environment, name: string): AccountUse {
  const text = env[name] ?? 'sign-in';
  const found = ACCOUNT_USES.find((one) => one === text);
  if (found === undefined) throw new ConfigProblem(`${name} must be sign-in or link.`);
  return found;
}

function readFreshSignIn(env: Environment, name: string): FreshSignIn {
  const text = env[name] ?? 'verified';
  const found = FRESH_SIGN_INS.find((one) => one === text);
  if (found === undefined) throw new ConfigProblem(`${name} must be verified, trusted or unavailable.`);
  return found;
}

function readPasskeys(env: Environment): Pick<Config, 'passkeys'> {
  const attestation = env['CURFEW_PASSKEY_ATTESTATION'] ?? 'none';
  const rootsFile = env['CURFEW_PASSKEY_ROOTS_FILE'] ?? '';
  const aaguids = (env['CURFEW_PASSKEY_AAGUIDS'] ?? '')
    .split(',')
    .flatMap((one) => (one.trim() === '' ? [] : [one.trim().toLowerCase()]));
  if (attestation !== 'none' && attestation !== 'required')
    throw new ConfigProblem('CURFEW_PASSKEY_ATTESTATION must be none or required.');
  if (attestation === 'none' && (aaguids.length > 0 || rootsFile !== ''))
    throw new ConfigProblem(
      'CURFEW_PASSKEY_AAGUIDS and CURFEW_PASSKEY_ROOTS_FILE have no effect without CURFEW_PASSKEY_ATTESTATION=required.',
    );
  const wrong = aaguids.find((one) => !GUID.test(one));
  if (wrong !== undefined)
    throw new ConfigProblem(`"${wrong}" in CURFEW_PASSKEY_AAGUIDS is not an AAGUID; it looks like a UUID.`);
  if (attestation === 'none') return {};
  return { passkeys: { aaguids, rootsFile: rootsFile === '' ? null : resolve(rootsFile) } };
}

function readDirectoryExport(env: Environment): Pick<Config, 'directoryExport'> {
  const file = env['CURFEW_DIRECTORY_EXPORT'];
  if (file === undefined || file === '') return {};
  const staleAfterMs = parseDuration(env['CURFEW_DIRECTORY_STALE_AFTER'] ?? '1d');
  if (staleAfterMs === null || staleAfterMs <= 0)
    throw new ConfigProblem('CURFEW_DIRECTORY_STALE_AFTER must be a duration, such as 4h or 1d.');
  return { directoryExport: { file: resolve(file), staleAfterMs } };
}

function readAws(env: Environment, externalId: string): AwsConfig {
  const region = env['AWS_REGION'] ?? 'us-east-1';
  const name = env['CURFEW_SWEEP_BUCKET'];
  const file = env['CURFEW_AWS_CA_FILE'];
  const center = {
    ...readIdentityCenter(env, region),
    ...(file === undefined || file === '' ? {} : { authorityFile: resolve(file) }),
  };
  if (name === undefined) return { region, externalId, ...center };
  return { region, externalId, ...center, sweepBucket: { name, region: env['CURFEW_SWEEP_BUCKET_REGION'] ?? region } };
}

function readIdentityCenter(env: Environment, region: string): Pick<AwsConfig, 'identityCenter'> {
  const account = env['CURFEW_AWS_IDENTITY_CENTER'];
  if (account === undefined || account === '') return {};
  if (!/^\d{12}$/.test(account))
    throw new ConfigProblem(
      'CURFEW_AWS_IDENTITY_CENTER must be the 12-digit id of the management account or of the delegated administrator.',
    );
  const instanceArn = env['CURFEW_AWS_IDENTITY_CENTER_INSTANCE'];
  const where = { account, region: env['CURFEW_AWS_IDENTITY_CENTER_REGION'] ?? region };
  return { identityCenter: instanceArn === undefined || instanceArn === '' ? where : { ...where, instanceArn } };
}

/** Names by which Azure's libraries are given what never expires, or a person's password. */
const AZURE_SECRETS = [
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PATH',
  'AZURE_CLIENT_CERTIFICATE_PASSWORD',
  'AZURE_USERNAME',
  'AZURE_PASSWORD',
] as const;

/** What is known of Azure, and as whom. Throws {@link ConfigProblem}. */
export function readAzure(env: Environment): Pick<Config, 'azure'> {
  const of = (name: string): string | null => (env[name] === '' ? null : (env[name] ?? null));
  const tenantId = of('CURFEW_AZURE_TENANT');
  if (tenantId === null) return {};
  if (!GUID.test(tenantId))
    throw new ConfigProblem(
      'CURFEW_AZURE_TENANT must be the id of your Entra tenant: az account show --query tenantId -o tsv',
    );
  const secret = AZURE_SECRETS.find((name) => of(name) !== null);
  if (secret !== undefined)
    throw new ConfigProblem(
      `Curfew refuses to run with ${secret}: what never expires can be stolen. Give it a federated credential (AZURE_FEDERATED_TOKEN_FILE ` +
        `with AZURE_CLIENT_ID) or a managed identity instead, and remove ${secret}.`,
    );
  const other = of('AZURE_TENANT_ID');
  if (other !== null && other.toLowerCase() !== tenantId.toLowerCase())
    throw new ConfigProblem('AZURE_TENANT_ID is another tenant than CURFEW_AZURE_TENANT.');
  const authority = of('AZURE_AUTHORITY_HOST');
  const identity = readAzureIdentity(of);
  const azure = { tenantId: tenantId.toLowerCase(), identity, ...readPimClient(of, identity.clientId) };
  return { azure: authority === null ? azure : { ...azure, authority } };
}

function readPimClient(of: (name: string) => string | null, own: string | null): Pick<AzureConfig, 'pimClientId'> {
  const pimClientId = of('CURFEW_AZURE_PIM_CLIENT_ID');
  if (pimClientId === null) return {};
  if (!GUID.test(pimClientId))
    throw new ConfigProblem(
      'CURFEW_AZURE_PIM_CLIENT_ID must be the client id of an application or of a managed identity.',
    );
  if (pimClientId.toLowerCase() === own?.toLowerCase())
    throw new ConfigProblem(
      'CURFEW_AZURE_PIM_CLIENT_ID must be another identity than AZURE_CLIENT_ID: no condition can limit what it may assign.',
    );
  return { pimClientId };
}

function readAzureIdentity(of: (name: string) => string | null): AzureConfig['identity'] {
  const [clientId, tokenFile] = [of('AZURE_CLIENT_ID'), of('AZURE_FEDERATED_TOKEN_FILE')];
  if (clientId !== null && !GUID.test(clientId))
    throw new ConfigProblem('AZURE_CLIENT_ID must be the client id of an application or of a managed identity.');
  if (tokenFile !== null && clientId === null)
    throw new ConfigProblem('AZURE_FEDERATED_TOKEN_FILE is good for nothing without AZURE_CLIENT_ID.');
  if (tokenFile !== null && clientId !== null) return { kind: 'federated', clientId, tokenFile: resolve(tokenFile) };
  const [endpoint, header] = [of('IDENTITY_ENDPOINT'), of('IDENTITY_HEADER')];
  if (endpoint === null || header === null) return { kind: 'virtual-machine', clientId };
  return { kind: 'app-service', endpoint, header, clientId };
}

const SMTP_HINT = 'CURFEW_SMTP_URL must be smtps://user@host:465 or smtp://user@host:587';

/** The URL is never repeated in a message: somebody may have put a password into it. */
function readMail(env: Environment): Pick<Config, 'mail'> {
  const text = env['CURFEW_SMTP_URL'];
  if (text === undefined || text === '') return {};
  const url = URL.parse(text);
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '')
    throw new ConfigProblem(`${SMTP_HINT}.`);
  if (url.password !== '')
    throw new ConfigProblem(
      `${SMTP_HINT}, without a password: write that into a file, named by CURFEW_SMTP_PASSWORD_FILE.`,
    );
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw new ConfigProblem(`${SMTP_HINT}, with nothing behind the port.`);
  const passwordFile = env['CURFEW_SMTP_PASSWORD_FILE'] ?? '';
  if ((url.username === '') !== (passwordFile === ''))
    throw new ConfigProblem('A user in CURFEW_SMTP_URL and CURFEW_SMTP_PASSWORD_FILE belong together.');
  const secure = url.protocol === 'smtps:';
  const mail: MailConfig = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    encryption: secure ? 'tls' : LOOPBACK.includes(url.hostname) ? 'none' : 'starttls',
    login: url.username === '' ? null : { user: decodeURIComponent(url.username), passwordFile: resolve(passwordFile) },
    from: readFrom(required(env, 'CURFEW_MAIL_FROM', 'the sender of e-mail, like "Curfew <curfew@acme.example>"')),
  };
  return { mail };
}

function readFrom(text: string): MailConfig['from'] {
  const [, name = '', bracketed, bare] = /^(?:([^<>"\p{Cc}]*)<([^<>]+)>|([^<>]+))$/u.exec(text.trim()) ?? [];
  const address = (bracketed ?? bare ?? '').trim();
  if (!/^[^\s@<>()[\]\\,;:"\p{Cc}]+@[^\s@<>()[\]\\,;:"\p{Cc}]+$/u.test(address))
    throw new ConfigProblem('CURFEW_MAIL_FROM must be one address, like "Curfew <curfew@acme.example>".');
  return { name: name.trim() === '' ? 'Curfew' : name.trim(), address };
}

/** Reads a port number. Throws {@link ConfigProblem}. */
export function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new ConfigProblem(`"${text}" is not a port; write a number from 1 to 65535.`);
  return port;
}

function required(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new ConfigProblem(`${name} is not set. It must name ${what}.`);
  return value;
}

/** Plain http would hand tokens to the network; it is allowed to this machine alone. */
function requireSecure(name: string, text: string): void {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ConfigProblem(`${name} is not a URL: ${text}`);
  }
  const loopback = LOOPBACK.includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new ConfigProblem(`${name} must be https (plain http is only for localhost).`);
  }
}
