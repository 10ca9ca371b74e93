import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BROKER_APP, SUBSCRIPTION, TENANT } from '../../simulators/azure/azure-under-test.ts';
import { startDemoIdp, type DemoIdp } from '../../simulators/idp/demo-idp.ts';
import { startBroker, type Broker } from '../../src/main.ts';
import { silentLog } from '../../src/platform/log.ts';
import { at, OWNER, rbacHarness, READER, write, type RbacHarness } from '../contract/azure-harness.ts';
import { BROKER_ID, GROUP, person, roleId } from '../contract/azure-world.ts';
import { copyDatabaseTo } from '../embedded-template.ts';
import { freePorts } from '../free-ports.ts';
import { createUserAgent } from './api-user-agent.ts';
import { browserOf, walk, type Browser } from './browser-world.ts';

const RULES = `kind: role
name: billing-reader
tier: 3
owner: group:leads
description: Looks at what the bills are made from
azure: { role: Reader, scope: resourceGroups/billing }
---
kind: policy
name: billing
who: { groups: [engineers] }
roles: [billing-reader]
targets: { key: azure/billing }
duration: { default: 10m, max: 1h }
`;
const DIRECTORY = `kind: directory
people:
  ana: { name: Ana Torres, email: ana@acme.example, accounts: { azure: ${person(80).id} } } # person-80@acme.example
  cy: { name: Cy Okoro, email: cy@acme.example, accounts: { azure: ${person(81).id} } }
  di: { name: Di Marsh, email: di@acme.example, accounts: { azure: di@acme.example } }
groups:
  engineers: { description: Those who ask, members: [ana, cy, di] }
  leads: { description: Those who answer for roles, members: [cy] }
`;
const TARGETS = `kind: targets
targets:
  azure/billing: { kind: subscription, native: ${SUBSCRIPTION}, description: The one subscription, labels: { env: prod }, owners: [group:leads] }
`;
const PEOPLE = ['ana', 'cy', 'di'].map((key) => ({ key, name: key, email: `${key}@acme.example`, title: 'engineer' }));

let folder: string;
let azure: RbacHarness;
let idp: DemoIdp;
let broker: Broker;
let base: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'curfew-azure-'));
  copyDatabaseTo(join(folder, 'data'));
  mkdirSync(join(folder, 'rules'));
  for (const [name, text] of Object.entries({ rules: RULES, directory: DIRECTORY, targets: TARGETS }))
    writeFileSync(join(folder, 'rules', `${name}.yaml`), text);
  azure = await rbacHarness(READER);
  const port = await freePorts(1);
  base = `http://localhost:${port}`;
  idp = await startDemoIdp({ port: 0, people: PEOPLE, clientRedirects: [`${base}/sign-in/callback`] });
  broker = await startBroker({
    config: {
      host: '127.0.0.1',
      port,
      baseUrl: base,
      databaseUrl: null,
      dataDir: join(folder, 'data'),
      rulesDir: join(folder, 'rules'),
      logLevel: 'silent',
      signIn: { issuer: idp.issuer, clientId: idp.clientId, clientSecretFile: null },
      aws: null,
      azure: { tenantId: TENANT, identity: { kind: 'federated', clientId: BROKER_APP, tokenFile: '/nowhere' } },
      trustedProxies: [],
      role: 'all',
    },
    log: silentLog,
    demo: {
      people: PEOPLE,
      awsEndpoint: azure.cloud.url,
      awsIdentity: () => Promise.reject(new Error('there is no AWS here')),
      azure: { endpoint: azure.cloud.url, identity: azure.identity },
    },
  });
}, 120_000);

