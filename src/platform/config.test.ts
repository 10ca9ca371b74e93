import { expect, test } from 'vitest';
import { readConfig, type MailConfig } from './config.ts';

const SIGN_IN = {
  CURFEW_RULES_DIR: 'rules',
  CURFEW_OIDC_ISSUER: 'https://login.acme.example',
  CURFEW_OIDC_CLIENT_ID: 'curfew',
};

const mail = (settings: Record<string, string>): MailConfig | undefined =>
  readConfig({
    ...SIGN_IN,
    CURFEW_MAIL_FROM: 'curfew@acme.example',
    ...settings,
  }).mail;

test('what is known of fresh sign-ins is one of three words, the careful one by default', () => {
  const of = (text?: string) => readConfig({ ...SIGN_IN, ...(text && { CURFEW_OIDC_FRESH_SIGN_IN: text }) }).signIn;
  expect(of().freshSignIn).toBe('verified');
  for (const text of ['verified', 'trusted', 'unavailable']) expect(of(text).freshSignIn).toBe(text);
  expect(() => of('yes')).toThrow('CURFEW_OIDC_FRESH_SIGN_IN must be verified, trusted or unavailable.');
});

const NORTHWIND = {
  CURFEW_OIDC_FURTHER: 'north-wind',
  CURFEW_OIDC_NORTH_WIND_ISSUER: 'https://login.northwind.example',
  CURFEW_OIDC_NORTH_WIND_CLIENT_ID: 'curfew-there',
};

test('a further provider has settings of its own', () => {
  const of = (more: Record<string, string>) => readConfig({ ...SIGN_IN, ...more }).furtherSignIns;
  expect(of({})).toBeUndefined();
  const one = {
    name: 'north-wind',
    issuer: 'https://login.northwind.example',
    clientId: 'curfew-there',
    clientSecretFile: null,
    freshSignIn: 'verified',
    use: 'sign-in',
  };
  expect(of(NORTHWIND)).toEqual([{ ...one, title: 'north-wind' }]);
  const more = { CURFEW_OIDC_NORTH_WIND_TITLE: 'Northwind', CURFEW_OIDC_NORTH_WIND_FRESH_SIGN_IN: 'unavailable' };
  expect(of({ ...NORTHWIND, ...more })).toEqual([{ ...one, title: 'Northwind', freshSignIn: 'unavailable' }]);
  expect(of({ ...NORTHWIND, CURFEW_OIDC_NORTH_WIND_USE: 'link' })).toMatchObject([{ use: 'link' }]);
});

test.each([
  ['the name of the company’s own accounts', { CURFEW_OIDC_FURTHER: 'oidc' }, 'none of oidc, aws, azure, gcp'],
  ['the name of a cloud', { CURFEW_OIDC_FURTHER: 'azure' }, 'none of oidc, aws, azure, gcp'],
  ['a name twice', { CURFEW_OIDC_FURTHER: 'north-wind,north-wind' }, 'a name of its own'],
  ['a path', { CURFEW_OIDC_FURTHER: '../x' }, 'small letters'],
  ['the issuer of another', { CURFEW_OIDC_NORTH_WIND_ISSUER: SIGN_IN.CURFEW_OIDC_ISSUER }, 'is the issuer of another'],
  ['plain http', { CURFEW_OIDC_NORTH_WIND_ISSUER: 'http://login.northwind.example' }, 'must be https'],
  ['a use that is none', { CURFEW_OIDC_NORTH_WIND_USE: 'links' }, 'CURFEW_OIDC_NORTH_WIND_USE must be sign-in or link'],
  ['no client id', { CURFEW_OIDC_NORTH_WIND_CLIENT_ID: '' }, 'CURFEW_OIDC_NORTH_WIND_CLIENT_ID is not set'],
])('a further provider with %s is refused', (_name, changes, words) => {
  expect(() => readConfig({ ...SIGN_IN, ...NORTHWIND, ...changes })).toThrow(words);
});

test('without a mail server there is no mail', () => {
  expect(mail({})).toBeUndefined();
});

test.each([
  ['smtps://smtp.acme.example', 465, 'tls'],
  ['smtp://smtp.acme.example', 587, 'starttls'],
  ['smtp://127.0.0.1:2525', 2525, 'none'],
  ['smtp://[::1]:2525', 2525, 'none'],
  // A name that only begins like this machine's.
  ['smtp://localhost.acme.example:25', 25, 'starttls'],
])('%s: port %i, %s', (url, port, encryption) => {
  expect(mail({ CURFEW_SMTP_URL: url })).toMatchObject({ port, encryption, login: null });
});

test('the sender has a name and one address; the password lies in a file', () => {
  expect(
    mail({
      CURFEW_SMTP_URL: 'smtps://mailer%40acme.example@smtp.acme.example',
      CURFEW_SMTP_PASSWORD_FILE: '/run/secrets/smtp',
      CURFEW_MAIL_FROM: 'Access at Acme <access@acme.example>',
    }),
  ).toEqual({
    host: 'smtp.acme.example',
    port: 465,
    encryption: 'tls',
    login: { user: 'mailer@acme.example', passwordFile: '/run/secrets/smtp' },
    from: { name: 'Access at Acme', address: 'access@acme.example' },
  });
});

