import { parseId, type IdOf, type IdPrefix } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { fromIso, toIso } from '../core/time.ts';
import type { Place } from '../store/columns.ts';
import type { OperationRefusal } from './refusal.ts';

/** A page of things, newest first; `nextCursor` is `null` at the end. */
export interface Page<View> {
  readonly items: readonly View[];
  readonly nextCursor: string | null;
}

/** A list whose order never changes, whatever becomes of what is in it. */
export interface Listed<Row, Prefix extends IdPrefix> {
  readonly prefix: Prefix;
  readonly placeOf: (row: Row) => Place<IdOf<Prefix>>;
  readonly read: (slice: { before?: Place<IdOf<Prefix>>; limit: number }) => Promise<readonly Row[]>;
  /** Which of the rows the actor may see; absent: all. */
  readonly seen?: (rows: readonly Row[]) => Promise<readonly Row[]>;
  /** After so many reads a page ends, and its cursor is what was looked at last: most of a long list may be invisible. Absent: it reads on. */
  readonly mostReads?: number;
}

/**
 * Reads a page of what one may see. Pages are filled by reading on, and leave nothing out. One more than was asked for is looked for, to
 * know whether there is another page; the cursor is the last that was shown, so that it says nothing of what its holder may not see.
 */
export async function readPage<Row, Prefix extends IdPrefix>(
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
  { prefix, placeOf, read, seen = async (rows) => rows, mostReads = Infinity }: Listed<Row, Prefix>,
): Promise<Result<Page<Row>, OperationRefusal>> {
  let before = cursor === null ? undefined : parseCursor(prefix, cursor);
  if (before === null) return refused({ code: 'invalid-input', detail: 'This cursor was not made by us.' });
  const found: Row[] = [];
  let more = true;
  for (let reads = 0; more && found.length <= limit && reads < mostReads; reads += 1) {
    const rows = await read({ ...(before === undefined ? {} : { before }), limit: limit + 1 });
    const last = rows.at(-1);
    if (last !== undefined) before = placeOf(last);
    more = rows.length > limit;
    found.push(...(await seen(rows)));
  }
  const items = found.slice(0, limit);
  const shown = found.length > limit ? items.at(-1) : undefined;
  const from = shown === undefined ? (more ? before : undefined) : placeOf(shown);
  return ok({ items, nextCursor: from === undefined ? null : `${toIso(from.at)}/${from.id}` });
}

function parseCursor<Prefix extends IdPrefix>(prefix: Prefix, text: string): Place<IdOf<Prefix>> | null {
  const [time = '', rest = ''] = text.split('/');
  const [at, id] = [fromIso(time), parseId(prefix, rest)];
  return at === null || id === null ? null : { at, id };
}
