import { createHash } from 'node:crypto';
import { parseId, type SessionId } from '../core/ids.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * The name of a sign-in of the command line in lists and in tokens, made from the authorization that all its artifacts
 * belong to. The authorization's own id is not shown anywhere.
 */
export function signInId(grantId: string): SessionId {
  const digest = createHash('sha256').update(`sign-in\n${grantId}`).digest();
  const body = [...digest.subarray(0, 20)].map((byte) => ALPHABET[byte & 31]).join('');
  const id = parseId('ses', `ses_${body}`);
  if (id === null) throw new Error('a sign-in id is an id');
  return id;
}
