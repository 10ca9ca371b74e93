import { setTimeout as pause } from 'node:timers/promises';
import { NEW_SESSIONS_MS } from './people/wallet.ts';
import type { Site } from './site/site.ts';
import { BYSTANDER, OWNED_SET, OWNERS_STATEMENT, PERMISSION_SET } from './site/world.ts';

/** What the simulated cloud remembers of its organization. Times are epoch milliseconds. */
interface Remembered {
  readonly identityCenter: {
    readonly users: readonly { readonly id: string; readonly userName: string }[];
    readonly permissionSets: readonly {
      readonly arn: string;
      readonly name: string;
      readonly inlinePolicy: string | null;
    }[];
    readonly assignments: readonly {
      readonly permissionSetArn: string;
      readonly principalId: string;
      readonly until: number | null;
    }[];
  };
  readonly schedules: readonly { readonly name: string; readonly at: number }[];
  readonly failedInvocations: readonly { readonly scheduleArn: string; readonly message: string }[];
}

interface Statement {
  readonly Sid?: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** By then every grant is over that a restore can have forgotten. */
const LONGEST_WAIT_MS = 90_000;
/** Statements that Curfew writes into permission sets that are its own. */
const TOMBSTONE = /^Curfew[0-9a-f]{24}$/;

/**
 * What is left in IAM Identity Center and EventBridge Scheduler when every grant is over, waiting for schedules that are still to come: of a grant
 * that a restore has forgotten nobody else takes the assignment away.
 */
export async function centerFaults({ cloud }: Site): Promise<readonly string[]> {
  let seen = await remember(cloud.url);
  const last = Math.max(Date.now(), ...seen.schedules.map(({ at }) => at));
  const due = Math.min(last, Date.now() + LONGEST_WAIT_MS) + NEW_SESSIONS_MS;
  for (; Date.now() < due && faultsIn(seen).length > 0; seen = await remember(cloud.url)) await pause(1_000);
  return faultsIn(seen);
}

async function remember(url: string): Promise<Remembered> {
  return (await (await fetch(`${url}/_sim/organization`)).json()) as Remembered;
}

function faultsIn({ identityCenter, schedules, failedInvocations }: Remembered): readonly string[] {
  const { users, permissionSets, assignments } = identityCenter;
  const nameOf = new Map([
    ...users.map(({ id, userName }) => [id, userName] as const),
    ...permissionSets.map(({ arn, name }) => [arn, name] as const),
  ]);
  const standing = assignments
    .filter(({ until }) => until === null)
    .map((one) => ({ who: nameOf.get(one.principalId), set: nameOf.get(one.permissionSetArn) }));
  const ours = standing.filter(({ who }) => who !== BYSTANDER);
  const gone = [PERMISSION_SET, OWNED_SET].filter(
    (name) => !standing.some(({ who, set }) => who === BYSTANDER && set === name),
  );
  return [
    ...ours.map(({ who, set }) => `${set} is still assigned to ${who}`),
    ...gone.map((set) => `${set} was assigned to ${BYSTANDER} by somebody else, and is not any more`),
    ...schedules.map(({ name, at }) => `the schedule ${name} is left, due at ${new Date(at).toISOString()}`),
    ...failedInvocations.map(({ scheduleArn, message }) => `${scheduleArn} was given up: ${message}`),
    ...permissionSets.flatMap(({ name, inlinePolicy }) =>
      policyFaults(inlinePolicy).map((fault) => `${name}: ${fault}`),
    ),
  ];
}

/** Denials may stand for an hour after the end, and each must be in force by now; what the owner wrote is as it was. */
function policyFaults(inlinePolicy: string | null): readonly string[] {
  const { Statement = [] } = JSON.parse(inlinePolicy ?? '{}') as { Statement?: readonly Statement[] };
  const owners = Statement.filter(({ Sid }) => !TOMBSTONE.test(Sid ?? ''));
  const faults = Statement.filter(({ Sid }) => TOMBSTONE.test(Sid ?? '')).flatMap(({ Sid, Condition }) => {
    const from = Date.parse(Condition?.['DateGreaterThanEquals']?.['aws:CurrentTime'] ?? '');
    return from <= Date.now() ? [] : [`the denial ${Sid} is not in force when everything is over`];
  });
  if (JSON.stringify(owners) !== JSON.stringify([OWNERS_STATEMENT]))
    faults.push(`what its owner wrote is now ${JSON.stringify(owners)}`);
  return faults;
}
