import { fileURLToPath } from 'node:url';
import { startBroker } from '../src/main.ts';
import { silentLog } from '../src/platform/log.ts';

/**
 * One whole broker, put together by `main.ts`: API, sign-in, rules of Acme, AWS provider, engine, log. Its AWS is nobody, because access
 * that ends with the credential is proven without a call. Arguments: connection string, data folder, port.
 */
const [databaseUrl, dataDir, port] = process.argv.slice(2);
if (databaseUrl === undefined || dataDir === undefined || port === undefined) throw new Error('three arguments');

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
    aws: { region: 'eu-central-1', externalId: 'bench' },
    trustedProxies: [],
    role: 'all',
  },
  log: silentLog,
  demo: {
    people: [],
    awsEndpoint: 'http://127.0.0.1:9',
    awsIdentity: async () => ({ accessKeyId: 'ASIABENCHBENCHBENCH0', secretAccessKey: 'none', sessionToken: 'none' }),
  },
});
