import { startBroker } from '../../../src/main.ts';
import { readConfig } from '../../../src/platform/config.ts';
import { postJson } from '../../../src/platform/http.ts';
import { createLog } from '../../../src/platform/log.ts';
import { stopSignal } from '../../../src/platform/processes.ts';
import { SERVING } from './broker.ts';
import { identityIn } from './azure.ts';
import { BROKER_ROLE } from './world.ts';

/**
 * One broker, as a process: what `curfew serve` runs, with the same settings from the environment. Only its cloud is another one:
 * `serve` goes to the real AWS alone, so the addresses of the simulated ones (CHAOS_CLOUD, CHAOS_AZURE) are passed in as the demo does it.
 */
const config = readConfig(process.env);
const cloud = process.env['CHAOS_CLOUD'] ?? '';
const stop = stopSignal();
const broker = await startBroker({
  config,
  log: createLog(config.logLevel),
  demo: {
    people: [],
    awsEndpoint: cloud,
    azure: { endpoint: process.env['CHAOS_AZURE'] ?? '', identity: identityIn(process.env['CHAOS_PLATFORM'] ?? '') },
    awsIdentity: async () => {
      const wanted = { roleArn: BROKER_ROLE, sessionName: 'curfew', durationSeconds: 3_600 };
      const found = (await postJson(`${cloud}/_sim/session`, wanted, 5_000)) as {
        accessKeyId: string;
        secretAccessKey: string;
        sessionToken: string;
        expiration: string;
      };
      return { ...found, expiration: new Date(Date.parse(found.expiration)) };
    },
  },
});
process.stdout.write(`${SERVING}\n`);
if (!stop.aborted) await new Promise((done) => stop.addEventListener('abort', done, { once: true }));
await broker.close();
process.exit(0);
