import { createHash, createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { Failure } from '../failure.ts';
import type { Answer, Http } from '../http.ts';
import { fields, isFields, list, parseJson, text } from '../wire.ts';

/** A certificate as the server hands it out, with what CreateSession has to be told. No secret. */
export interface HeldCertificate {
  readonly grant: string;
  readonly grantEndsAt: string;
  /** PEM. */
  readonly certificate: string;
  readonly roleArn: string;
  readonly profileArn: string;
  readonly trustAnchorArn: string;
  readonly region: string;
  /** Where CreateSession is called; `null`: AWS's own place in the region. */
  readonly endpoint: string | null;
  readonly expiresAt: string;
}

export interface MadeSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: string;
}

/** AWS issues no session shorter or longer than these (user guide of Roles Anywhere; Curfew's roles last an hour at most). */
const SHORTEST_S = 900;
const LONGEST_S = 3_600;

/**
 * Makes a session with the key of a certificate (CreateSession of IAM Roles Anywhere). The request is signed with the key itself, so the key
 * goes nowhere. A machine whose clock is wrong is told AWS's time by the refusal, and asks once more.
 */
export async function createSession(
  http: Http,
  held: HeldCertificate,
  privateKey: string,
  now: number,
): Promise<MadeSession> {
  let answer = await ask(http, held, privateKey, now);
  if (answer.status === 403 && /Signature (expired|not yet current)/.test(answer.body)) {
    const cloudNow = Date.parse(answer.headers.date ?? '');
    if (!Number.isNaN(cloudNow)) answer = await ask(http, held, privateKey, cloudNow);
  }
  if (answer.status !== 201) throw refusal(answer);
  const said = parseJson(answer.body);
  const [first] = isFields(said) ? list(said, 'credentialSet', (one) => fields(one['credentials'], 'credentials')) : [];
  if (first === undefined) throw new Failure('AWS answered without credentials.', { code: 'unexpected-answer' });
  return {
    accessKeyId: text(first, 'accessKeyId'),
    secretAccessKey: text(first, 'secretAccessKey'),
    sessionToken: text(first, 'sessionToken'),
    expiration: text(first, 'expiration'),
  };
}

function refusal({ status, body }: Answer): Failure {
  const said = parseJson(body);
  const why = isFields(said) && typeof said['message'] === 'string' ? said['message'] : `it answered ${status}`;
  return new Failure(`AWS made no session: ${why}`, { code: status === 403 ? 'session-refused' : 'session-failed' });
}

async function ask(http: Http, held: HeldCertificate, privateKey: string, now: number): Promise<Answer> {
  const url = new URL('/sessions', held.endpoint ?? endpointOf(held.region));
  const leftS = Math.ceil((Date.parse(held.expiresAt) - now) / 1_000);
  const body = JSON.stringify({
    durationSeconds: Math.min(LONGEST_S, Math.max(SHORTEST_S, leftS)),
    profileArn: held.profileArn,
    roleArn: held.roleArn,
    trustAnchorArn: held.trustAnchorArn,
  });
  const headers = signedHeaders(held, privateKey, { host: url.host, body, now });
  return http.send(url.href, { method: 'POST', headers, body, timeoutMs: 10_000 });
}

/** China has endpoints of its own. */
function endpointOf(region: string): string {
  return `https://rolesanywhere.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** Roles Anywhere user guide, "The signing process": SigV4 with the certificate in a header, and the key in place of a derived secret. */
function signedHeaders(
  { certificate, region }: HeldCertificate,
  privateKey: string,
  request: { readonly host: string; readonly body: string; readonly now: number },
): Record<string, string> {
  const x509 = new X509Certificate(certificate);
  const key = createPrivateKey(privateKey);
  const time = `${new Date(request.now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    host: request.host,
    'x-amz-date': time,
    'x-amz-x509': x509.raw.toString('base64'),
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name] ?? ''}`);
  const canonical = ['POST', '/sessions', '', ...lines, '', names.join(';'), sha256(request.body)].join('\n');
  const scope = `${time.slice(0, 8)}/${region}/rolesanywhere/aws4_request`;
  const algorithm = `AWS4-X509-${key.asymmetricKeyType === 'rsa' ? 'RSA' : 'ECDSA'}-SHA256`;
  const signature = sign('sha256', Buffer.from([algorithm, time, scope, sha256(canonical)].join('\n')), key);
  const credential = `${BigInt(`0x${x509.serialNumber}`).toString()}/${scope}`;
  const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature.toString('hex')}`;
  return { ...headers, authorization };
}

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');
