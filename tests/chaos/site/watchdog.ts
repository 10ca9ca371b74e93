import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * A process of its own that outlives the run by a moment: when the run dies without tidying up, even by kill -9, it ends what the run
 * had started. Reads lines: `+PID SIGNAL` and `-PID` as processes come and go, `folder PATH` for what is to be removed.
 */
const pids = new Map<number, NodeJS.Signals>();
const folders: string[] = [];

for await (const line of createInterface({ input: process.stdin })) {
  const [word = '', rest = ''] = line.split(' ', 2);
  if (word === 'folder') folders.push(rest);
  else if (word.startsWith('+')) pids.set(Number(word.slice(1)), rest as NodeJS.Signals);
  else if (word.startsWith('-')) pids.delete(Number(word.slice(1)));
}
for (const [pid, signal] of pids) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
setTimeout(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}, 2_000);
