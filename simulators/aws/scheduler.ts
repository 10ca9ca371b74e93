import { AwsError } from './aws-error.ts';
import { draw } from '../shared/draw.ts';
import type { CloudSettings } from './cloud-settings.ts';
import { page, type JsonInput, type TextRule } from './json-input.ts';
import { authorizeAll, seconds, type JsonCall, type JsonOperation } from './json-service.ts';
import type { Schedule } from './organization-state.ts';
import { readInvocation, schedulerMayAssume } from './schedule-target.ts';
import type { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** Constraints of botocore's service model of scheduler (2021-06-30). */
const NAME: TextRule = { min: 1, max: 64, pattern: /^[0-9a-zA-Z-_.]+$/ };
const TOKEN: TextRule = { min: 1, max: 64, pattern: /^[a-zA-Z0-9-_]+$/ };
const ROLE: TextRule = { min: 1, max: 1_600, pattern: /^arn:aws(-[a-z]+)?:iam::\d{12}:role\/[\w+=,.@/-]+$/ };
const QUEUE: TextRule = { min: 1, max: 1_600, pattern: /^arn:aws(-[a-z]+)?:sqs:[a-z0-9-]+:\d{12}:[a-zA-Z0-9\-_]+$/ };
const STATE: TextRule = { values: ['ENABLED', 'DISABLED'] };
const MAX_ATTEMPTS = 185;
const MAX_AGE_SECONDS = 86_400;

export type SchedulerPorts = {
  readonly world: World;
  readonly sessions: Sessions;
  readonly now: () => number;
  readonly settings: () => CloudSettings;
};

/** One-time schedules of EventBridge Scheduler, in the group `default`. */
export function schedulerOperations(ports: SchedulerPorts): Readonly<Record<string, JsonOperation>> {
  const { world, sessions, now } = ports;
  const schedules = (): Schedule[] => world.organization.schedules;
  const find = (
    call: JsonCall,
    action: string,
  ): { schedule: Schedule | null; name: string; group: string; arn: string } => {
    const name = call.input.text('Name', NAME);
    const group = call.input.optionalText('GroupName', NAME) ?? 'default';
    const { account } = call.session.role;
    const arn = `arn:aws:scheduler:${call.region}:${account}:schedule/${group}/${name}`;
    authorizeAll(sessions, call, `scheduler:${action}`, [{ arn }]);
    if (group !== 'default') throw missing(`Schedule group ${group} does not exist.`);
    const schedule = schedules().find((one) => one.account === account && one.group === group && one.name === name);
    return { schedule: schedule ?? null, name, group, arn };
  };
  const existing = (call: JsonCall, action: string): Schedule => {
    const { schedule, name } = find(call, action);
    if (schedule === null) throw missing(`Schedule ${name} does not exist.`);
    return schedule;
  };

  return {
    CreateSchedule: (call) => {
      const { schedule, name, group, arn } = find(call, 'CreateSchedule');
      const wanted = readSchedule(ports, call);
      if (schedule !== null) {
        // The same call again is the same schedule; another one under its name is refused.
        const repeated = wanted.clientToken !== null && wanted.clientToken === schedule.clientToken;
        if (repeated && wanted.fingerprint === schedule.fingerprint) return { ScheduleArn: schedule.arn };
        throw new AwsError('ConflictException', 409, `Schedule ${name} already exists.`);
      }
      const { account } = call.session.role;
      schedules().push({ ...wanted, account, group, name, arn, createdAt: now(), modifiedAt: now() });
      world.save();
      return { ScheduleArn: arn };
    },
    GetSchedule: (call) => {
      const schedule = existing(call, 'GetSchedule');
      call.input.requireAllRead();
      return described(schedule);
    },
    UpdateSchedule: (call) => {
      const schedule = existing(call, 'UpdateSchedule');
      // Whatever is left out becomes the default again.
      Object.assign(schedule, readSchedule(ports, call), { modifiedAt: now() });
      world.save();
      return { ScheduleArn: schedule.arn };
    },
    DeleteSchedule: (call) => {
      const schedule = existing(call, 'DeleteSchedule');
      call.input.optionalText('ClientToken', TOKEN);
      call.input.requireAllRead();
      schedules().splice(schedules().indexOf(schedule), 1);
      world.save();
      return {};
    },
    ListSchedules: (call) => {
      const { input } = call;
      const group = input.optionalText('ScheduleGroup', NAME);
      const prefix = input.optionalText('NamePrefix', NAME) ?? '';
      const state = input.optionalText('State', STATE);
      authorizeAll(sessions, call, 'scheduler:ListSchedules', [{ arn: '*' }]);
      const listed = schedules().filter(
        (one) =>
          one.account === call.session.role.account &&
          (group === null || one.group === group) &&
          one.name.startsWith(prefix) &&
          (state === null || one.state === state),
      );
      const { items, next } = page(listed, input);
      return { Schedules: items.map(brief), ...next };
    },
    ListScheduleGroups: (call) => {
      const prefix = call.input.optionalText('NamePrefix', NAME) ?? '';
      authorizeAll(sessions, call, 'scheduler:ListScheduleGroups', [{ arn: '*' }]);
      const Arn = `arn:aws:scheduler:${call.region}:${call.session.role.account}:schedule-group/default`;
      const { items, next } = page([{ Arn, Name: 'default', State: 'ACTIVE' }], call.input);
      return { ScheduleGroups: items.filter((one) => one.Name.startsWith(prefix)), ...next };
    },
  };
}

type ReadSchedule = Omit<Schedule, 'account' | 'group' | 'name' | 'arn' | 'createdAt' | 'modifiedAt'>;

/** Reads what CreateSchedule and UpdateSchedule share, and checks that the caller may pass the role and Scheduler assume it. */
function readSchedule(ports: SchedulerPorts, call: JsonCall): ReadSchedule {
  const { input } = call;
  const clientToken = input.optionalText('ClientToken', TOKEN);
  const description = input.optionalText('Description', { max: 512 });
  const mode = input.object('FlexibleTimeWindow').text('Mode', { values: ['OFF', 'FLEXIBLE'] });
  if (mode !== 'OFF') throw invalid('This simulator has no flexible time windows: say {"Mode": "OFF"}.');
  const zone = input.optionalText('ScheduleExpressionTimezone', { min: 1, max: 50 }) ?? 'UTC';
  if (zone !== 'UTC') throw invalid('This simulator knows the time zone UTC only.');
  const expression = input.text('ScheduleExpression', { min: 1, max: 256 });
  const at = readAt(expression);
  // That the past is refused is what others report; the documentation does not say it.
  if (at <= ports.now()) throw invalid(`Invalid Schedule Expression ${expression}: it is in the past.`);
  const state = input.optionalText('State', STATE) === 'DISABLED' ? 'DISABLED' : 'ENABLED';
  const after = input.optionalText('ActionAfterCompletion', { values: ['NONE', 'DELETE'] });
  const target = readTarget(input.object('Target'));
  input.requireAllRead();
  requirePassable(ports, call, target.roleArn);
  const { fireDelayMs, seed } = ports.settings();
  return {
    description,
    expression,
    at,
    state,
    actionAfterCompletion: after === 'DELETE' ? 'DELETE' : 'NONE',
    target,
    clientToken,
    fingerprint: JSON.stringify([description, expression, state, after, target]),
    attempts: 0,
    nextAttemptAt: state === 'DISABLED' ? null : at + draw(fireDelayMs, seed, ports.world.organization),
  };
}

function readTarget(input: JsonInput): Schedule['target'] {
  const arn = input.text('Arn', { min: 1, max: 1_600 });
  const roleArn = input.text('RoleArn', ROLE);
  const text = input.optionalText('Input', { min: 1 }) ?? '{}';
  const retry = input.optionalObject('RetryPolicy');
  const target = {
    arn,
    roleArn,
    input: text,
    maximumEventAgeSeconds: retry?.integer('MaximumEventAgeInSeconds', 60, MAX_AGE_SECONDS) ?? MAX_AGE_SECONDS,
    maximumRetryAttempts: retry?.integer('MaximumRetryAttempts', 0, MAX_ATTEMPTS) ?? MAX_ATTEMPTS,
    deadLetterArn: input.optionalObject('DeadLetterConfig')?.optionalText('Arn', QUEUE) ?? null,
  };
  readInvocation(target);
  return target;
}

/** The caller must be allowed to pass the role, and the role must trust Scheduler: AWS checks both when a schedule is written. */
function requirePassable(ports: SchedulerPorts, call: JsonCall, roleArn: string): void {
  const PassedToService = { 'iam:PassedToService': 'scheduler.amazonaws.com' };
  authorizeAll(ports.sessions, call, 'iam:PassRole', [{ arn: roleArn }], PassedToService);
  const { account } = call.session.role;
  const role = ports.world.roleByArn(roleArn);
  if (role === null || role.account !== account || !schedulerMayAssume(ports, role, account, call.region))
    throw invalid('The execution role you provide must allow AWS EventBridge Scheduler to assume the role.');
}

function readAt(expression: string): number {
  const match = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression);
  const at = match === null ? Number.NaN : Date.parse(`${match[1]}Z`);
  // A day that does not exist, such as February 30, is moved by the parser instead of refused.
  const real = !Number.isNaN(at) && new Date(at).toISOString().slice(0, 19) === match?.[1];
  if (!real) throw invalid(`Invalid Schedule Expression ${expression}. This simulator knows at(yyyy-mm-ddThh:mm:ss).`);
  return at;
}

