import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stableGuid } from '../../../simulators/azure/guid.ts';
import type { RoleAssignment } from '../../../simulators/azure/role-assignment-state.ts';
import type { WorldDescription } from '../../../simulators/azure/world.ts';
import { openDemoPlatform, type PlatformIdentity } from '../../../src/cli/demo/demo-platform.ts';
import { azureRoleByName } from '../../../src/core/azure-roles.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { sweepOnce, type AzureIdentity } from '../../../src/providers/azure/index.ts';
import { BROKER_ROLE, delegationCondition } from '../../../src/providers/azure/permissions.ts';
import { createEndSigner } from '../../../src/providers/signed-end.ts';
import type { Nursery } from './nursery.ts';

export const TENANT = '3b0f7c52-4d1e-4a86-9c3f-7e5a2b90d614';
export const CLIENT = '8d26e1f4-0b7a-4c95-b1de-53f8a9c6027d';
const SUBSCRIPTION = '5c9a1e37-62d8-4f0b-8e74-0d3b6f2a9c18';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/invoices`;
/** What people are given: to look at the resource group. */
const ROLE = 'Reader';
const TRUSTED: PlatformIdentity = { issuer: 'https://platform.chaos.example', subject: 'curfew' };
/** Somebody to whom others have assigned the same, and who never asks. */
const BYSTANDER = 'old';
const SECRET = 'chaos';
const START_MS = 30_000;
const SWEEP_EVERY_MS = 3_000;
const ANSWER_MS = 10_000;

/** Object id of somebody, as the directory says it too: `company/directory.yaml` is checked against this. */
export const oidOf = (person: string): string => stableGuid(TENANT, 'User', `${person}@chaos.example`);

/** The simulated Azure, and the sweeper that ends what is overdue there: Azure has no end of its own for what is given in this company. */
export interface Azure {
  readonly url: string;
  /** Whether somebody, with a sign-in of their own, may look at the resource group now. `null`: Azure did not answer. */
  look(person: string): Promise<boolean | null>;
  /** What Curfew has assigned and is there. */
  ours(): Promise<readonly RoleAssignment[]>;
  /** What somebody assigned by hand before, and is not there any more, or works no longer. */
  bystanders(): Promise<readonly string[]>;
  /** Replaces all faults; an empty list heals. */
  setFaults(faults: readonly object[]): Promise<void>;
  /** Begins to sweep, with nothing but the public key of the brokers' `ends.pem`. */
  sweep(keyFile: string): void;
  /** What the sweeper has ended so far, and what it could not say. */
  swept(): { readonly ended: number; readonly alarms: number };
  close(): Promise<void>;
}

/** What the brokers are on Azure; `folder`: where the platform keeps its key. */
export function identityIn(folder: string): AzureIdentity {
  const platform = openDemoPlatform(folder);
  const assertion = () => platform.assertion(TRUSTED);
  return { kind: 'federated', tenantId: TENANT, clientId: CLIENT, assertion };
}

export async function startAzure(nursery: Nursery, people: readonly string[], folder: string): Promise<Azure> {
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const file = join(nursery.folder, 'azure.json');
  writeFileSync(file, JSON.stringify(worldOf([...people, BYSTANDER], openDemoPlatform(folder).publishedKey)));
  const program = fileURLToPath(new URL('../../../simulators/azure/main.ts', import.meta.url));
  const listening = Promise.withResolvers<string>();
  const child = nursery.start('azure', process.execPath, [program, '--world', file], {
    env: { PATH: process.env['PATH'] },
    endBy: 'SIGKILL',
    onLine: (line) => {
      if (line.startsWith('{')) listening.resolve((JSON.parse(line) as { url: string }).url);
    },
  });
  void child.exited.then((how) => listening.reject(new Error(`the simulated Azure ended: ${how}`)));
  const timer = setTimeout(() => listening.reject(new Error('the simulated Azure did not start')), START_MS);
  const url = await listening.promise.finally(() => clearTimeout(timer));
  const tokens = new Map<string, string>();
  const stop = new AbortController();
  const swept = { ended: 0, alarms: 0 };
  let sweeping = Promise.resolve();

  const all = async () => (await (await fetch(`${url}/_sim/assignments`)).json()) as readonly RoleAssignment[];
  const brokers = stableGuid(TENANT, 'ServicePrincipal', CLIENT);
  const look = async (person: string): Promise<boolean | null> => {
    try {
      const bearer = tokens.get(person) ?? (await tokenOf(url, person));
      tokens.set(person, bearer);
      const answer = await fetch(`${url}${GROUP}?api-version=2021-04-01`, {
        headers: { authorization: `Bearer ${bearer}` },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      return answer.status === 200 ? true : answer.status === 403 || answer.status === 404 ? false : null;
    } catch {
      return null;
    }
  };
  return {
    url,
    look,
    ours: async () => (await all()).filter(({ createdBy }) => createdBy === brokers),
    async bystanders() {
      const theirs = (await all()).some(({ principalId }) => principalId === oidOf(BYSTANDER));
      if (!theirs) return ['what somebody else had assigned on Azure is gone'];
      return (await look(BYSTANDER)) === true ? [] : ['what somebody else had assigned on Azure does not work'];
    },
    async setFaults(faults) {
      const answer = await fetch(`${url}/_sim/faults`, { method: 'POST', body: JSON.stringify(faults) });
      if (!answer.ok) throw new Error(`the simulated Azure refused faults: ${answer.status}`);
    },
    sweep(keyFile) {
      const { publicKey } = createEndSigner(readFileSync(keyFile, 'utf8'));
      const identity = identityIn(folder);
      const run = async (): Promise<void> => {
        while (!stop.signal.aborted) {
          const limits = { signal: stop.signal, runMs: 10_000, version: 'chaos', dryRun: false };
          const where = { scopes: [`/subscriptions/${SUBSCRIPTION}`], endpoint: url, allowCustomEndpoint: true };
          const { counts } = await sweepOnce({ ...limits, ...where, identity, clock: systemClock, keys: [publicKey] });
          swept.ended += counts.ended;
          swept.alarms += counts.alarms;
          await pause(SWEEP_EVERY_MS, null, { signal: stop.signal }).catch(() => {});
        }
      };
      sweeping = run();
    },
    swept: () => ({ ...swept }),
    async close() {
      stop.abort();
      await sweeping.catch(() => {});
    },
  };
}

async function tokenOf(url: string, person: string): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: person, client_secret: SECRET };
  const body = new URLSearchParams({ ...form, resource: 'https://management.azure.com' });
  const answer = await fetch(`${url}/adfs/oauth2/token`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const { access_token: token } = (await answer.json()) as { readonly access_token?: string };
  if (token === undefined) throw new Error(`${person} cannot sign in to Azure`);
  return token;
}

function worldOf(people: readonly string[], platformKey: object): WorldDescription {
  const scope = `/subscriptions/${SUBSCRIPTION}`;
  const role = azureRoleByName(ROLE)?.id ?? '';
  return {
    tenants: [
      {
        id: TENANT,
        displayName: 'Chaos',
        domains: ['chaos.example'],
        users: people.map((name) => ({ id: oidOf(name), userPrincipalName: `${name}@chaos.example` })),
        applications: [
          { appId: CLIENT, displayName: 'Curfew', federatedCredentials: [{ name: 'platform', ...TRUSTED }] },
        ],
        testLogins: people.map((name) => ({ clientId: name, secret: SECRET, user: `${name}@chaos.example` })),
      },
    ],
    subscriptions: [{ id: SUBSCRIPTION, displayName: 'chaos', tenant: TENANT, resourceGroups: [{ name: 'invoices' }] }],
    roleAssignments: [
      { tenant: TENANT, scope, role: BROKER_ROLE, principal: CLIENT, condition: delegationCondition([role]) },
      { tenant: TENANT, scope: GROUP, role: ROLE, principal: `${BYSTANDER}@chaos.example` },
    ],
    issuers: [{ url: TRUSTED.issuer, keys: [platformKey] }],
  };
}
