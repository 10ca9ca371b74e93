import type { AccessRequest, Grant, Schemas } from '../data/api.ts';
import { who } from '../data/who.ts';
import { LAPSE_WORDS } from '../time/wording.ts';

/** Something that happened to what is mine, or that begins to wait for me. */
export interface NewsItem {
  /** The same for the same happening, however often and from wherever it is read. */
  readonly key: string;
  readonly title: string;
  readonly text: string;
  /** The request that it belongs to, where more can be read. */
  readonly request: string;
  /** Whether somebody did it, whom the timeline of the request names. */
  readonly bySomebody?: true;
}

const whatOf = ({ role, target }: { readonly role: string; readonly target: string }): string => `${role} on ${target}`;

/** What the change of a grant says to its holder. `before`: `null` where it was not there; `grants`: all that are known, among which its only retry may be. `null`: nothing new. */
export function grantNews(before: Grant | null, after: Grant, grants: readonly Grant[]): NewsItem | null {
  const text = whatOf(after);
  const item = (kind: string, title: string): NewsItem => ({
    key: `${after.id} ${kind}`,
    title,
    text,
    request: after.request,
  });
  if (before?.status !== 'active' && after.status === 'active') return item('active', 'You have access');
  // What comes into a list and is over is no news: it was over before.
  if (before === null) return null;
  if (after.cause === 'revoked')
    return before.cause === 'revoked' ? null : { ...item('revoked', 'Taken away'), bySomebody: true };
  if (after.status === 'failed' && before.status !== 'failed') {
    // What is tried once more has not failed yet.
    const again = before.triesAgain || grants.some(({ retryOf }) => retryOf === after.id);
    return again ? null : item('failed', 'It could not be started');
  }
  if (before.endsAt !== null && after.endsAt !== null && before.endsAt < after.endsAt)
    return item(after.endsAt, 'It was extended');
  return null;
}

/** What the change of a request says to whoever made it (`me`: their key). `null`: nothing new. */
export function requestNews(before: AccessRequest, after: AccessRequest, me: string): NewsItem | null {
  const text = after.items.map(whatOf).join(', ');
  const item = (kind: string, title: string): NewsItem => ({
    key: `${after.id} ${kind}`,
    title,
    text,
    request: after.id,
  });
  if (before.extends?.status !== after.extends?.status) {
    if (after.extends?.status === 'refused') return item('refused', 'It was not extended');
    if (after.extends?.status === 'ended-first' && after.status === 'approved')
      return item('ended-first', 'It ended before it could be extended');
  }
  if (before.status === after.status) return null;
  const by = after.decisions.at(-1)?.by;
  const others = by === undefined || by.key === me ? '' : ` by ${who(by)}`;
  if (after.status === 'approved') return item('approved', `Approved${others}`);
  if (after.status === 'denied') return item('denied', `Denied${others}`);
  if (after.status === 'lapsed') return item('lapsed', LAPSE_WORDS[after.lapseCause ?? 'nobody-decided']);
  return null;
}

/** So many requests that begin to wait at once are told one by one. */
const ONE_BY_ONE = 3;

/** What waits for me now and did not before. Of many at once there is one piece of news. */
export function waitingNews(before: readonly AccessRequest[], after: readonly AccessRequest[]): readonly NewsItem[] {
  const known = new Set(before.map(({ id }) => id));
  const fresh = after.filter(({ id }) => !known.has(id));
  const [first] = fresh;
  if (first !== undefined && fresh.length > ONE_BY_ONE)
    return [
      { key: `${first.id} waits`, title: `${fresh.length} more requests wait for you`, text: '', request: first.id },
    ];
  return fresh.map(({ id, requester, items, extends: extension }) => ({
    key: `${id} waits`,
    title: `${who(requester)} ${extension === null ? 'asks for access' : 'asks to keep access'}`,
    text: items.map(whatOf).join(', '),
    request: id,
  }));
}

/** Who took access of `holder` (a name) away, as the timeline of its request tells; `null`: it does not say. */
export function takenAwayBy(timeline: Schemas['Explanation']['timeline'], holder: string): string | null {
  const by = timeline.findLast(
    ({ kind, actor }) =>
      (kind === 'grant.ending' || kind === 'grant.ended') && actor !== holder && !actor.startsWith('Curfew ('),
  );
  return by?.actor ?? null;
}

/** What stands before the name of a page in its tab: how much waits for me, and the minutes until the first end. `left`: of that, in milliseconds. */
export function tabSign(waiting: number, left: number | null): string {
  const minutes = left === null ? -1 : Math.floor(left / 60_000);
  const time =
    minutes < 0 ? '' : minutes === 0 ? '<1 min' : minutes > 90 ? `${Math.floor(minutes / 60)} h` : `${minutes} min`;
  return [waiting === 0 ? '' : `(${waiting})`, time].filter((part) => part !== '').join(' ');
}