function described(schedule: Schedule): Readonly<Record<string, unknown>> {
  const { target } = schedule;
  return {
    Name: schedule.name,
    GroupName: schedule.group,
    Arn: schedule.arn,
    ScheduleExpression: schedule.expression,
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: schedule.actionAfterCompletion,
    State: schedule.state,
    CreationDate: seconds(schedule.createdAt),
    LastModificationDate: seconds(schedule.modifiedAt),
    ...(schedule.description === null ? {} : { Description: schedule.description }),
    Target: {
      Arn: target.arn,
      RoleArn: target.roleArn,
      Input: target.input,
      RetryPolicy: {
        MaximumEventAgeInSeconds: target.maximumEventAgeSeconds,
        MaximumRetryAttempts: target.maximumRetryAttempts,
      },
      ...(target.deadLetterArn === null ? {} : { DeadLetterConfig: { Arn: target.deadLetterArn } }),
    },
  };
}

const brief = (schedule: Schedule): Readonly<Record<string, unknown>> => ({
  Arn: schedule.arn,
  Name: schedule.name,
  GroupName: schedule.group,
  State: schedule.state,
  CreationDate: seconds(schedule.createdAt),
  LastModificationDate: seconds(schedule.modifiedAt),
  Target: { Arn: schedule.target.arn },
});

const invalid = (message: string): AwsError => new AwsError('ValidationException', 400, message);
const missing = (message: string): AwsError => new AwsError('ResourceNotFoundException', 404, message);
