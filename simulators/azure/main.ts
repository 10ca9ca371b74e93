import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runSimulator } from '../shared/run-simulator.ts';
import { startAzureSimulator } from './server.ts';
import type { WorldDescription } from './world.ts';

/**
 * Runs the simulator as a process of its own:
 *
 *     node simulators/azure/main.ts --world world.json [--port 7431] [--cert cert.pem --key key.pem] [--state state.json] [--exit-when-idle-after 7200000]
 *
 * Prints one line of JSON when it listens, and stops on SIGTERM or SIGINT.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    world: { type: 'string' },
    state: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    'exit-when-idle-after': { type: 'string' },
  },
});
if (values.world === undefined || (values.cert === undefined) !== (values.key === undefined)) {
  process.stderr.write(
    '--world FILE is needed: the tenants and subscriptions to begin with. --cert and --key go together.\n',
  );
  process.exit(2);
}
const world = JSON.parse(readFileSync(values.world, 'utf8')) as WorldDescription;
await runSimulator(
  'Azure',
  () =>
    startAzureSimulator({
      port: Number(values.port),
      world,
      ...(values.state === undefined ? {} : { stateFile: values.state }),
      ...(values.cert === undefined || values.key === undefined
        ? {}
        : { certificate: { cert: readFileSync(values.cert, 'utf8'), key: readFileSync(values.key, 'utf8') } }),
    }),
  values['exit-when-idle-after'],
);
