import '../../src/platform/reflect-metadata.ts';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate authority for tests: the text of a file with its key and its certificate, as an operator would make one. */
export async function newAuthority(
  change: { readonly name?: string; readonly usages?: number; readonly ca?: boolean; readonly notAfter?: Date } = {},
): Promise<{ readonly pem: string; readonly certificate: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '1000000000000001',
    name: change.name ?? 'CN=Curfew, O=Acme',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: change.notAfter ?? new Date(Date.now() + 86_400_000),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(change.ca ?? true, undefined, true),
      new x509.KeyUsagesExtension(change.usages ?? keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const certificate = `${made.toString('pem')}\n`;
  return { certificate, pem: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n${certificate}` };
}
