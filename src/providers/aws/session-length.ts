import { ProviderFault } from '../contract.ts';
import { LONGEST_SSO_SESSION_MS } from './capabilities.ts';
import type { IdentityCenterDirectory } from './identity-center-directory.ts';
import type { Asked } from './identity-center-statuses.ts';

/** The longest session that AWS lets any permission set have (API reference, SessionDuration). */
const LONGEST_OF_ANY_MS = 12 * 3_600_000;

/**
 * How long sessions of a permission set may last, as it is edited now, which is never less than what its accounts know of it unless somebody
 * has lowered it since. One that AWS does not tell us of counts as what it lets any set have, because no end waits for that; one that is gone as
 * what was promised. Throws `throttled`.
 */
export async function longestSessionMs(
  directory: IdentityCenterDirectory,
  permissionSetArn: string | null,
  asked: Asked,
): Promise<number> {
  if (permissionSetArn === null) return LONGEST_SSO_SESSION_MS;
  try {
    const set = await directory.describe(permissionSetArn, asked);
    return set === null ? LONGEST_SSO_SESSION_MS : durationMs(set.sessionDuration);
  } catch (error) {
    if (!(error instanceof ProviderFault) || error.kind === 'throttled') throw error;
    return LONGEST_OF_ANY_MS;
  }
}

/** ISO 8601, as AWS writes it: `PT1H`, `PT1H30M`. */
function durationMs(text: string): number {
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(text);
  if (match === null) return LONGEST_OF_ANY_MS;
  const [hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000;
}
