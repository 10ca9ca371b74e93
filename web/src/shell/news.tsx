import { useEffect, useRef } from 'react';
import type { AccessRequest, Grant } from '../data/api.ts';
import { useMyNewestRequests } from '../data/my-requests.ts';
import { useMyAccess } from '../data/my-access.ts';
import type { Me } from '../data/session.ts';
import { who } from '../data/who.ts';
import { announcement } from '../time/countdown.ts';
import { useNow } from '../time/ticker.ts';
import { LAPSE_WORDS } from '../time/wording.ts';
import { toast } from '../ui/notices.tsx';

/** Tells me what happens to what is mine, whatever page I am on. Draws nothing. */
export function News({ me }: { readonly me: Me }) {
  const access = useMyAccess();
  const requests = useMyNewestRequests();
  useChanges(access.data, ({ id }) => id, tellGrant);
  useChanges(
    requests.data?.items,
    ({ id }) => id,
    (before, after) => tellRequest(before, after, me),
  );
  useWarnings(access.data);
  return null;
}

/** Calls `tell` for everything that was known before and differs now. */
function useChanges<Thing>(
  things: readonly Thing[] | undefined,
  idOf: (thing: Thing) => string,
  tell: (before: Thing, after: Thing) => void,
): void {
  const known = useRef<ReadonlyMap<string, Thing> | null>(null);
  useEffect(() => {
    if (things === undefined) return;
    const before = known.current;
    known.current = new Map(things.map((thing) => [idOf(thing), thing]));
    for (const [id, after] of known.current) {
      const was = before?.get(id);
      if (was !== undefined) tell(was, after);
    }
  });
}

function tellGrant(before: Grant, after: Grant): void {
  const what = `${after.role} on ${after.target}`;
  if (before.status !== 'active' && after.status === 'active') toast('You have access', what);
  else if (before.endsAt !== null && after.endsAt !== null && before.endsAt < after.endsAt)
    toast('It was extended', what);
}

function tellRequest(before: AccessRequest, after: AccessRequest, me: Me): void {
  if (before.status === after.status) return;
  const what = after.items.map(({ role, target }) => `${role} on ${target}`).join(', ');
  const by = after.decisions.at(-1)?.by;
  const others = by === undefined || by.key === me.person.key ? '' : ` by ${who(by)}`;
  if (after.status === 'approved') toast(`Approved${others}`, what);
  if (after.status === 'denied') toast(`Denied${others}`, what);
  if (after.status === 'lapsed') toast(LAPSE_WORDS[after.lapseCause ?? 'nobody-decided'], what);
}

/** Ten, five and one minutes before an end. */
function useWarnings(grants: readonly Grant[] | undefined): void {
  const now = useNow();
  const last = useRef(now);
  useEffect(() => {
    const before = last.current;
    last.current = now;
    for (const { status, endsAt, role, target } of grants ?? []) {
      if (status !== 'active' || endsAt === null) continue;
      const words = announcement(before, now, Date.parse(endsAt));
      if (words !== null)
        toast(`Ends in ${words}`, `${role} on ${target}. Extend it, or give it back when you are done.`);
    }
  }, [now, grants]);
}
