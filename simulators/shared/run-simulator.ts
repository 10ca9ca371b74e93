import type { Simulator } from './simulator-door.ts';

/**
 * Runs a simulator as a process of its own: prints one line of JSON when it listens, and stops on SIGTERM or SIGINT, or when nobody
 * has called it for `idleAfterMs`. `name` is what it calls itself where it cannot start.
 */
export async function runSimulator(
  name: string,
  start: () => Promise<Simulator>,
  idleAfterMs: string | undefined,
): Promise<void> {
  let simulator: Simulator;
  try {
    simulator = await start();
  } catch (error) {
    process.stderr.write(
      `The simulated ${name} could not start: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(1);
  }
  process.stdout.write(`${JSON.stringify({ url: simulator.url, pid: process.pid })}\n`);
  const stop = (): void => void simulator.close().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Whoever started it may be dead; a simulator that nobody talks to must not stay for ever.
  const idleMs = Number(idleAfterMs ?? Number.POSITIVE_INFINITY);
  setInterval(() => {
    if (Date.now() - simulator.lastCallAt() > idleMs) stop();
  }, 10_000).unref();
}
