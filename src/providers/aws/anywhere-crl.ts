import { after, type Instant } from '../../core/time.ts';
import type { CredentialFacts } from '../contract.ts';
import type { AnywhereControl, TrustAnchor } from './anywhere-control.ts';
import { ANCHOR } from './anywhere-place.ts';
import { CLOCK_TOLERANCE_MS } from './capabilities.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { serialEndsAt, serialOf } from './certificate-serial.ts';

/**
 * Puts certificates on the revocation list of an account, so that they make no more sessions. What is over drops out: a serial says when
 * that is. AWS has no conditional write here, and two writers at once may lose one another's; the denial on the role does not depend on it.
 */
export async function revokeCertificates(
  authority: CertificateAuthority,
  control: AnywhereControl,
  /** Our trust anchor in the account; `undefined`: there is none. */
  anchorOf: () => Promise<TrustAnchor | undefined>,
  certificates: readonly CredentialFacts[],
  now: Instant,
): Promise<void> {
  const serials = certificates
    .filter(({ expiresAt }) => now < after(expiresAt, CLOCK_TOLERANCE_MS))
    .map(({ fingerprint, expiresAt }) => serialOf(fingerprint, expiresAt));
  if (serials.length === 0) return;
  const anchor = await anchorOf();
  // Without an anchor of ours nobody believes our certificates anyway.
  if (anchor === undefined) return;
  const list = (await control.crls()).find(
    ({ name, trustAnchorArn }) => name === ANCHOR && trustAnchorArn === anchor.arn,
  );
  const standing = list === undefined ? null : await authority.readList(list.pem);
  const kept = [...(standing ?? [])].filter(([serial]) => {
    const endsAt = serialEndsAt(serial);
    return endsAt !== null && now < after(endsAt, CLOCK_TOLERANCE_MS);
  });
  const revoked = new Map<string, Instant>([...serials.map((serial) => [serial, now] as const), ...kept]);
  const known = standing ?? new Map<string, Instant>();
  if (list === undefined || serials.some((serial) => !known.has(serial))) {
    const pem = await authority.revocationList(revoked, now);
    if (list === undefined) await control.importCrl({ name: ANCHOR, pem, trustAnchorArn: anchor.arn });
    else await control.updateCrl(list.id, pem);
  }
  if (list?.enabled === false) await control.enableCrl(list.id);
}
