import { createHash } from 'node:crypto';
import { instant, type Instant } from '../../../src/core/time.ts';
import { serialOf } from '../../../src/providers/aws/certificate-serial.ts';
import type { CertificateAuthority } from '../../../src/providers/aws/certificate-authority.ts';

/** A certificate that really is one, for what is parsed of it; its key was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBuzCCAWGgAwIBAgIUPCVvUQr+4tDdDlYHzD8GtlsX5AMwCgYIKoZIzj0EAwIw
KjEoMCYGA1UEAwwfQ3VyZmV3IG9mIHRoZSBzaW11bGF0ZWQgY29tcGFueTAgFw0y
NjExMjIwMjIwNDhaGA8yMTI2MTAyOTAyMjA0OFowKjEoMCYGA1UEAwwfQ3VyZmV3
IG9mIHRoZSBzaW11bGF0ZWQgY29tcGFueTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABEjbOr36L6fNhoC/8joWBY0esnP5Qgshh4mIbg6UAe4a/dXT39ETnbeUBZjV
xPhKopsiYdUgfbijIQGn6l3a1EmjYzBhMB0GA1UdDgQWBBRA9D/xop5ycTlEul0P
rtkbByBiPTAfBgNVHSMEGDAWgBRA9D/xop5ycTlEul0PrtkbByBiPTAPBgNVHRMB
Af8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAKBggqhkjOPQQDAgNIADBFAiAKQZ5p
YdW48SpPVWq78QN6l16Iuip0yzxj29PbBbLqxwIhALU0klJQr2P92oLxLf3r2c9w
SotG5QmUAID4g9QaSUw5
-----END CERTIFICATE-----
`;

/** What a certificate of the simulated authority says. */
export interface SimCertificate {
  readonly serial: string;
  readonly holderKey: string;
  readonly grant: string;
  readonly roleArn: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The fingerprint by which the log knows a certificate. */
export function fingerprintOfKey(grant: string, holderKey: string): string {
  return createHash('sha256').update(`${grant}\n`).update(holderKey).digest('hex');
}

/**
 * The broker's certificate authority without its cryptography: real signatures are made in other threads, and a seed would not give the
 * same run twice. In the simulated world nobody forges anything.
 */
export const simAuthority: CertificateAuthority = {
  certificate: CERTIFICATE,
  notAfter: instant(Date.UTC(2126, 0)),
  issue: async ({ holderKey, grant, roleArn, notBefore, notAfter }) => {
    const fingerprint = fingerprintOfKey(grant, holderKey);
    const serial = serialOf(fingerprint, notAfter);
    const says: SimCertificate = { serial, holderKey, grant, roleArn, notBefore, notAfter };
    return { pem: wrap('CERTIFICATE', says), serial, fingerprint };
  },
  revocationList: async (revoked) => wrap('X509 CRL', [...revoked]),
  readList: async (pem) => new Map(unwrap(pem) as (readonly [string, Instant])[]),
};

export function readSimCertificate(pem: string): SimCertificate {
  return unwrap(pem) as SimCertificate;
}

/** Serials that a list revokes. */
export function readSimList(pem: string): ReadonlySet<string> {
  return new Set((unwrap(pem) as (readonly [string, Instant])[]).map(([serial]) => serial));
}

function wrap(label: string, says: unknown): string {
  return `-----BEGIN ${label}-----\n${Buffer.from(JSON.stringify(says)).toString('base64')}\n-----END ${label}-----\n`;
}

function unwrap(pem: string): unknown {
  return JSON.parse(Buffer.from(pem.split('\n')[1] ?? '', 'base64').toString('utf8'));
}
