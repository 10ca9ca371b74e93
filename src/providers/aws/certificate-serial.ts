import { instant, type Instant } from '../../core/time.ts';

/* What is known of certificates without the library that makes them, which takes a while to load. */

/**
 * The serial of a certificate, hex. It says by itself when the certificate is over, so that a revocation list is kept short without asking
 * anybody: `01`, five bytes of seconds, and the beginning of the fingerprint.
 */
export function serialOf(fingerprint: string, notAfter: Instant): string {
  const seconds = Math.floor(notAfter / 1_000);
  return `01${seconds.toString(16).padStart(10, '0')}${fingerprint.slice(0, 26)}`;
}

/** When a certificate with such a serial is over; `null` for a serial that is not of this form. */
export function serialEndsAt(serial: string): Instant | null {
  const match = /^0?1([0-9a-f]{10})[0-9a-f]{26}$/.exec(serial.toLowerCase());
  return match === null ? null : instant(Number.parseInt(match[1] ?? '', 16) * 1_000);
}

/** A key or certificate of the authority that cannot be used; the message says what is wrong, and never quotes it. */
export class AuthorityProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AuthorityProblem';
  }
}
