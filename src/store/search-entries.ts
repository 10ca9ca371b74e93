import { sql, type RawBuilder } from 'kysely';
import { parseId, type GrantId, type PersonId, type RequestId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { isAnyOf } from './columns.ts';
import type { Db } from './schema.ts';

/** A word that is looked for: it begins a word of an entry, or it means one of these kinds or people. */
export interface SoughtWord {
  /** Letters and digits, lower case. */
  readonly prefix: string;
  readonly kinds: readonly string[];
  readonly people: readonly PersonId[];
  /** What was asked for in them begins a word so: all that followed is about that as well. */
  readonly requests: readonly RequestId[];
}

/** Everything that is given must hold. */
export interface EntryFilter {
  readonly words: readonly SoughtWord[];
  /** `null`: every kind but those of `without`. */
  readonly kinds: readonly string[] | null;
  readonly without: readonly string[];
  readonly seq?: number;
  readonly person?: PersonId;
  readonly request?: RequestId;
  readonly grant?: GrantId;
  readonly from?: Instant;
  /** Not included. */
  readonly to?: Instant;
  /** Only entries before this number. */
  readonly before?: number;
  /** Only what somebody did, what is about them, and what is about requests that they decided or that are named here. */
  readonly concerning?: { readonly person: PersonId; readonly requests: readonly RequestId[] };
  readonly limit: number;
}

/** Entries of the log, newest first. Those that wait for their place are not in it yet. */
export async function searchEntries(
  db: Db,
  filter: EntryFilter,
): Promise<readonly { readonly seq: number; readonly body: string }[]> {
  const { words, kinds, without, seq, person, request, grant, from, to, before, concerning } = filter;
  let query = db.selectFrom('ledger_entry').select(['seq', 'body']).orderBy('seq', 'desc').limit(filter.limit);
  for (const word of words)
    query = query.where(
      sql<boolean>`(${hasWord(word.prefix)} or ${isAnyOf('kind', word.kinds)}
        or ${isAnyOf('actor_id', word.people)} or ${isAnyOf('person_id', word.people)}
        or ${isAnyOf('request_id', word.requests)})`,
    );
  if (kinds !== null) query = query.where(isAnyOf('kind', kinds));
  else if (without.length > 0) query = query.where(sql<boolean>`not ${isAnyOf('kind', without)}`);
  if (seq !== undefined) query = query.where('seq', '=', seq);
  if (person !== undefined) query = query.where(sql<boolean>`(actor_id = ${person} or person_id = ${person})`);
  if (request !== undefined) query = query.where('request_id', '=', request);
  if (grant !== undefined) query = query.where('grant_id', '=', grant);
  if (from !== undefined) query = query.where('happened_at', '>=', toIso(from));
  if (to !== undefined) query = query.where('happened_at', '<', toIso(to));
  if (before !== undefined) query = query.where('seq', '<', before);
  if (concerning !== undefined)
    query = query.where(
      // An order to stop somebody is not shown to them (ADR 21), while everything else about them is.
      sql<boolean>`(actor_id = ${concerning.person} or (person_id = ${concerning.person} and kind not like 'revocation.%')
        or ${isAnyOf('request_id', concerning.requests)}
        or request_id in (select request_id from approval where person_id = ${concerning.person}))`,
    );
  return query.execute();
}

/** Requests in which what was asked for has a word that begins so, the newest first. */
export async function requestsAbout(db: Db, prefix: string, limit: number): Promise<readonly RequestId[]> {
  const rows = await db
    .selectFrom('ledger_entry')
    .select('request_id')
    .where(hasWord(prefix))
    .where('kind', '=', 'request.submitted')
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
  return rows.flatMap(({ request_id }) => parseId('req', request_id ?? '') ?? []);
}

function hasWord(prefix: string): RawBuilder<boolean> {
  return sql<boolean>`words @@ to_tsquery('simple', ${`${prefix}:*`})`;
}
