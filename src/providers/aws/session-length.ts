import { isoDurationMs } from '../../core/time.ts';
import { ProviderFault } from '../contract.ts';
import { LONGEST_SSO_SESSION_MS } from './capabilities.ts';
import type { IdentityCenterDirectory, PermissionSet } from './identity-center-directory.ts';
import type { Asked } from './identity-center-statuses.ts';

/** The longest session that AWS lets any permission set have (API reference, SessionDuration). */
const LONGEST_OF_ANY_MS = 12 * 3_600_000;

/**
 * How long sessions of a permission set may last, as it is edited now, which is never less than what its accounts know of it unless somebody
 * has lowered it since, and never less than what was promised. No end waits for it: where AWS does not answer in time, it is what was known
 * last, however old; one that it never told this process of, or does not let us look at, counts as what it lets any set have; one that is
 * gone as what was promised.
 */
export async function longestSessionMs(
  directory: IdentityCenterDirectory,
  permissionSetArn: string | null,
  asked: Asked,
): Promise<number> {
  if (permissionSetArn === null) return LONGEST_SSO_SESSION_MS;
  try {
    return lastingMs(await directory.describe(permissionSetArn, asked));
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error;
    const known = error.kind === 'forbidden-to-us' ? null : directory.describedLast(permissionSetArn);
    return known === null ? LONGEST_OF_ANY_MS : lastingMs(known);
  }
}

/** Others may have been signed in before it was shortened, so it is never less than what was promised. */
function lastingMs(set: PermissionSet | null): number {
  return set === null
    ? LONGEST_SSO_SESSION_MS
    : Math.max(LONGEST_SSO_SESSION_MS, isoDurationMs(set.sessionDuration) ?? LONGEST_OF_ANY_MS);
}
