import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAwsSimulator, type AwsSimulator } from '../../simulators/aws/server.ts';
import { createSession } from '../contract/holder.ts';

/**
 * The real `aws` command against the simulated Roles Anywhere, and certificates and revocation lists that OpenSSL made: nothing here has
 * passed through our own code before. Each test stands on the ones before it.
 */
const ACCOUNT = '444455556666';
const REGION = 'eu-west-1';
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/curfew/reader`;
type Json = Readonly<Record<string, unknown>>;

let simulator: AwsSimulator;
let folder: string;
let keys: Readonly<Record<string, string>>;
let trustAnchorArn = '';
let profileArn = '';
let crlId = '';

const has = (command: string): boolean => {
  try {
    execFileSync(command, [command === 'aws' ? '--version' : 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const path = (name: string): string => join(folder, name);
const openssl = (...words: readonly string[]): void =>
  void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });

function run(words: readonly string[], credentials: Readonly<Record<string, string>>) {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    AWS_ACCESS_KEY_ID: credentials['accessKeyId'],
    AWS_SECRET_ACCESS_KEY: credentials['secretAccessKey'],
    AWS_SESSION_TOKEN: credentials['sessionToken'],
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ENDPOINT_URL: simulator.url,
    AWS_MAX_ATTEMPTS: '1',
  };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile('aws', [...words, '--output', 'json'], { env, cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}

async function aws(...words: readonly string[]): Promise<Json> {
  const { code, stdout, stderr } = await run(words, keys);
  if (code !== 0) throw new Error(stderr);
  return (stdout === '' ? {} : JSON.parse(stdout)) as Json;
}

const session = (name: string) =>
  createSession(simulator.url, {
    privateKey: readFileSync(path(`${name}.key`), 'utf8'),
    certificate: {
      pem: readFileSync(path(`${name}.pem`), 'utf8'),
      ...{ roleArn: ROLE_ARN, profileArn, trustAnchorArn, region: REGION },
    },
  });

/** A certificate that OpenSSL makes of a new key. */
function certificate(name: string, extensions: string, ca = 'ca', key = 'rsa:2048'): void {
  writeFileSync(path(`${name}.ext`), extensions);
  openssl(
    'req',
    '-new',
    '-newkey',
    key,
    '-noenc',
    '-keyout',
    `${name}.key`,
    '-subj',
    `/CN=${name}`,
    '-out',
    `${name}.csr`,
  );
  openssl(
    ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-days', '1'],
    ...['-extfile', `${name}.ext`, '-sha256', '-out', `${name}.pem`],
  );
}

const LEAF = `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectAltName=URI:${ROLE_ARN}\n`;

function authority(name: string): void {
  openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-noenc', '-days', '2', '-subj', `/O=Acme/CN=${name}`],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', `${name}.key`, '-out', `${name}.pem`],
  );
}

function revocationList(serials: readonly string[]): string {
  const lines = serials.map((serial) => `R\t351231235959Z\t261121000000Z\t${serial}\tunknown\t/CN=x\n`);
  writeFileSync(path('index.txt'), lines.join(''));
  writeFileSync(path('crlnumber'), '01\n');
  writeFileSync(
    path('ca.cnf'),
    '[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=1\n',
  );
  openssl('ca', '-gencrl', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-out', 'list.pem');
  return 'fileb://list.pem';
}

const serialOf = (name: string): string =>
  execFileSync('openssl', ['x509', '-in', path(`${name}.pem`), '-noout', '-serial'], { encoding: 'utf8' })
    .trim()
    .replace('serial=', '');

describe.skipIf(!has('aws') || !has('openssl'))(
  'the simulated Roles Anywhere with aws and openssl (skipped where one is not on the PATH)',
  () => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'curfew-anywhere-'));
      const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
      const trust = (service: string, more: object = {}) => ({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: service },
            Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
            ...more,
          },
        ],
      });
      const Condition = { StringEquals: { 'aws:PrincipalTag/x509SAN/URI': ROLE_ARN } };
      const settings = { rolesAnywhereCallsPerSecond: 0 };
      simulator = await startAwsSimulator({
        port: 0,
        settings,
        world: {
          accounts: [
            {
              id: ACCOUNT,
              roles: [
                { name: 'admin', trustPolicy: trust('ec2.amazonaws.com'), inlinePolicies: { everything } },
                {
                  name: 'reader',
                  path: '/curfew/',
                  trustPolicy: trust('rolesanywhere.amazonaws.com', { Condition }),
                  inlinePolicies: { everything },
                },
              ],
              buckets: [{ name: 'invoices', objects: [{ key: '2026-10.csv', body: 'a;b\n' }] }],
            },
          ],
        },
      });
      const answer = await fetch(`${simulator.url}/_sim/session`, {
        method: 'POST',
        body: JSON.stringify({ roleArn: `arn:aws:iam::${ACCOUNT}:role/admin` }),
      });
      keys = (await answer.json()) as Record<string, string>;
      for (const name of ['ca', 'stranger']) authority(name);
      certificate('grt_rsa', LEAF);
      openssl('genpkey', '-genparam', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'p256.pem');
      certificate('grt_ec', LEAF, 'ca', 'ec:p256.pem');
      certificate('grt_stranger', LEAF, 'stranger');
      certificate('grt_signs', 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyEncipherment\n');
      certificate('grt_elsewhere', LEAF.replace('reader', 'other'));
      certificate('middle', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n');
      certificate('grt_deep', LEAF, 'middle');
    }, 60_000);

    afterAll(async () => {
      await simulator.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test('create-trust-anchor takes an authority, and no other certificate', async () => {
      const source = (name: string) =>
        JSON.stringify({
          sourceType: 'CERTIFICATE_BUNDLE',
          sourceData: { x509CertificateData: readFileSync(path(`${name}.pem`), 'utf8') },
        });
      const words = ['rolesanywhere', 'create-trust-anchor', '--name', 'curfew', '--enabled', '--source'];
      await expect(aws(...words, source('grt_rsa'))).rejects.toThrow(/ValidationException.*CA certificate/s);
      const made = (await aws(...words, source('ca')))['trustAnchor'] as Json;
      expect(made).toMatchObject({ name: 'curfew', enabled: true });
      trustAnchorArn = String(made['trustAnchorArn']);
      expect((await aws('rolesanywhere', 'list-trust-anchors'))['trustAnchors']).toHaveLength(1);
    });

    test('create-profile hands out roles of its own account alone', async () => {
      const words = ['rolesanywhere', 'create-profile', '--name', 'reader', '--enabled', '--role-arns'];
      await expect(aws(...words, 'arn:aws:iam::111122223333:role/reader')).rejects.toThrow(/ValidationException/);
      const made = (await aws(...words, ROLE_ARN))['profile'] as Json;
      expect(made).toMatchObject({ durationSeconds: 3_600, enabled: true, roleArns: [ROLE_ARN] });
      profileArn = String(made['profileArn']);
    });

    test.each(['grt_rsa', 'grt_ec'])('a session of %s reads what the role may read', async (name) => {
      const made = await session(name);
      const read = await run(['s3', 'cp', 's3://invoices/2026-10.csv', '-'], { ...made });
      expect([read.code, read.stdout]).toEqual([0, 'a;b\n']);
      const { stdout } = await run(['sts', 'get-caller-identity'], { ...made });
      // The session is named after the serial, as Roles Anywhere does.
      expect(stdout.toLowerCase()).toContain(serialOf(name).toLowerCase().replace(/^0+/, ''));
    });

    test.each([
      ['grt_stranger', /Untrusted certificate/],
      ['grt_signs', /Incorrect basic constraints, key usage/],
      ['grt_elsewhere', /trust policy does not allow sts:AssumeRole/],
      ['grt_deep', /Untrusted certificate/],
    ])('%s makes no session', async (name, why) => {
      await expect(session(name)).rejects.toThrow(why);
    });

    test('a key that is not the one of the certificate makes no session', async () => {
      const privateKey = readFileSync(path('grt_stranger.key'), 'utf8');
      const pem = readFileSync(path('grt_rsa.pem'), 'utf8');
      const certificate = { pem, roleArn: ROLE_ARN, profileArn, trustAnchorArn, region: REGION };
      await expect(createSession(simulator.url, { privateKey, certificate })).rejects.toThrow(
        /SignatureDoesNotMatch|InvalidSignature/,
      );
    });

    test('import-crl refuses the sessions of what is on it; another authority cannot write it', async () => {
      const saved = await session('grt_rsa');
      const words = [
        'rolesanywhere',
        'import-crl',
        '--name',
        'curfew',
        '--enabled',
        '--trust-anchor-arn',
        trustAnchorArn,
      ];
      writeFileSync(path('wrong.pem'), '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n');
      await expect(aws(...words, '--crl-data', 'fileb://wrong.pem')).rejects.toThrow(/not a valid PEM-encoded CRL/);
      const made = (await aws(...words, '--crl-data', revocationList([serialOf('grt_rsa')])))['crl'] as Json;
      crlId = String(made['crlId']);
      await expect(session('grt_rsa')).rejects.toThrow(/Certificate revoked/);
      await expect(session('grt_ec')).resolves.toBeDefined();
      // A list is looked at when a session is made, and never again: what was made before goes on.
      expect((await run(['s3', 'ls', 's3://invoices'], { ...saved })).code).toBe(0);
    });

    test('update-crl, disable-crl, enable-crl, list-crls and get-crl', async () => {
      const list = revocationList([serialOf('grt_rsa'), serialOf('grt_ec')]);
      await aws('rolesanywhere', 'update-crl', '--crl-id', crlId, '--crl-data', list);
      await expect(session('grt_ec')).rejects.toThrow(/Certificate revoked/);
      await aws('rolesanywhere', 'disable-crl', '--crl-id', crlId);
      await expect(session('grt_ec')).resolves.toBeDefined();
      await aws('rolesanywhere', 'enable-crl', '--crl-id', crlId);
      await expect(session('grt_ec')).rejects.toThrow(/Certificate revoked/);
      expect((await aws('rolesanywhere', 'list-crls'))['crls']).toMatchObject([
        { crlId, enabled: true, trustAnchorArn },
      ]);
      expect((await aws('rolesanywhere', 'get-crl', '--crl-id', crlId))['crl']).toMatchObject({ name: 'curfew' });
    });
  },
);
