import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A data folder that another process is using. The message is meant for the person who started us. */
export class FolderInUse extends Error {
  constructor(folder: string, holder: string) {
    super(
      `The data folder ${folder} is in use by process ${holder}. Stop that process first, or start with another folder (CURFEW_DATA_DIR).`,
    );
    this.name = 'FolderInUse';
  }
}

/**
 * Takes a data folder for this process and returns the function that gives it back. PGlite does not lock its folder, and
 * a second process that opens it destroys committed rows. The lock names a process by its id and start time, so a lock
 * left by a killed process, even one whose id was reused, does not keep the folder closed.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (tryCreate(path)) {
      return () => {
        if (readOwner(path)?.startsWith(`${process.pid} `) === true) rmSync(path, { force: true });
      };
    }
    const owner = readOwner(path);
    if (owner !== null && isAlive(owner)) throw new FolderInUse(folder, owner.split(' ')[0] ?? 'unknown');
    // Stale. Moving it aside is atomic: of two processes that find it, one succeeds and the other looks again.
    try {
      renameSync(path, `${path}.stale.${process.pid}`);
      rmSync(`${path}.stale.${process.pid}`, { force: true });
    } catch {
      continue;
    }
  }
  throw new FolderInUse(folder, readOwner(path)?.split(' ')[0] ?? 'unknown');
}

function tryCreate(path: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, `${process.pid} ${startOf(process.pid) ?? ''}\n`);
    closeSync(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function isAlive(owner: string): boolean {
  const [pidText, start] = owner.split(' ');
  const pid = Number(pidText);
  // An empty lock is one that is being written this very moment.
  if (!Number.isInteger(pid) || pid <= 0) return owner === '';
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const now = startOf(pid);
  return start === undefined || start === '' || now === null || now === start;
}

/** When a process started, in clock ticks since boot, from /proc; `null` where there is no /proc. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
