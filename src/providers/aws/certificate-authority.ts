import '../../platform/reflect-metadata.ts';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  webcrypto,
  X509Certificate as NodeCertificate,
} from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { instant, type Instant } from '../../core/time.ts';
import { ProviderFault } from '../contract.ts';
import { AuthorityProblem, serialOf } from './certificate-serial.ts';

/** Our own authority, which an account registers as a trust anchor. Its key signs in this process and never leaves it. */
export interface CertificateAuthority {
  /** The authority's certificate in PEM: what a trust anchor holds. No secret. */
  readonly certificate: string;
  readonly notAfter: Instant;
  /** Issues a certificate of a holder's key. Throws a fault `invalid` for what is no key that AWS would take. */
  issue(wanted: CertificateWanted): Promise<IssuedCertificate>;
  /** A signed list of revoked serials in PEM. */
  revocationList(revoked: ReadonlyMap<string, Instant>, now: Instant): Promise<string>;
  /** Serials and times of a list of ours. `null`: it is not ours, or cannot be read. */
  readList(pem: string): Promise<ReadonlyMap<string, Instant> | null>;
}

export interface CertificateWanted {
  /** Public key or PKCS #10 request of the holder, in PEM. */
  readonly holderKey: string;
  /** Becomes the common name, and so the source identity of every session. */
  readonly grant: string;
  /** Becomes the URI of the subject's alternative name: the one role that the certificate is for. */
  readonly roleArn: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
}

export interface IssuedCertificate {
  readonly pem: string;
  readonly serial: string;
  /** SHA-256 over the grant and the holder's public key, hex. With the expiry it says the serial: see {@link serialOf}. */
  readonly fingerprint: string;
}

/** What a certificate is for; AWS asks for digitalSignature in a leaf, and for keyCertSign and cRLSign in an authority. */
const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags;

/** Opens an authority from the text of a file with its private key and its certificate in PEM. Throws {@link AuthorityProblem}. */
export async function openAuthority(pem: string, now: Instant): Promise<CertificateAuthority> {
  const { certificate, privateKey, algorithm } = await readAuthority(pem, now);
  const notAfter = instant(certificate.notAfter.getTime());

  return {
    certificate: `${certificate.toString('pem')}\n`,
    notAfter,
    async issue({ holderKey, grant, roleArn, notBefore, notAfter: until }) {
      const publicKey = await readHolderKey(holderKey);
      const fingerprint = createHash('sha256').update(`${grant}\n`).update(publicKey).digest('hex');
      const serial = serialOf(fingerprint, until);
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: serial,
        subject: [{ CN: [grant] }],
        issuer: certificate.subjectName,
        notBefore: new Date(notBefore),
        notAfter: new Date(until),
        publicKey: new x509.PublicKey(publicKey),
        signingKey: privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
          new x509.SubjectAlternativeNameExtension([{ type: 'url', value: roleArn }]),
          await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey),
        ],
      });
      return { pem: `${issued.toString('pem')}\n`, serial, fingerprint };
    },
    async revocationList(revoked, at) {
      const list = await x509.X509CrlGenerator.create({
        issuer: certificate.subjectName,
        thisUpdate: new Date(at),
        nextUpdate: new Date(notAfter),
        entries: [...revoked].map(([serialNumber, since]) => ({ serialNumber, revocationDate: new Date(since) })),
        signingKey: privateKey,
        signingAlgorithm: algorithm,
      });
      return crlPem(Buffer.from(list.rawData));
    },
    async readList(text) {
      try {
        const list = new x509.X509Crl(crlBytes(text));
        if (!(await list.verify({ publicKey: certificate }))) return null;
        return new Map(
          list.entries.map((one) => [one.serialNumber.toLowerCase(), instant(one.revocationDate.getTime())]),
        );
      } catch {
        return null;
      }
    },
  };
}

/** The library writes another label than the one of RFC 7468, which is the one that AWS and OpenSSL know. */
function crlPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN X509 CRL-----', ...lines, '-----END X509 CRL-----', ''].join('\n');
}

function crlBytes(pem: string): Buffer {
  const [, body = ''] = /-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/.exec(pem) ?? [];
  return Buffer.from(body, 'base64');
}

async function readAuthority(pem: string, now: Instant) {
  const wrong = (why: string) =>
    new AuthorityProblem(
      `The file of the certificate authority ${why}. See docs/providers/aws.md for the command that makes one.`,
    );
  let read: { key: ReturnType<typeof createPrivateKey>; node: NodeCertificate; certificate: x509.X509Certificate };
  try {
    const node = new NodeCertificate(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0] ?? '');
    read = { key: createPrivateKey(pem), node, certificate: new x509.X509Certificate(node.raw) };
  } catch {
    // What the parser says may quote the key.
    throw wrong('needs a private key and a certificate in PEM, the key without a passphrase');
  }
  const { key, node, certificate } = read;
  if (!node.checkPrivateKey(key)) throw wrong('has a key and a certificate that do not belong together');
  const usages = certificate.getExtension(x509.KeyUsagesExtension)?.usages ?? 0;
  if (!node.ca || (usages & keyCertSign) === 0 || (usages & cRLSign) === 0)
    throw wrong(
      'has a certificate that may not sign certificates and revocation lists (CA:TRUE, keyCertSign, cRLSign)',
    );
  if (now >= certificate.notAfter.getTime())
    throw wrong(`has a certificate that expired at ${certificate.notAfter.toISOString()}`);
  const curve = { prime256v1: 'P-256', secp384r1: 'P-384' }[key.asymmetricKeyDetails?.namedCurve ?? ''];
  const strongRsa = key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048;
  if (curve === undefined && !strongRsa)
    throw wrong('has a key that is neither P-256, P-384 nor RSA of at least 2048 bits');
  const algorithm =
    curve === undefined
      ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
      : { name: 'ECDSA', namedCurve: curve, hash: 'SHA-256' };
  const bytes = key.export({ format: 'der', type: 'pkcs8' });
  // Not extractable: nothing that gets hold of this object can write the key anywhere.
  const privateKey = await webcrypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']);
  return { certificate, privateKey, algorithm };
}

/** The holder's public key as SubjectPublicKeyInfo (RFC 5280), from a key or a request. */
async function readHolderKey(pem: string): Promise<Buffer> {
  const wrong = (why: string) => new ProviderFault('invalid', `The holder's key ${why}.`);
  if (/PRIVATE KEY/.test(pem))
    throw wrong(
      'is a private key, which must never leave its machine: replace it, and send the public key or a request (openssl req -new)',
    );
  let key: ReturnType<typeof createPublicKey>;
  try {
    if (/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(pem)) {
      const request = new x509.Pkcs10CertificateRequest(pem);
      if (!(await request.verify())) throw new Error('signature');
      key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    } else key = createPublicKey({ key: pem, format: 'pem', type: 'spki' });
  } catch {
    throw wrong('is neither a public key nor a sound certificate request in PEM');
  }
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const good =
    (key.asymmetricKeyType === 'ec' && ['prime256v1', 'secp384r1', 'secp521r1'].includes(namedCurve)) ||
    (key.asymmetricKeyType === 'rsa' && modulusLength >= 2_048 && modulusLength <= 4_096);
  if (!good) throw wrong('is neither P-256, P-384, P-521 nor RSA of 2048 to 4096 bits');
  return key.export({ format: 'der', type: 'spki' });
}
