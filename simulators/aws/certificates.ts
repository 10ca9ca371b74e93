import { verify, X509Certificate } from 'node:crypto';
import { integerHex, oidOf, readDer, TAG, timeOf, type DerValue } from './der.ts';

/** What Roles Anywhere looks at in a certificate. Read by Node and by our own reader of DER: nothing is shared with what made it. */
export type Certificate = {
  readonly x509: X509Certificate;
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  readonly version: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly signatureAlgorithm: string;
  readonly ca: boolean;
  /** Whether the key usage extension is there and has the bit. */
  readonly mayDigitallySign: boolean;
  readonly maySignCertificates: boolean;
  /** Session tags: `x509Subject/CN`, `x509Issuer/O`, `x509SAN/URI`. The first value of each counts. */
  readonly tags: Readonly<Record<string, string>>;
  readonly commonName: string | null;
};

const NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'SN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};
const KEY_USAGE = '2.5.29.15';
const ALTERNATIVE_NAME = '2.5.29.17';

/** Signature algorithms with SHA-256 or better, by object identifier. */
const STRONG = new Set([
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
]);

export const isStrong = ({ signatureAlgorithm }: { readonly signatureAlgorithm: string }): boolean =>
  STRONG.has(signatureAlgorithm);

/** Throws an Error for what is no X.509 certificate of version 3. */
export function readCertificate(der: Buffer): Certificate {
  const x509 = new X509Certificate(der);
  const { children } = readDer(der);
  const fields = children[0]?.children ?? [];
  const explicit = fields[0]?.tag === 0xa0;
  const [serial, , issuer, validity, subject] = explicit ? fields.slice(1) : fields;
  const extensions = new Map<string, DerValue>();
  for (const one of fields.find(({ tag }) => tag === 0xa3)?.children[0]?.children ?? []) {
    const value = one.children.at(-1);
    if (value?.tag === TAG.octets) extensions.set(oidOf(one.children[0]), readDer(value.content));
  }
  const usage = extensions.get(KEY_USAGE)?.content ?? Buffer.of(0, 0);
  const subjectNames = namesOf('x509Subject', subject);
  return {
    x509,
    serial: integerHex(serial),
    version: explicit ? (fields[0]?.children[0]?.content[0] ?? 0) + 1 : 1,
    notBefore: timeOf(validity?.children[0]),
    notAfter: timeOf(validity?.children[1]),
    signatureAlgorithm: oidOf(children[1]?.children[0]),
    ca: x509.ca,
    mayDigitallySign: ((usage[1] ?? 0) & 0x80) !== 0,
    maySignCertificates: ((usage[1] ?? 0) & 0x04) !== 0,
    tags: { ...subjectNames, ...namesOf('x509Issuer', issuer), ...alternativeNames(extensions.get(ALTERNATIVE_NAME)) },
    commonName: subjectNames['x509Subject/CN'] ?? null,
  };
}

/** The certificates of a PEM bundle. Throws an Error when there is none. */
export function readBundle(pem: string): Certificate[] {
  const found = pemBlocks(pem, 'CERTIFICATE').map(readCertificate);
  if (found.length === 0) throw new Error('no certificate');
  return found;
}

/** A certificate revocation list, as far as it is used: who is revoked, and whether a key signed it. */
export type RevocationList = {
  readonly serials: ReadonlySet<string>;
  readonly nextUpdate: number | null;
  signedBy(certificate: Certificate): boolean;
};

/** Throws an Error for what is no list in PEM. */
export function readRevocationList(pem: string): RevocationList {
  const [der] = pemBlocks(pem, 'X509 CRL');
  if (der === undefined) throw new Error('no revocation list');
  const [tbs, algorithm, signature] = readDer(der).children;
  if (tbs === undefined || !STRONG.has(oidOf(algorithm?.children[0])) || signature?.tag !== TAG.bits)
    throw new Error('not a revocation list');
  const times = tbs.children.filter(({ tag }) => tag === TAG.utcTime || tag === TAG.generalizedTime);
  const lastTime = times.at(-1);
  const after = lastTime === undefined ? -1 : tbs.children.indexOf(lastTime);
  const revoked = tbs.children[after + 1];
  const entries = revoked?.tag === 0x30 ? revoked.children : [];
  return {
    serials: new Set(entries.map((entry) => integerHex(entry.children[0]))),
    nextUpdate: times.length > 1 ? timeOf(times[1]) : null,
    // The algorithm follows from the key; that it is SHA-256 or better was seen above, and SHA-256 is all that is known here.
    signedBy: ({ x509 }) => verify('sha256', tbs.whole, x509.publicKey, signature.content.subarray(1)),
  };
}

function namesOf(prefix: string, name: DerValue | undefined): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const set of name?.children ?? []) {
    for (const pair of set.children) {
      const short = NAMES[oidOf(pair.children[0])];
      if (short !== undefined) tags[`${prefix}/${short}`] ??= pair.children[1]?.content.toString('utf8') ?? '';
    }
  }
  return tags;
}

/** RFC 5280, section 4.2.1.6: [2] is a DNS name, [6] a URI. */
function alternativeNames(value: DerValue | undefined): Record<string, string> {
  const first = (tag: number): string | undefined =>
    value?.children.find((one) => one.tag === tag)?.content.toString('latin1');
  const [dns, uri] = [first(0x82), first(0x86)];
  return { ...(dns === undefined ? {} : { 'x509SAN/DNS': dns }), ...(uri === undefined ? {} : { 'x509SAN/URI': uri }) };
}

function pemBlocks(pem: string, label: string): Buffer[] {
  const pattern = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, 'g');
  return [...pem.matchAll(pattern)].map(([, body = '']) => Buffer.from(body, 'base64'));
}
