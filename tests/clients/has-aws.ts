import { execFileSync } from 'node:child_process';

/** Whether the real aws command is on the PATH. Where it is not, its tests are skipped, and say so. */
export function hasAws(): boolean {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
