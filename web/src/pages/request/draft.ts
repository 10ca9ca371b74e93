import type { Preview } from '../../data/api.ts';
import { quoted } from '../../data/quoted.ts';
import { STAND_IN, stillMissing } from '../../requests/what-it-takes.ts';
import { parseDuration } from '../../time/durations.ts';

/** What somebody is about to ask for, as it stands in the address: a link to it is the same draft for whoever opens it. */
export interface DraftSearch {
  /** What was searched for. */
  readonly q?: string;
  readonly role?: string;
  readonly target?: string;
  /** What is asked for beside that, as the command line has it: `role@target role@target`. */
  readonly also?: string;
  /** As people write it: `30m`. */
  readonly duration?: string;
  /** When it is to begin, RFC 3339. Absent: as soon as it is approved. */
  readonly at?: string;
  readonly ticket?: string;
  /** Only read, never written: tools may fill it in, but what somebody types does not go into their history. */
  readonly reason?: string;
}

const FIELDS = ['q', 'role', 'target', 'also', 'duration', 'at', 'ticket', 'reason'] as const;
const LONGEST = 2_000;

/** Reads a draft from an address that anybody may have written: unknown names and wrong types are dropped. */
export function readDraft(search: Record<string, unknown>): DraftSearch {
  const draft: { -readonly [Name in keyof DraftSearch]: DraftSearch[Name] } = {};
  for (const name of FIELDS) {
    const value = Object.hasOwn(search, name) ? search[name] : undefined;
    const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
    if (text !== '') draft[name] = text.slice(0, LONGEST);
  }
  return draft;
}

/** A role on a target. */
export interface Item {
  readonly role: string;
  readonly target: string;
}

export const isSame = (one: Item, other: Item): boolean => one.role === other.role && one.target === other.target;

/** As many as the server takes in one request. */
export const MOST_ITEMS = 20;

/** What a draft asks for, each once; empty before anything is chosen. */
export function itemsOf({ role, target, also = '' }: DraftSearch): readonly Item[] {
  if (role === undefined || target === undefined) return [];
  const others = also.split(' ').flatMap((pair): Item[] => {
    const at = pair.indexOf('@');
    return at > 0 && at < pair.length - 1 ? [{ role: pair.slice(0, at), target: pair.slice(at + 1) }] : [];
  });
  const all = [{ role, target }, ...others];
  return all.filter((item, n) => all.findIndex((one) => isSame(one, item)) === n).slice(0, MOST_ITEMS);
}

/** The same draft about these items. A duration that was chosen for others stays: the preview says if it is too long. */
export function withItems(draft: DraftSearch, [first, ...others]: readonly Item[]): DraftSearch {
  const { role: _, target: __, also: ___, ...rest } = draft;
  if (first === undefined) return rest;
  const also = others.map(({ role, target }) => `${role}@${target}`).join(' ');
  return { ...rest, role: first.role, target: first.target, ...(also === '' ? {} : { also }) };
}

/** What is asked of the API. */
export interface Asked {
  readonly items: readonly Item[];
  readonly duration: string;
  readonly reason: string;
  readonly ticket: string;
  readonly at: string | null;
}

export function bodyOf({ items, duration, reason, ticket, at }: Asked) {
  return {
    items: items.map(({ role, target }) => ({ role, target })),
    duration,
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
    ...(ticket.trim() === '' ? {} : { ticket: ticket.trim() }),
    ...(at === null ? {} : { startsAt: at }),
  };
}

/** A time as it stands in an address that anybody may have written; `null`: none, or nothing that is one. */
export function timeOf(text: string | undefined): string | null {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/**
 * What is wrong with its times. Whoever wants it later and says no time must not get it now. `later`: they chose so, or the address names a
 * time, whatever that is worth. A start that was before `now` (milliseconds) is said here, where it stands, and the server is not asked.
 */
export function timesMissing(
  duration: string,
  later: boolean,
  at: string | null,
  now: number,
): { readonly duration?: string; readonly at?: string } {
  return {
    ...(parseDuration(duration) === null ? { duration: 'Write it as 15m, 1h or 1h30m.' } : {}),
    ...(later && at === null ? { at: 'Say when it is to begin, or choose “As soon as it is approved”.' } : {}),
    ...(isPast(at, now) ? { at: 'That has passed. Say a later time, or choose “As soon as it is approved”.' } : {}),
  };
}

/** As the server counts it: a start within the last minute is a clock that differs, and means now. */
const LATE_MS = 60_000;

/** Whether a start has passed. */
export function isPast(at: string | null, now: number): boolean {
  return at !== null && Date.parse(at) < now - LATE_MS;
}

/** The address of a form as a link for somebody else: without the reason that a tool may have put there. */
export function linkOf(address: string): string {
  const link = new URL(address);
  link.searchParams.delete('reason');
  return link.href;
}

/** The same request with a stand-in for what is still to be said, as the catalogue does. */
export function asIfSaid(asked: Asked, requirements: Preview['requirements'] | null): Asked {
  const missing = requirements === null ? { reason: '', ticket: '' } : stillMissing(asked, requirements);
  return {
    ...asked,
    reason: missing.reason === undefined ? asked.reason : STAND_IN.reason,
    ticket: missing.ticket === undefined ? asked.ticket : STAND_IN.ticket,
  };
}

/** The same on the command line. Quoted for a POSIX shell: a reason is somebody's text, and perhaps from a link. */
export function commandLine({ items, duration, reason, ticket, at }: Asked): `curfew ${string}` {
  const [first] = items;
  const what =
    items.length === 1 && first !== undefined
      ? [quoted(first.role), '--on', quoted(first.target)]
      : items.map(({ role, target }) => quoted(`${role}@${target}`));
  const words = ['request', ...what, '--for', quoted(duration)];
  if (reason.trim() !== '') words.push('--reason', quoted(reason.trim()));
  if (ticket.trim() !== '') words.push('--ticket', quoted(ticket.trim()));
  if (at !== null) words.push('--at', quoted(at));
  return `curfew ${[...words, '--wait'].join(' ')}`;
}
