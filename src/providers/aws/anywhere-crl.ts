import { after, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import { ProviderFault, type CallOptions, type CredentialFacts } from '../contract.ts';
import type { AnywhereControl, TrustAnchor } from './anywhere-control.ts';
import { ANCHOR, type AnywhereDirectory } from './anywhere-place.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { serialEndsAt, serialOf } from './certificate-serial.ts';
import { gather } from './gather.ts';

/** What was seen on a list, or could not be, is believed for so long: the control plane takes one call a second. */
const BELIEVED_MS = 10_000;
/** Whoever only looks does not wait for longer: the denial is the proof. */
const LOOK_MS = 1_500;

/** What is to stand on the list of an account. `onlyLooks`: nothing fails without it. */
interface Wanted {
  readonly account: string;
  readonly serials: readonly string[];
  readonly onlyLooks: boolean;
}

/** The revocation lists of all accounts. */
export class RevocationLists {
  readonly #clock: Clock;
  readonly #authority: () => CertificateAuthority;
  readonly #control: (account: string, call: CallOptions) => AnywhereControl;
  readonly #directory: AnywhereDirectory;
  /** By account, what its list was seen to hold last, and when a look or a write failed last. */
  readonly #seen = new Map<string, { readonly at: Instant; readonly serials: ReadonlySet<string> }>();
  readonly #failedAt = new Map<string, Instant>();

  constructor(ports: {
    readonly clock: Clock;
    /** Throws a fault where this process has none. */
    readonly authority: () => CertificateAuthority;
    readonly control: (account: string, call: CallOptions) => AnywhereControl;
    readonly directory: AnywhereDirectory;
  }) {
    this.#clock = ports.clock;
    this.#authority = ports.authority;
    this.#control = ports.control;
    this.#directory = ports.directory;
  }

  /** Puts certificates on the list of their account, unless they stand there or are over. Throws faults. */
  async revoke(account: string, issued: readonly CredentialFacts[], call: CallOptions): Promise<void> {
    const serials = goodSerials(issued, call.now);
    if (serials.length > 0) await this.#together(account, { item: { account, serials, onlyLooks: false }, call });
  }

  /**
   * Whether certificates were seen on the list of their account; what is missing is put there again, because nobody else comes back to it.
   * `null`: they are over. False also where it could not be seen: the proof of an end does not wait for it.
   */
  async look(account: string, issued: readonly CredentialFacts[], call: CallOptions): Promise<boolean | null> {
    const serials = goodSerials(issued, call.now);
    if (serials.length === 0) return null;
    const isKnown = () => this.#knows(account, serials, call.now);
    if (isKnown() || this.#hasFailed(account, call.now)) return isKnown();
    const signal = AbortSignal.any([call.signal, this.#clock.timeout(LOOK_MS)]);
    try {
      // What was missing is written, and then read.
      for (let nth = 0; nth < 2 && !isKnown(); nth += 1)
        // Also in the line behind a write that takes longer.
        await Promise.race([
          this.#together(account, { item: { account, serials, onlyLooks: true }, call: { ...call, signal } }),
          over(signal),
        ]);
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error;
    }
    return isKnown();
  }

  #knows(account: string, serials: readonly string[], now: Instant): boolean {
    const seen = this.#seen.get(account);
    return seen !== undefined && now < after(seen.at, BELIEVED_MS) && serials.every((one) => seen.serials.has(one));
  }

  #hasFailed(account: string, now: Instant): boolean {
    const failedAt = this.#failedAt.get(account);
    return failedAt !== undefined && now < after(failedAt, BELIEVED_MS);
  }

  // Ends of one account at the same time write its list once.
  readonly #together = gather<Wanted>(async (ends, call) => {
    const [first] = ends;
    if (first === undefined) return;
    const { account } = first;
    const serials = ends.flatMap((end) => end.serials);
    if (this.#knows(account, serials, call.now)) return;
    // It may have failed for those who were in line before.
    if (ends.every(({ onlyLooks }) => onlyLooks) && this.#hasFailed(account, call.now)) return;
    try {
      const [authority, control] = [this.#authority(), this.#control(account, call)];
      const anchorOf = () => this.#directory.anchor(account, authority.certificate, control, call.now);
      const standing = await putOnList(authority, control, anchorOf, serials, call.now);
      this.#seen.set(account, { at: call.now, serials: standing });
    } catch (error) {
      this.#failedAt.set(account, call.now);
      throw error;
    }
  });
}

/** Rejects as soon as there is no time left. */
function over(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const tell = () => reject(new ProviderFault('unreachable', 'There was no time left to look at the list.'));
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
  });
}

/** Serials of what is not over yet. */
function goodSerials(issued: readonly CredentialFacts[], now: Instant): readonly string[] {
  return issued
    .filter(({ expiresAt }) => now < after(expiresAt, CLOCK_TOLERANCE_MS))
    .map(({ fingerprint, expiresAt }) => serialOf(fingerprint, expiresAt));
}

/**
 * Puts certificates on the revocation list of an account, so that they make no more sessions. What is over drops out: a serial says when
 * that is. AWS has no conditional write here, and two writers at once may lose one another's; the denial on the role does not depend on it.
 * Returns what the list was seen to hold, before what was written.
 */
async function putOnList(
  authority: CertificateAuthority,
  control: AnywhereControl,
  /** Our trust anchor in the account; `undefined`: there is none. */
  anchorOf: () => Promise<TrustAnchor | undefined>,
  serials: readonly string[],
  now: Instant,
): Promise<ReadonlySet<string>> {
  const anchor = await anchorOf();
  // Without an anchor of ours nobody believes our certificates anyway.
  if (anchor === undefined) return new Set();
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
  const isMissing = list === undefined || serials.some((serial) => !known.has(serial));
  if (isMissing) {
    const pem = await authority.revocationList(revoked, now);
    if (list === undefined) await control.importCrl({ name: ANCHOR, pem, trustAnchorArn: anchor.arn });
    else await control.updateCrl(list.id, pem);
  }
  if (list?.enabled === false) await control.enableCrl(list.id);
  return new Set(list?.enabled === false ? [] : known.keys());
}
