import { parseId, type GrantId, type PersonId, type RequestId } from '../core/ids.ts';
import { asMeant } from '../core/pasted.ts';
import { EVENTS } from '../ledger/entry.ts';
import { findPersonIds } from '../store/people.ts';
import { requestsAbout, type SoughtWord } from '../store/search-entries.ts';
import type { World } from './world.ts';

/** More words than this are no search. */
const MOST_WORDS = 6;
/** People, or requests, that one word may mean. */
const MOST_MEANT = 1_000;

/** What somebody typed to search the log. */
export interface Sought {
  /** Lower case. */
  readonly words: readonly string[];
  readonly requests: readonly RequestId[];
  readonly grants: readonly GrantId[];
  readonly people: readonly PersonId[];
  /** Numbers of entries. */
  readonly seqs: readonly number[];
}

/** Takes ids (`grt_…`) and numbers of entries (`#43`) for what they name, and all else for words. The id of an order stands among the facts, as words. */
export function soughtIn(q: string): Sought {
  const requests: RequestId[] = [];
  const grants: GrantId[] = [];
  const people: PersonId[] = [];
  const seqs: number[] = [];
  const words: string[] = [];
  for (const part of asMeant(q)
    .toLowerCase()
    .split(/[\s,;]+/u)) {
    const [request, grant, person] = [parseId('req', part), parseId('grt', part), parseId('per', part)];
    if (request !== null) requests.push(request);
    else if (grant !== null) grants.push(grant);
    else if (person !== null) people.push(person);
    else if (/^#\d{1,15}$/.test(part)) seqs.push(Number(part.slice(1)));
    else words.push(...(part.match(/[\p{L}\p{N}]+/gu) ?? []));
  }
  return { words, requests, grants, people, seqs };
}

/**
 * What each word may mean: the beginning of a word in the facts, a kind of event, somebody's name, or requests for what is called so. Only the
 * asking names a role: its approval, its credentials and its end are found because they are about that request.
 */
export async function meantBy(world: World, words: readonly string[]): Promise<readonly SoughtWord[]> {
  const people = [...world.rules.current().directory.people.values()];
  const sought: SoughtWord[] = [];
  for (const prefix of words.slice(0, MOST_WORDS)) {
    const begins = (text: string) =>
      text
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u)
        .some((part) => part.startsWith(prefix));
    // One letter means everybody and nobody.
    const isMore = prefix.length > 1;
    const named = isMore ? people.filter(({ key, name }) => begins(key) || begins(name)) : [];
    const meant = named.slice(0, MOST_MEANT).map(({ key }) => key);
    sought.push({
      prefix,
      kinds: Object.keys(EVENTS).filter(begins),
      people: await findPersonIds(world.db, meant),
      requests: isMore ? await requestsAbout(world.db, prefix, MOST_MEANT) : [],
    });
  }
  return sought;
}
