import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runSimulator } from '../shared/run-simulator.ts';
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
const world = JSON.parse(readFileSync(values.world, 'utf8')) as WorldDescription;
await runSimulator(
  'AWS',
  () =>
    startAwsSimulator({
      port: Number(values.port),
      world,
      iamDelayMs: Number(values['iam-delay-ms']),
      ...(values.state === undefined ? {} : { stateFile: values.state }),
    }),
  values['exit-when-idle-after'],
);
