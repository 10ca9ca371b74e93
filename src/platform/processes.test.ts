import { closeSync, openSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { endProcess, processExists, startDetached } from './processes.ts';

const nowhere = openSync('/dev/null', 'w');
afterAll(() => closeSync(nowhere));

/** A process that does this when it is told to stop. */
async function onStop(what: string): Promise<number> {
  const program = `process.on('SIGTERM', () => { ${what} }); console.log('ready'); setInterval(() => {}, 1000);`;
  return (await startDetached(['-e', program], { errors: nowhere, timeoutMs: 20_000 })).pid;
}

test('a process is waited for until it is gone', async () => {
  const pid = await onStop('setTimeout(() => process.exit(0), 300);');
  await endProcess(pid, 20_000);
  expect(processExists(pid)).toBe(false);
});

test('one that does not stop is not waited for without end', async () => {
  const pid = await onStop('');
  await endProcess(pid, 100);
  expect(processExists(pid)).toBe(true);
  process.kill(pid, 'SIGKILL');
});