afterAll(async () => {
  await broker.close();
  await idp.close();
  await azure.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function signIn(who: string): Promise<Browser> {
  const agent = createUserAgent();
  await walk(agent, base, who, '/');
  return browserOf(agent, base);
}

const ITEMS = { items: [{ role: 'billing-reader', target: 'azure/billing' }], reason: 'The bill of March is wrong' };

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly residual: { readonly words: string };
  readonly landing: { readonly identity: string; readonly words: string };
  readonly proof: { readonly brief?: string; readonly words?: string } | null;
}

/** Asks, and gives back the grant once it has the status. */
async function grantOf(browser: Browser, request: string, status: string, withinMs: number): Promise<Shown> {
  const until = Date.now() + withinMs;
  for (;;) {
    const { json } = await browser.get(`/v1/requests/${request}`);
    const [grant] = (json['grants'] ?? []) as readonly Shown[];
    const shown = (await browser.get(`/v1/grants/${grant?.id ?? ''}`)).json as unknown as Shown;
    if (shown.status === status) return shown;
    if (Date.now() > until) throw new Error(JSON.stringify(shown));
    await new Promise((done) => setTimeout(done, 200));
  }
}

const ours = async (principal: string): Promise<number> =>
  (await azure.cloud.assignments()).filter((one) => one.principalId === principal && one.createdBy === BROKER_ID)
    .length;

describe('a request for a role on Azure', () => {
  test('is active when Azure has the assignment, and ended when it is proven gone', { timeout: 180_000 }, async () => {
    const ana = await signIn('ana');
    const { id: principal, login, secret } = person(80);
    const held = { secret: { accessKeyId: login, secretAccessKey: secret } };
    const preview = await ana.change('POST', '/v1/requests/preview', ITEMS);
    expect(JSON.stringify(preview.json)).toContain(`Assign Reader (${roleId('Reader')}) at ${GROUP}`);
    expect(await azure.use(held)).toBe('refused');
    const made = await ana.change('POST', '/v1/requests', ITEMS);
    expect(made.status, made.body).toBe(201);
    const active = await grantOf(ana, String(made.json['id']), 'active', 20_000);
    expect(active.residual.words).toMatch(/up to ten minutes/);
    expect(active.landing).toMatchObject({
      identity: `${principal} in Entra, Reader at ${GROUP}`,
      words: expect.stringContaining('az login') as string,
    });
    await expect.poll(() => azure.use(held), { timeout: 5_000 }).toBe('allowed');
    expect(await ours(principal)).toBe(1);
    const returned = await ana.change('POST', `/v1/grants/${active.id}/return`, {});
    expect(returned.status, returned.body).toBeLessThan(300);
    await expect.poll(() => azure.use(held), { timeout: 15_000 }).toBe('refused');
    expect(await ours(principal)).toBe(0);
    // No call that was given up can still land by then.
    const ended = await grantOf(ana, String(made.json['id']), 'ended', 120_000);
    expect(JSON.stringify(ended)).toContain('observed');
  });

  test('of somebody of whom the directory has a name alone is refused, with the command that says the id', async () => {
    const di = await signIn('di');
    const made = await di.change('POST', '/v1/requests', ITEMS);
    expect(made.status).toBe(422);
    expect(made.body).toContain('az ad user show --id di@acme.example --query id -o tsv');
  });

  test('for what somebody has already begins on that, and leaves it at its end', async () => {
    const cy = await signIn('cy');
    const { id: principal } = person(81);
    const name = '9d2f7b64-0000-4000-8000-0000000000ff';
    expect((await azure.cloud.as(OWNER, 'PUT', at(GROUP, name), write(roleId('Reader'), principal))).status).toBe(201);
    await new Promise((done) => setTimeout(done, 300));
    const made = await cy.change('POST', '/v1/requests', ITEMS);
    const active = await grantOf(cy, String(made.json['id']), 'active', 20_000);
    expect(await ours(principal)).toBe(0);
    await cy.change('POST', `/v1/grants/${active.id}/return`, {});
    const ended = await grantOf(cy, String(made.json['id']), 'ended', 20_000);
    expect(JSON.stringify(ended)).toContain('standing access remains');
    expect((await azure.cloud.assignments()).map((one) => one.name)).toContain(name);
  });
});
