import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../../../simulators/aws/faults.ts';
import type { Nursery } from './nursery.ts';
import { worldOf, type Keys } from './world.ts';

/** Authorization sees a changed policy so much later, as in the demo. */
const IAM_DELAY_MS = 500;
const START_MS = 30_000;

/** The simulated AWS: a process that nothing is done to but what clouds do to their callers. */
export interface Cloud {
  readonly url: string;
  /** Replaces all faults; an empty list heals. */
  setFaults(faults: readonly Fault[]): Promise<void>;
  /** Moves its clock, with everything that becomes due by that. */
  moveClock(aheadMs: number): Promise<void>;
  /** A session of any role of this world, as a platform gives it to a machine. */
  sessionOf(roleArn: string): Promise<Keys>;
}

/** Starts the simulator, and waits until it listens. `authority`: certificate of Curfew's own, which the account trusts. */
export async function startCloud(nursery: Nursery, people: readonly string[], authority: string): Promise<Cloud> {
  const file = join(nursery.folder, 'cloud.json');
  writeFileSync(file, JSON.stringify(worldOf(people, authority)));
  const program = fileURLToPath(new URL('../../../simulators/aws/main.ts', import.meta.url));
  const args = [program, '--world', file, '--iam-delay-ms', String(IAM_DELAY_MS)];
  const listening = Promise.withResolvers<string>();
  const child = nursery.start('cloud', process.execPath, args, {
    env: { PATH: process.env['PATH'] },
    endBy: 'SIGKILL',
    onLine: (line) => {
      if (line.startsWith('{')) listening.resolve((JSON.parse(line) as { url: string }).url);
    },
  });
  void child.exited.then((how) => listening.reject(new Error(`the simulated cloud ended: ${how}`)));
  const timer = setTimeout(() => listening.reject(new Error('the simulated cloud did not start')), START_MS);
  const url = await listening.promise.finally(() => clearTimeout(timer));
  const control = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the simulated cloud refused ${path}: ${answer.status}`);
    return answer.json();
  };
  return {
    url,
    setFaults: async (faults) => void (await control('faults', faults)),
    moveClock: async (offsetMs) => void (await control('clock', { offsetMs })),
    async sessionOf(roleArn) {
      const { accessKeyId, secretAccessKey, sessionToken } = (await control('session', { roleArn })) as Required<Keys>;
      return { accessKeyId, secretAccessKey, sessionToken };
    },
  };
}
