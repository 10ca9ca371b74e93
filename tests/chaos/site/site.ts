import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startDemoIdp } from '../../../simulators/idp/demo-idp.ts';
import { newAuthority } from '../../contract/authority.ts';
import { freePorts } from '../../free-ports.ts';
import { CLIENT, startAzure, TENANT, type Azure } from './azure.ts';
import { BrokerNode } from './broker.ts';
import { startCloud, type Cloud } from './cloud.ts';
import { Nursery } from './nursery.ts';
import { Postgres } from './postgres.ts';
import { Proxy } from './proxy.ts';
import { CENTER, EXTERNAL_ID } from './world.ts';

const BROKERS = 3;
const START_MS = 90_000;
const COMPANY = fileURLToPath(new URL('../company/', import.meta.url));

/** Everything that runs: three brokers behind one address, each with a network of its own to their one database, and a cloud. */
export interface Site {
  readonly nursery: Nursery;
  readonly postgres: Postgres;
  readonly cloud: Cloud;
  readonly azure: Azure;
  readonly brokers: readonly BrokerNode[];
  /** The network between each broker and the database, in the order of the brokers. */
  readonly networks: readonly Proxy[];
  /** The address that people use. */
  readonly url: string;
  /** Keys of everybody in the directory who may ask, in the storm and when it is over, and of those who agree. */
  readonly people: {
    readonly engineers: readonly string[];
    readonly newcomers: readonly string[];
    readonly leads: readonly string[];
  };
  /** Waits until every broker says that it is ready; names those that do not. */
  untilReady(timeoutMs: number): Promise<readonly string[]>;
  close(keepFolder: boolean): Promise<readonly string[]>;
}

export async function openSite(nursery: Nursery): Promise<Site> {
  const people = readPeople();
  const { pem, certificate } = await newAuthority();
  // One authority for all brokers: each reads the same file, which is neither in the database nor in its copies.
  const authorityFile = join(nursery.folder, 'ca.pem');
  writeFileSync(authorityFile, pem, { mode: 0o600 });
  const platform = join(nursery.folder, 'platform');
  const askers = [...people.engineers, ...people.newcomers];
  const [postgres, cloud, azure] = await Promise.all([
    Postgres.begin(nursery),
    startCloud(nursery, askers, certificate),
    startAzure(nursery, askers, platform),
  ]);
  const brokers: BrokerNode[] = [];
  let turn = 0;
  // Each connection begins at another broker, and goes on to the next where nobody listens.
  const door = new Proxy(() => {
    turn += 1;
    return brokers.map((_, index) => brokers[(index + turn) % brokers.length]?.port ?? 0);
  });
  await door.listen();
  const url = `http://localhost:${door.port}`;
  const staff = [...people.engineers, ...people.newcomers, ...people.leads].map((key) => ({
    key,
    name: key,
    title: 'person',
    email: `${key}@chaos.example`,
  }));
  const idp = await startDemoIdp({ port: 0, people: staff, clientRedirects: [`${url}/sign-in/callback`] });
  const networks: Proxy[] = [];
  for (let index = 0; index < BROKERS; index += 1) {
    const network = new Proxy(() => [postgres.port]);
    await network.listen();
    networks.push(network);
    const env = {
      PATH: process.env['PATH'],
      CHAOS_CLOUD: cloud.url,
      CHAOS_AZURE: azure.url,
      CHAOS_PLATFORM: platform,
      DATABASE_URL: postgres.url(network.port),
      CURFEW_BASE_URL: url,
      CURFEW_DATA_DIR: join(nursery.folder, 'data'),
      CURFEW_RULES_DIR: COMPANY,
      CURFEW_OIDC_ISSUER: idp.issuer,
      CURFEW_OIDC_CLIENT_ID: idp.clientId,
      CURFEW_AWS_EXTERNAL_ID: EXTERNAL_ID,
      CURFEW_AWS_IDENTITY_CENTER: CENTER,
      CURFEW_AWS_CA_FILE: authorityFile,
      CURFEW_AZURE_TENANT: TENANT,
      AZURE_CLIENT_ID: CLIENT,
      CURFEW_LOG_LEVEL: 'info',
    };
    brokers.push(new BrokerNode(nursery, `broker-${index + 1}`, await freePorts(1), env));
  }
  brokers.forEach((broker) => broker.start());
  const site: Site = {
    nursery,
    postgres,
    cloud,
    azure,
    brokers,
    networks,
    url,
    people,
    async untilReady(timeoutMs) {
      for (const until = Date.now() + timeoutMs; ; await pause(200)) {
        const ready = await Promise.all(brokers.map((broker) => broker.isReady()));
        const silent = brokers.filter((_, index) => ready[index] !== true).map((broker) => broker.name);
        if (silent.length === 0 || Date.now() > until) return silent;
      }
    },
    async close(keepFolder) {
      brokers.forEach((broker) => broker.forget());
      await azure.close();
      const left = await nursery.clear(keepFolder);
      await Promise.all([...networks, door].map((proxy) => proxy.close()));
      await idp.close();
      return left;
    },
  };
  const silent = await site.untilReady(START_MS);
  if (silent.length > 0) throw new Error(`${silent.join(', ')} did not start:\n${nursery.lastWords(silent[0] ?? '')}`);
  azure.sweep(join(nursery.folder, 'data', 'keys', 'ends.pem'));
  return site;
}

/** The directory is written one member list a line, and that is all that is needed of it here. */
function readPeople(): Site['people'] {
  const text = readFileSync(join(COMPANY, 'directory.yaml'), 'utf8');
  const members = (group: string) =>
    (new RegExp(`^ {2}${group}: .*members: \\[([^\\]]*)\\]`, 'm').exec(text)?.[1] ?? '').split(', ');
  return { engineers: members('engineers'), newcomers: members('newcomers'), leads: members('leads') };
}
