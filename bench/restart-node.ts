import { fileURLToPath } from 'node:url';
import { startBroker } from '../src/main.ts';
import { postJson } from '../src/platform/http.ts';
import { silentLog } from '../src/platform/log.ts';
import type { ResolvedIdentity } from '../src/providers/aws/index.ts';

/**
 * One whole broker, put together by `main.ts`: API, sign-in, rules of Acme, AWS provider, engine, log. Arguments: connection string, data
 * folder, port, address of the simulated AWS, its own role and external id there.
 */
const [databaseUrl, dataDir, port, awsEndpoint, roleArn, externalId] = process.argv.slice(2);
if (databaseUrl === undefined || dataDir === undefined || port === undefined) throw new Error('six arguments');
if (awsEndpoint === undefined || roleArn === undefined || externalId === undefined) throw new Error('six arguments');

/** Stands in for the platform's own identity endpoint. */
async function identity() {
  const wanted = { roleArn, sessionName: 'bench', durationSeconds: 3_600 };
  const found = (await postJson(`${awsEndpoint}/_sim/session`, wanted, 5_000)) as ResolvedIdentity & {
    expiration: string;
  };
  return { ...found, expiration: new Date(Date.parse(found.expiration)) };
}

await startBroker({
  config: {
    host: '127.0.0.1',
    port: Number(port),
    baseUrl: `http://localhost:${port}`,
    databaseUrl,
    dataDir,
    rulesDir: fileURLToPath(new URL('../examples/acme/', import.meta.url)),
    logLevel: 'silent',
    signIn: { issuer: 'http://localhost:9', clientId: 'bench', clientSecretFile: null },
    aws: { region: 'eu-central-1', externalId },
    trustedProxies: [],
    role: 'all',
  },
  log: silentLog,
  demo: {
    people: [],
    awsEndpoint,
    awsIdentity: identity,
  },
});
