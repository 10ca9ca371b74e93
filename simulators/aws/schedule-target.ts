import { AwsError } from './aws-error.ts';
import { evaluateTrust } from './policy-evaluate.ts';
import type { Schedule } from './organization-state.ts';
import type { Role, World } from './world.ts';

/** What a schedule calls when it fires. */
export type Invocation = {
  readonly service: 'sso' | 'iam';
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
};

/** The universal targets of this simulator: `arn:aws:scheduler:::aws-sdk:<service>:<apiAction>`. */
const TARGETS: Readonly<Record<string, Pick<Invocation, 'service' | 'action'>>> = {
  'ssoadmin:deleteAccountAssignment': { service: 'sso', action: 'DeleteAccountAssignment' },
  'iam:deleteRolePolicy': { service: 'iam', action: 'DeleteRolePolicy' },
  'iam:deleteUserPolicy': { service: 'iam', action: 'DeleteUserPolicy' },
};

/** Reads target and input. Throws `ValidationException` for what this simulator cannot call, or input that is no JSON object. */
export function readInvocation(target: Pick<Schedule['target'], 'arn' | 'input'>): Invocation {
  const name = /^arn:aws:scheduler:::aws-sdk:([a-z0-9]+:[a-zA-Z]+)$/.exec(target.arn)?.[1];
  const found = name === undefined ? undefined : TARGETS[name];
  if (found === undefined)
    throw new AwsError(
      'ValidationException',
      400,
      `Provided Arn ${target.arn} is not supported. This simulator calls ${Object.keys(TARGETS).join(', ')}.`,
    );
  let input: unknown;
  try {
    input = JSON.parse(target.input);
  } catch {
    input = null;
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new AwsError('ValidationException', 400, 'The input of the target is not a JSON object.');
  return { ...found, input: Object.fromEntries(Object.entries(input)) };
}

/**
 * Whether Scheduler may assume a role. `aws:SourceArn` is the ARN of the schedule group, as others have measured it: a trust
 * policy that names the schedule itself lets nobody in.
 */
export function schedulerMayAssume(
  ports: { readonly world: World; readonly now: () => number },
  role: Role,
  account: string,
  region: string,
): boolean {
  const facts = new Map<string, readonly string[]>([
    ['aws:currenttime', [new Date(ports.now()).toISOString()]],
    ['aws:sourceaccount', [account]],
    ['aws:sourcearn', [`arn:aws:scheduler:${region}:${account}:schedule-group/default`]],
  ]);
  const caller = { arn: null, roleArn: null, account: null, federated: null, service: 'scheduler.amazonaws.com' };
  const attempt = { action: 'sts:AssumeRole', resource: '*', facts };
  return evaluateTrust(ports.world.seen(role, ports.now()).trustPolicy, caller, attempt) === 'named';
}
