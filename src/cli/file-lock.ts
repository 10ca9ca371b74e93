import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { kill } from 'node:process';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Surroundings } from './surroundings.ts';
import { Failure } from './failure.ts';
import { ensurePrivateFolder } from './private-file.ts';

/** A lock whose holder has not finished in this time is broken: nothing that is done under it takes longer. */
const STALE_AFTER_MS = 60_000;
const POLL_MS = 20;

type Place = Pick<Surroundings, 'clock' | 'pid'>;

/**
 * Runs `work` while no other `curfew` of this user holds the lock. A refresh token can be used once, and using it twice
 * ends the whole login, so two commands that run side by side must take turns.
 */
export async function withLock<Value>(place: Place, path: string, work: () => Promise<Value>): Promise<Value> {
  ensurePrivateFolder(dirname(path));
  await acquire(place, path);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

async function acquire(place: Place, path: string): Promise<void> {
  const giveUpAt = place.clock.now() + STALE_AFTER_MS * 2;
  while (!take(place, path)) {
    if (isAbandoned(place, path)) breakLock(place, path);
    else if (place.clock.now() > giveUpAt)
      throw new Failure(`Another curfew holds ${path}.`, { hint: 'Try again in a moment.' });
    else await place.clock.sleep(POLL_MS);
  }
}

/**
 * Removes an abandoned lock under a second one, looking again inside it: otherwise two waiters could both find it abandoned,
 * and the slower one would remove the lock that the faster one has just taken.
 */
function breakLock(place: Place, path: string): void {
  const second = `${path}.break`;
  if (!take(place, second)) {
    if (isAbandoned(place, second)) rmSync(second, { force: true });
    return;
  }
  if (isAbandoned(place, path)) rmSync(path, { force: true });
  rmSync(second, { force: true });
}

function take(place: Place, path: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, `${place.pid} ${hostname()}`);
    closeSync(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAbandoned(place: Place, path: string): boolean {
  try {
    const ageMs = place.clock.now() - statSync(path).mtimeMs;
    if (ageMs > STALE_AFTER_MS) return true;
    const [holder = '', host] = readFileSync(path, 'utf8').split(' ');
    // A number says nothing about a process of another machine that shares this home.
    return host === hostname() && /^[1-9]\d*$/.test(holder) && !isRunning(Number(holder));
  } catch {
    // It went away between the two looks.
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
