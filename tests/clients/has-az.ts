import { execFileSync } from 'node:child_process';

/** Whether the real az command is on the PATH. Where it is not, its tests are skipped, and say so. */
export function hasAz(): boolean {
  try {
    execFileSync('az', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
