import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDemoIdp } from '../../simulators/idp/demo-idp.ts';
import { demoPeople } from '../../src/cli/demo/demo-people.ts';
import { startBroker } from '../../src/main.ts';
import { createLog } from '../../src/platform/log.ts';

/**
 * A broker with a certificate authority, as a process that can be killed: `node anywhere-broker.ts PORT FOLDER CLOUD_URL`. The cloud is
 * somebody else's process. Prints a line when it answers.
 */
const [, , portText = '', folder = '', cloudUrl = ''] = process.argv;
const port = Number(portText);
const rulesDir = join(folder, 'rules');

const ROLE = `kind: role
name: invoice-robot
tier: 3
owner: group:data-leads
description: Lets a machine outside AWS read the invoices, with a certificate that ends with the grant.
aws: { method: roles-anywhere, role: curfew/anywhere-reader, profile: curfew-anywhere-reader }
---
kind: policy
name: robots-read-invoices
who: { people: [ana] }
roles: [invoice-robot]
targets: all
duration: { default: 15m, max: 1h }
`;

cpSync(join(import.meta.dirname, '../../examples/acme'), rulesDir, { recursive: true });
writeFileSync(join(rulesDir, 'roles', 'robots.yaml'), ROLE);

const baseUrl = `http://localhost:${port}`;
const people = await demoPeople(rulesDir);
const idp = await startDemoIdp({
  port: port + 1,
  people: people.all,
  clientRedirects: [`${baseUrl}/sign-in/callback`],
});
const log = createLog('error');
const broker = await startBroker({
  config: {
    ...{
      host: '127.0.0.1',
      port,
      baseUrl,
      databaseUrl: null,
      rulesDir,
      trustedProxies: [],
      role: 'all',
      logLevel: 'error',
    },
    dataDir: join(folder, 'data'),
    signIn: { issuer: idp.issuer, clientId: idp.clientId, clientSecretFile: null },
    aws: { region: 'eu-west-1', externalId: 'contract-suite', authorityFile: join(folder, 'ca.pem') },
  },
  log,
  demo: {
    people: people.all,
    awsEndpoint: cloudUrl,
    async awsIdentity() {
      const roleArn = 'arn:aws:iam::999988887777:role/curfew-broker';
      const body = JSON.stringify({ roleArn, durationSeconds: 3_600 });
      const answer = await fetch(`${cloudUrl}/_sim/session`, { method: 'POST', body });
      const { expiration, ...keys } = (await answer.json()) as {
        accessKeyId: string;
        secretAccessKey: string;
        sessionToken: string;
        expiration: string;
      };
      return { ...keys, expiration: new Date(expiration) };
    },
  },
});
process.stdout.write(`${broker.url}\n`);
