import { createHash } from 'node:crypto';
import { after, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import { ProviderFault, type CallOptions } from './contract.ts';
import type { EndVerifier } from './signed-end.ts';
import type { SweepNotes } from './sweep-report.ts';

/** What every part of a sweep works with. */
export interface SweepPorts {
  readonly clock: Clock;
  readonly verifier: EndVerifier;
  readonly notes: SweepNotes;
  /** Nothing is changed anywhere. */
  readonly dryRun: boolean;
  /** Nothing new is begun after this. */
  readonly until: Instant;
  /** Which run this is, as far as its beginning tells: {@link turnAt}. */
  readonly turn: number;
  readonly signal: AbortSignal;
}

/** After a fault that may pass, a call is tried again after these times; then it is left to the next run. */
const AGAIN_MS = [500, 1_500, 4_000];
/** The cloud may ask for more patience than that; a run has none to give. */
const LONGEST_WAIT_MS = 8_000;

const MAY_PASS: readonly string[] = ['throttled', 'conflict', 'unreachable', 'unknown-outcome'];

/** The time and the limits of one call. */
export function callOf({ clock, signal }: Pick<SweepPorts, 'clock' | 'signal'>): CallOptions {
  return { now: clock.now(), signal };
}

/** Whether the run has time to begin something. */
export function mayBegin({ clock, until, signal }: Pick<SweepPorts, 'clock' | 'until' | 'signal'>): boolean {
  return !signal.aborted && clock.now() < until;
}

/**
 * Does something again while its fault may pass. `work` begins with looking, so that a call whose outcome is not known is never repeated
 * blindly. Throws the last fault.
 */
export async function patiently<T>(ports: Pick<SweepPorts, 'clock' | 'signal'>, work: () => Promise<T>): Promise<T> {
  for (const waitMs of AGAIN_MS) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProviderFault) || !MAY_PASS.includes(error.kind) || ports.signal.aborted) throw error;
      const askedMs = Math.min(error.retryAfterMs ?? 0, LONGEST_WAIT_MS);
      await ports.clock.sleep(Math.max(waitMs, askedMs), ports.signal);
    }
  }
  return work();
}

/** No two runs begin in the same ten seconds. */
const TURN_MS = 10_000;

/** The turn of a run that begins now. */
export function turnAt(now: Instant): number {
  return Math.floor(now / TURN_MS);
}

/**
 * The same list from another beginning at each turn: what a run does not reach, later ones do, although none remembers another. The beginning is
 * a hash and no step, because steps of some length would meet the distance of the runs, and come to a few beginnings only.
 */
export function rotated<T>(all: readonly T[], turn: number, what: 'accounts' | 'places' | 'leases'): readonly T[] {
  const part = createHash('sha256').update(`${what} ${turn}`).digest().readUInt32BE() / 2 ** 32;
  const from = Math.floor(part * all.length);
  return [...all.slice(from), ...all.slice(0, from)];
}

/** Works on a list, a few at a time. */
export async function fewAtATime<T>(width: number, all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const worker = async () => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(width, all.length) }, worker));
}

/** Lets calls go at this distance from one another, because AWS counts them for a whole organization together. */
export function createPace(clock: Clock, everyMs: number): (signal: AbortSignal) => Promise<void> {
  let next = clock.now();
  return async (signal) => {
    const now = clock.now();
    const turn = next > now ? next : now;
    next = after(turn, everyMs);
    if (turn > now) await clock.sleep(turn - now, signal);
  };
}
