import type { Shift } from '../../core/directory.ts';
import type { Instant } from '../../core/time.ts';
import { fromLocal } from '../../policy/local-time.ts';

/** A rotation as it is written: whose turn begins on the anchor, and when the turn passes to the next. */
export interface RotationShape {
  readonly description?: string;
  /** Date of a handover to the first person, `2026-11-02`. */
  readonly anchor: string;
  /** Time of day in `zone`, `09:00` unless written. */
  readonly handover?: string;
  /** `UTC` unless written. */
  readonly zone?: string;
  /** Length of a shift; 1 unless written. */
  readonly weeks?: number;
  readonly people: readonly string[];
}

const DAY_MS = 86_400_000;
/** A request can wait for days, and its first approver may have gone off shift since; a review looks ahead. */
const BEHIND_MS = 7 * DAY_MS;
const AHEAD_MS = 60 * DAY_MS;

/**
 * The shifts that touch the time from a week before `now` to 60 days after it. Handovers keep their local time when summer
 * time begins or ends, so such a shift is an hour shorter or longer. Turns run backwards before the anchor as well.
 */
export function shiftsAround(shape: RotationShape, now: Instant): readonly Shift[] {
  const zone = shape.zone ?? 'UTC';
  const anchorMs = Date.parse(`${shape.anchor}T${shape.handover ?? '09:00'}:00Z`);
  const lengthMs = (shape.weeks ?? 1) * 7 * DAY_MS;
  const first = Math.floor((now - BEHIND_MS - anchorMs) / lengthMs) - 1;
  const last = Math.ceil((now + AHEAD_MS - anchorMs) / lengthMs) + 1;
  const shifts: Shift[] = [];
  for (let turn = first; turn < last; turn++) {
    const size = shape.people.length;
    const person = shape.people[((turn % size) + size) % size];
    const from = fromLocal(anchorMs + turn * lengthMs, zone);
    const until = fromLocal(anchorMs + (turn + 1) * lengthMs, zone);
    if (person !== undefined && until > now - BEHIND_MS && from < now + AHEAD_MS) shifts.push({ person, from, until });
  }
  return shifts;
}
