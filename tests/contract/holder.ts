import { createHash, createPrivateKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import type { AwsCredential } from '../../src/providers/contract.ts';

/** What a machine does with a certificate: nothing of it is taken from the product. */

export interface HolderKey {
  /** PEM. */
  readonly publicKey: string;
  /** PEM. */
  readonly privateKey: string;
}

export function newHolderKey(kind: 'ec' | 'rsa' = 'ec'): HolderKey {
  const { publicKey, privateKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

export interface SessionWanted {
  readonly privateKey: string;
  readonly certificate: {
    readonly pem: string;
    readonly roleArn: string;
    readonly profileArn: string;
    readonly trustAnchorArn: string;
    readonly region: string;
  };
  readonly durationSeconds?: number;
  /** The holder's clock; milliseconds since the epoch. */
  readonly now?: number;
}

/** An answer of CreateSession that is no session. */
export class SessionRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'AccessDeniedException';
    this.status = status;
  }
}

/** CreateSession, signed with the key (Roles Anywhere user guide, "The signing process"). */
export async function createSession(endpoint: string, wanted: SessionWanted): Promise<AwsCredential> {
  const { certificate, durationSeconds = 3_600 } = wanted;
  const x509 = new X509Certificate(certificate.pem);
  const key = createPrivateKey(wanted.privateKey);
  const url = new URL('/sessions', endpoint);
  const body = JSON.stringify({
    durationSeconds,
    profileArn: certificate.profileArn,
    roleArn: certificate.roleArn,
    trustAnchorArn: certificate.trustAnchorArn,
  });
  const time = `${new Date(wanted.now ?? Date.now()).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    host: url.host,
    'x-amz-date': time,
    'x-amz-x509': x509.raw.toString('base64'),
  };
  const names = Object.keys(headers).sort();
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = [
    'POST',
    '/sessions',
    '',
    ...names.map((name) => `${name}:${headers[name] ?? ''}`),
    '',
    names.join(';'),
    hash(body),
  ];
  const scope = `${time.slice(0, 8)}/${certificate.region}/rolesanywhere/aws4_request`;
  const algorithm = `AWS4-X509-${key.asymmetricKeyType === 'rsa' ? 'RSA' : 'ECDSA'}-SHA256`;
  const text = [algorithm, time, scope, hash(canonical.join('\n'))].join('\n');
  const signature = sign('sha256', Buffer.from(text), key).toString('hex');
  const credential = `${BigInt(`0x${x509.serialNumber}`).toString()}/${scope}`;
  const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const { host: _own, ...sent } = headers;
  const answer = await fetch(url, { method: 'POST', headers: { ...sent, authorization }, body });
  const said = await answer.text();
  if (answer.status !== 201) throw new SessionRefused(answer.status, said);
  const { credentialSet } = JSON.parse(said) as { credentialSet: { credentials: Omit<AwsCredential, 'kind'> }[] };
  const [first] = credentialSet;
  if (first === undefined) throw new Error('no credentials');
  const { accessKeyId, secretAccessKey, sessionToken } = first.credentials;
  return { kind: 'aws', accessKeyId, secretAccessKey, sessionToken };
}