test.each([
  ['a password in the URL', { CURFEW_SMTP_URL: 'smtps://me:hunter2@smtp.acme.example' }],
  ['another protocol', { CURFEW_SMTP_URL: 'https://me:hunter2@smtp.acme.example' }],
  ['no URL', { CURFEW_SMTP_URL: 'smtp.acme.example hunter2' }],
  ['options of a library', { CURFEW_SMTP_URL: 'smtp://smtp.acme.example/?tls.rejectUnauthorized=hunter2' }],
  ['a user without a password file', { CURFEW_SMTP_URL: 'smtps://me@smtp.acme.example' }],
  ['two senders', { CURFEW_SMTP_URL: 'smtps://smtp.acme.example', CURFEW_MAIL_FROM: 'a@x.example, b@x.example' }],
  [
    'a header in the sender',
    { CURFEW_SMTP_URL: 'smtps://smtp.acme.example', CURFEW_MAIL_FROM: 'a\r\nBcc: all <a@x.example>' },
  ],
  ['no sender', { CURFEW_SMTP_URL: 'smtps://smtp.acme.example', CURFEW_MAIL_FROM: '' }],
])('%s is refused, and what was written is not repeated', (_, settings) => {
  expect(() => mail(settings as Record<string, string>)).toThrow(
    expect.objectContaining({ name: 'ConfigProblem', message: expect.not.stringContaining('hunter2') as string }),
  );
});

const AZURE_TENANT = '11111111-1111-4111-8111-111111111111';
const AZURE_CLIENT = '22222222-2222-4222-8222-222222222222';
const azure = (settings: Record<string, string>) => readConfig({ ...SIGN_IN, ...settings }).azure;

test('there is no Azure without a tenant, whatever the platform sets', () => {
  expect(azure({ AZURE_CLIENT_ID: AZURE_CLIENT, AZURE_FEDERATED_TOKEN_FILE: '/t', AZURE_CLIENT_SECRET: 's' })).toBe(
    undefined,
  );
});

test.each([
  [
    'a federated token, as AKS sets it',
    {
      AZURE_TENANT_ID: AZURE_TENANT,
      AZURE_CLIENT_ID: AZURE_CLIENT,
      AZURE_FEDERATED_TOKEN_FILE: '/var/run/secrets/azure/tokens/azure-identity-token',
      AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
      // A node has this one as well, and the token is narrower.
      IDENTITY_ENDPOINT: 'http://127.0.0.1:41/msi/token',
      IDENTITY_HEADER: 'h',
    },
    {
      authority: 'https://login.microsoftonline.com/',
      identity: {
        kind: 'federated',
        clientId: AZURE_CLIENT,
        tokenFile: '/var/run/secrets/azure/tokens/azure-identity-token',
      },
    },
  ],
  [
    'the managed identity of App Service',
    { IDENTITY_ENDPOINT: 'http://127.0.0.1:41/msi/token', IDENTITY_HEADER: 'h', AZURE_CLIENT_SECRET: '' },
    { identity: { kind: 'app-service', endpoint: 'http://127.0.0.1:41/msi/token', header: 'h', clientId: null } },
  ],
  [
    'the managed identity of a virtual machine',
    { AZURE_CLIENT_ID: AZURE_CLIENT },
    { identity: { kind: 'virtual-machine', clientId: AZURE_CLIENT } },
  ],
  [
    'another identity for Privileged Identity Management',
    { AZURE_CLIENT_ID: AZURE_CLIENT, CURFEW_AZURE_PIM_CLIENT_ID: AZURE_TENANT },
    { identity: { kind: 'virtual-machine', clientId: AZURE_CLIENT }, pimClientId: AZURE_TENANT },
  ],
])('the broker is to Entra what the platform gives it: %s', (_, settings, expected) => {
  expect(azure({ CURFEW_AZURE_TENANT: AZURE_TENANT, ...settings })).toEqual({ tenantId: AZURE_TENANT, ...expected });
});

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  ['a name for the tenant', { CURFEW_AZURE_TENANT: 'acme.example' }, 'az account show --query tenantId'],
  ['another tenant of the platform', { AZURE_TENANT_ID: AZURE_CLIENT }, 'another tenant'],
  ['a client id that is none', { AZURE_CLIENT_ID: 'curfew' }, 'AZURE_CLIENT_ID must be'],
  ['a client id for PIM that is none', { CURFEW_AZURE_PIM_CLIENT_ID: 'pim' }, 'CURFEW_AZURE_PIM_CLIENT_ID must be'],
  [
    'the same identity for PIM',
    { AZURE_CLIENT_ID: AZURE_CLIENT, CURFEW_AZURE_PIM_CLIENT_ID: AZURE_CLIENT },
    'must be another identity than AZURE_CLIENT_ID',
  ],
  ['a token file alone', { AZURE_FEDERATED_TOKEN_FILE: '/t' }, 'without AZURE_CLIENT_ID'],
  ...[
    'AZURE_CLIENT_SECRET',
    'AZURE_CLIENT_CERTIFICATE_PATH',
    'AZURE_CLIENT_CERTIFICATE_PASSWORD',
    'AZURE_PASSWORD',
  ].map((name) => [`a secret, ${name}`, { [name]: 'hunter2' }, `Curfew refuses to run with ${name}`] as const),
])('Azure with %s is refused, and what was written is not repeated', (_, settings, words) => {
  const wrong = (): unknown => azure({ CURFEW_AZURE_TENANT: AZURE_TENANT, ...settings });
  expect(wrong).toThrow(words);
  expect(wrong).toThrow(
    expect.objectContaining({ name: 'ConfigProblem', message: expect.not.stringContaining('hunter2') as string }),
  );
});
