import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAwsSimulator } from '../simulators/aws/server.ts';
import type { WorldDescription } from '../simulators/aws/world.ts';
import { startDemoIdp } from '../simulators/idp/demo-idp.ts';
import { appointDemoPeople } from '../src/cli/demo/demo-administration.ts';
import { demoPeople } from '../src/cli/demo/demo-people.ts';
import { startBroker } from '../src/main.ts';
import { postJson } from '../src/platform/http.ts';
import { silentLog } from '../src/platform/log.ts';
import type { ResolvedIdentity } from '../src/providers/aws/index.ts';

/**
 * A broker as `npm start` puts it together, over a database and rules that are given: connection string, data folder, folder of rules,
 * port (sign-in takes the next one). Prints a line when it answers.
 */
const [databaseUrl, dataDir, rulesDir, port] = process.argv.slice(2);
if (databaseUrl === undefined || dataDir === undefined || rulesDir === undefined || port === undefined)
  throw new Error('four arguments');

const baseUrl = `http://localhost:${port}`;
const people = await demoPeople(rulesDir);
const world = JSON.parse(readFileSync(join(rulesDir, 'clouds/aws.json'), 'utf8')) as WorldDescription;
const cloud = await startAwsSimulator({ port: 0, world });
const idp = await startDemoIdp({
  port: Number(port) + 1,
  people: people.all,
  clientRedirects: [`${baseUrl}/sign-in/callback`],
});

/** Stands in for the platform's own identity endpoint. */
async function identity() {
  const roleArn = 'arn:aws:iam::999988887777:role/curfew-broker';
  const wanted = { roleArn, sessionName: 'bench', durationSeconds: 3_600 };
  const found = (await postJson(`${cloud.url}/_sim/session`, wanted, 5_000)) as ResolvedIdentity & {
    expiration: string;
  };
  return { ...found, expiration: new Date(Date.parse(found.expiration)) };
}

await startBroker({
  config: {
    host: '127.0.0.1',
    port: Number(port),
    baseUrl,
    databaseUrl,
    dataDir,
    rulesDir,
    logLevel: 'silent',
    signIn: { issuer: idp.issuer, clientId: idp.clientId, clientSecretFile: null },
    aws: { region: 'us-east-1', externalId: 'acme-curfew' },
    trustedProxies: [],
    role: 'all',
  },
  log: silentLog,
  demo: { people: people.all, awsEndpoint: cloud.url, awsIdentity: identity, appoint: appointDemoPeople },
});
console.log(`answers at ${baseUrl}`);
