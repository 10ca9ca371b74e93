import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../../../simulators/aws/faults.ts';
import type { WorldDescription } from '../../../simulators/aws/world.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import {
  brokerPolicy,
  catalogueTrust,
  peopleBoundary,
  provisionerPolicy,
  provisionerTrust,
  timedPolicyPermissions,
} from '../../../src/providers/aws/permissions.ts';
import type { Nursery } from './nursery.ts';

export const EXTERNAL_ID = 'chaos';
export const BUCKET = 'chaos-invoices';
export const OBJECT = '2026-11.csv';
const HUB = '999988887777';
const ACCOUNT = '444455556666';
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/curfew/curfew-people-boundary`;
export const BROKER_ROLE = `arn:aws:iam::${HUB}:role/curfew-broker`;
/** Authorization sees a changed policy so much later, as in the demo. */
const IAM_DELAY_MS = 500;
const START_MS = 30_000;

/** The long-term key of a person's own user. */
export function ownKeyOf(person: string): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  return {
    accessKeyId: `AKIACHAOS${person.toUpperCase()}`.padEnd(20, 'X'),
    secretAccessKey: `made-up-key-of-${person}-for-chaos-alone`.padEnd(40, '-'),
  };
}

/** The simulated AWS: a process that nothing is done to but what clouds do to their callers. */
export interface Cloud {
  readonly url: string;
  /** Replaces all faults; an empty list heals. */
  setFaults(faults: readonly Fault[]): Promise<void>;
}

/** Starts the simulator with two roles that a broker may give, and waits until it listens. */
export async function startCloud(nursery: Nursery, people: readonly string[]): Promise<Cloud> {
  const file = join(nursery.folder, 'cloud.json');
  writeFileSync(file, JSON.stringify(world(people)));
  const program = fileURLToPath(new URL('../../../simulators/aws/main.ts', import.meta.url));
  const args = [program, '--world', file, '--iam-delay-ms', String(IAM_DELAY_MS)];
  const listening = Promise.withResolvers<string>();
  const child = nursery.start('cloud', process.execPath, args, {
    env: { PATH: process.env['PATH'] },
    endBy: 'SIGKILL',
    onLine: (line) => {
      if (line.startsWith('{')) listening.resolve((JSON.parse(line) as { url: string }).url);
    },
  });
  void child.exited.then((how) => listening.reject(new Error(`the simulated cloud ended: ${how}`)));
  const timer = setTimeout(() => listening.reject(new Error('the simulated cloud did not start')), START_MS);
  const url = await listening.promise.finally(() => clearTimeout(timer));
  return {
    url,
    async setFaults(faults) {
      const answer = await fetch(`${url}/_sim/faults`, { method: 'POST', body: JSON.stringify(faults) });
      if (!answer.ok) throw new Error(`the simulated cloud took no faults: ${answer.status}`);
    },
  };
}

/** Roles that allow everything: whatever a session is refused is refused because of what Curfew put into it, or on its role. */
function world(people: readonly string[]): WorldDescription {
  const names = { partition: 'aws', account: ACCOUNT, brokerRoleArn: BROKER_ROLE, externalId: EXTERNAL_ID } as const;
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const platform = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  const role = (name: string) => ({
    name,
    path: '/curfew/',
    trustPolicy: catalogueTrust(names),
    inlinePolicies: { permissions: everything },
  });
  return {
    accounts: [
      {
        id: HUB,
        roles: [
          {
            name: 'curfew-broker',
            trustPolicy: platform,
            inlinePolicies: { broker: brokerPolicy(names) },
            maxSessionDurationSeconds: 43_200,
          },
        ],
      },
      {
        id: ACCOUNT,
        roles: [
          role('reader'),
          role('publisher'),
          {
            name: 'curfew-provisioner',
            path: '/curfew/',
            trustPolicy: provisionerTrust(names),
            inlinePolicies: {
              provisioner: withoutConditions(provisionerPolicy(names)),
              timed: timedPolicyPermissions(names, 'people/'),
            },
          },
        ],
        // People who have users of their own, which may do nothing with the bucket unless a timed policy says so.
        users: people.map((name) => {
          const { accessKeyId: id, secretAccessKey: secret } = ownKeyOf(name);
          return { name, path: '/people/', permissionsBoundary: BOUNDARY, accessKeys: [{ id, secret }] };
        }),
        policies: [{ name: 'curfew-people-boundary', path: '/curfew/', document: peopleBoundary(names) }],
        buckets: [{ name: BUCKET, objects: [{ key: OBJECT, body: 'invoice,amount\n' }] }],
      },
    ],
  };
}

/** The conditions are about permissions boundaries, which the roles of this world do not have. */
function withoutConditions(policy: JsonObject): JsonObject {
  const { Statement: statements } = policy;
  if (!Array.isArray(statements)) throw new Error('no list of statements');
  const list = statements as readonly JsonObject[];
  return { ...policy, Statement: list.map(({ Condition: _boundary, ...rest }) => rest) };
}
