import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDemoIdp } from '../../simulators/idp/demo-idp.ts';
import { startBroker } from '../../src/main.ts';
import { createLog } from '../../src/platform/log.ts';
import { CENTER, LEASES, OWNED_SET, PERMISSION_SET, person } from '../contract/aws-center-world.ts';
import { hubSession } from '../contract/aws-harness.ts';
import { ACCOUNT, EXTERNAL_ID } from '../contract/aws-world.ts';

/**
 * A whole broker for people of IAM Identity Center, as a process that can be killed: `node identity-center-broker.ts PORT FOLDER CLOUD_URL`.
 * The cloud is somebody else's process. Prints a line when it answers.
 */
const [, , portText = '', folder = '', cloudUrl = ''] = process.argv;
const port = Number(portText);
const rulesDir = join(folder, 'rules');

const RULES = `kind: role
name: invoice-visit
tier: 3
owner: group:leads
description: Reads the invoices; sessions go on for an hour
aws: { method: identity-center, permissionSet: ${PERMISSION_SET} }
---
kind: role
name: invoice-desk
tier: 3
owner: group:leads
description: Reads the invoices, and is cut off at the end
aws: { method: identity-center, permissionSet: ${OWNED_SET}, tombstone: true }
---
kind: policy
name: desk
who: { groups: [engineers] }
roles: [invoice-visit, invoice-desk]
targets: { key: aws/prod }
duration: { default: 10m, max: 1h }
`;
const DIRECTORY = `kind: directory
people:
  ana: { name: Ana Torres, email: ana@acme.example, accounts: { aws: '${person(1)}' } }
  cy: { name: Cy Okoro, email: cy@acme.example, accounts: { aws: '${person(2)}' } }
  bo: { name: Bo Lind, email: bo@acme.example, accounts: { aws: '${person(3)}' } }
groups:
  engineers: { description: Those who ask, members: [ana, cy] }
  leads: { description: Those who answer for roles, members: [bo] }
`;
const TARGETS = `kind: targets
targets:
  aws/prod: { kind: account, native: '${ACCOUNT}', description: The one account, labels: { env: prod }, owners: [group:leads] }
`;

mkdirSync(rulesDir);
for (const [name, text] of Object.entries({ rules: RULES, directory: DIRECTORY, targets: TARGETS }))
  writeFileSync(join(rulesDir, `${name}.yaml`), text);

const baseUrl = `http://localhost:${port}`;
const people = ['ana', 'bo', 'cy'].map((key) => ({ key, name: key, email: `${key}@acme.example`, title: 'engineer' }));
const idp = await startDemoIdp({ port: port + 1, people, clientRedirects: [`${baseUrl}/sign-in/callback`] });
await startBroker({
  config: {
    host: '127.0.0.1',
    port,
    baseUrl,
    databaseUrl: null,
    dataDir: join(folder, 'data'),
    rulesDir,
    logLevel: 'silent',
    signIn: { issuer: idp.issuer, clientId: idp.clientId, clientSecretFile: null },
    aws: {
      region: 'eu-west-1',
      externalId: EXTERNAL_ID,
      identityCenter: { account: CENTER, region: 'eu-west-1' },
      sweepBucket: { name: LEASES, region: 'eu-west-1' },
    },
    trustedProxies: [],
    role: 'all',
  },
  log: createLog('silent'),
  demo: { people, awsEndpoint: cloudUrl, awsIdentity: () => hubSession(cloudUrl) },
});
console.log('serving');
