import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** A process of our own that lives longer than we do. */
export interface Detached {
  readonly pid: number;
  /** The first line that it printed. */
  readonly firstLine: string;
}

/**
 * Starts a Node program that does not die with us, and waits for the first line that it prints. Its errors go to `errors`.
 * Rejects when it exits before that, or says nothing for `timeoutMs`.
 */
export function startDetached(
  args: readonly string[],
  options: { errors: number; timeoutMs: number },
): Promise<Detached> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { detached: true, stdio: ['ignore', 'pipe', options.errors] });
    const { stdout } = child;
    if (stdout === null) throw new Error('a pipe was asked for');
    const timer = setTimeout(() => fail(new Error('it said nothing')), options.timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      if (child.pid !== undefined) stopProcess(child.pid);
      reject(new Error(`${args[0] ?? ''} did not start: ${error.message}`));
    };
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`it exited with ${code}`)));
    createInterface({ input: stdout }).once('line', (line) => {
      clearTimeout(timer);
      child.removeAllListeners('exit');
      stdout.destroy();
      child.unref();
      if (child.pid === undefined) return fail(new Error('it has no process id'));
      resolve({ pid: child.pid, firstLine: line });
    });
  });
}

/** Runs a Node program to its end; what it says goes where ours goes. Rejects when it fails. */
export function runNode(args: readonly string[], options: { cwd: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { cwd: options.cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${args[0] ?? ''} exited with ${code ?? 'a signal'}`)),
    );
  });
}

/** Asks a process to stop. False: there is no such process. */
export function stopProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM');
    return true;
  } catch {
    return false;
  }
}

/** Asks a process to stop and waits until it has, or for so long: what it held, a port above all, is free then. */
export async function endProcess(pid: number, atMostMs: number): Promise<void> {
  const giveUp = Date.now() + atMostMs;
  stopProcess(pid);
  while (processExists(pid) && Date.now() < giveUp) await pause(20);
}

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Fires once when somebody wants this process to stop: Ctrl-C, or a supervisor. A second Ctrl-C ends it at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(name);
    });
  }
  return controller.signal;
}

/** The environment of this process. Only the composition roots read it; everything else is told. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** Ends this process once what was written to the terminal has left. */
export function exit(code: number): void {
  process.exitCode = code;
  const finish = () => process.exit(code);
  if (process.stdout.writableLength === 0) finish();
  else process.stdout.once('drain', finish);
}
