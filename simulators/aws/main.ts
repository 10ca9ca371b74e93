import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startAwsSimulator } from './server.ts';
import type { WorldDescription } from './world.ts';

/**
 * Runs the simulator as a process of its own:
 *
 *     node simulators/aws/main.ts --port 7421 --world world.json [--state state.json] [--iam-delay-ms 500] [--exit-when-idle-after 7200000]
 *
 * Prints one line of JSON when it listens, and stops on SIGTERM or SIGINT.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    world: { type: 'string' },
    state: { type: 'string' },
    'iam-delay-ms': { type: 'string', default: '0' },
    'exit-when-idle-after': { type: 'string' },
  },
});
if (values.world === undefined) {
  process.stderr.write('--world FILE is needed: the accounts, roles and buckets to begin with.\n');
  process.exit(2);
}
const simulator = await startAwsSimulator({
  port: Number(values.port),
  world: JSON.parse(readFileSync(values.world, 'utf8')) as WorldDescription,
  iamDelayMs: Number(values['iam-delay-ms']),
  ...(values.state === undefined ? {} : { stateFile: values.state }),
}).catch((error: unknown) => {
  process.stderr.write(
    `The simulated AWS could not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
process.stdout.write(`${JSON.stringify({ url: simulator.url, pid: process.pid })}\n`);

const stop = (): void => void simulator.close().then(() => process.exit(0));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// Whoever started it may be dead; a simulator that nobody talks to must not stay for ever.
const idleMs = Number(values['exit-when-idle-after'] ?? Number.POSITIVE_INFINITY);
setInterval(() => {
  if (Date.now() - simulator.lastCallAt() > idleMs) stop();
}, 10_000).unref();
