import { parseId, type GrantId } from '../../core/ids.ts';
import { fromIso, toIso, type Instant } from '../../core/time.ts';
import { endSecond, type EndSigner, type EndStatement, type EndVerifier } from '../signed-end.ts';

/** The methods whose ends stand in words that Azure keeps for people. */
export type Marked = 'rbac' | 'pim';

/**
 * What the marker of an assignment is about: the native tuple, and the grant that wrote it last. The grant is signed as well, because the engine
 * takes an assignment that names one of ours for what that grant has left.
 */
export function markedEnd(method: Marked, native: readonly string[], grant: GrantId, endsAt: Instant): EndStatement {
  return { kind: `azure/${method}`, native: [...native, grant], endsAt };
}

/** The end, the grant and the signature: 64 bytes in base64url. Azure gives a description 2 KB and reads nothing of it. */
const MARKER = /\[curfew-end 1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (grt_[a-z2-7]{20}) ([\w-]{86})\]/;

/** The description of an assignment, or the justification of a request: a sentence for whoever finds it, and the marker. */
export function describeEnd(
  signer: EndSigner,
  method: Marked,
  native: readonly string[],
  grant: GrantId,
  endsAt: Instant,
): string {
  const end = toIso(endSecond(endsAt)).replace('.000Z', 'Z');
  const signature = signer.sign(markedEnd(method, native, grant, endsAt)).toString('base64url');
  return `Given by Curfew until ${end}, and taken away by it then. Do not edit. [curfew-end 1 ${end} ${grant} ${signature}]`;
}

export type ReadMarker =
  | { readonly kind: 'signed'; readonly endsAt: Instant; readonly grant: GrantId }
  /** There is a marker, and it is not by a key of this deployment, or not about this place. */
  | { readonly kind: 'bad' }
  | { readonly kind: 'none' };

/** Reads the marker of the assignment of a native tuple. */
export function readEndMarker(
  description: string,
  method: Marked,
  native: readonly string[],
  verifier: EndVerifier,
): ReadMarker {
  const [, end = '', id = '', signature = ''] = MARKER.exec(description) ?? [];
  // What looks like a marker and is none was one before somebody edited it.
  if (end === '') return { kind: description.includes('curfew-end') ? 'bad' : 'none' };
  const [endsAt, grant] = [fromIso(end), parseId('grt', id)];
  if (endsAt === null || grant === null) return { kind: 'bad' };
  const believed = verifier.verify(markedEnd(method, native, grant, endsAt), Buffer.from(signature, 'base64url'));
  return believed ? { kind: 'signed', endsAt, grant } : { kind: 'bad' };
}
