import { AwsError } from './aws-error.ts';
import { draw } from '../shared/draw.ts';
import { faultError, type Faults } from './faults.ts';
import type { HttpCall } from '../shared/http-call.ts';
import { JsonInput } from './json-input.ts';
import { jsonCode, type JsonCall } from './json-service.ts';
import type { Schedule } from './organization-state.ts';
import { Parameters, type Operation } from './query-service.ts';
import { readInvocation, schedulerMayAssume, type Invocation } from './schedule-target.ts';
import type { SchedulerPorts } from './scheduler.ts';
import { sessionArn, type Session } from './sessions.ts';
import { uriEncode } from './sigv4.ts';

const LONGEST_WAIT_MS = 480_000;
const KEPT_FAILURES = 1_000;

export type FiringPorts = SchedulerPorts & {
  readonly faults: Faults;
  /** A call of sso-admin as a client would make it: its rate limit and its faults count as well. */
  readonly callSso: (action: string, call: JsonCall) => void;
  readonly iam: Readonly<Record<string, Operation>>;
  readonly record: (service: string, action: string, principal: string | null, code: string) => void;
};

/** Fires schedules: assumes their role, makes their call, and tries again as their retry policy says. */
export class ScheduleFiring {
  readonly #ports: FiringPorts;

  constructor(ports: FiringPorts) {
    this.#ports = ports;
  }

  nextDueAt(): number | null {
    let next: number | null = null;
    for (const { nextAttemptAt: at } of this.#ports.world.organization.schedules)
      if (at !== null && (next === null || at < next)) next = at;
    return next;
  }

  /** Makes the attempt that is due first. */
  fireNext(): void {
    const due = this.nextDueAt();
    const schedule = this.#ports.world.organization.schedules.find((one) => one.nextAttemptAt === due);
    if (schedule === undefined || due === null) return;
    schedule.attempts += 1;
    try {
      this.#attempt(schedule);
      this.#complete(schedule);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.#failed(schedule, error);
    }
    this.#ports.world.save();
  }

  #attempt(schedule: Schedule): void {
    const { faults, record } = this.#ports;
    const fault = faults.take(
      'itself',
      'scheduler',
      'fire',
      `${schedule.name} ${schedule.target.arn} ${schedule.target.input}`,
    );
    if (fault?.kind === 'delay') throw new Postponed(this.#ports.now() + Math.max(1, fault.delayMs ?? 0));
    const refused = fault === null ? null : faultError(fault, 'scheduler');
    if (refused !== null || fault?.kind === 'drop-before') {
      const error = refused ?? new AwsError('InternalServerError', 500, 'The call did not arrive.');
      record('scheduler', 'fire', null, error.code);
      throw error;
    }
    this.#invoke(schedule);
    // It has happened, and Scheduler never hears of it.
    if (fault !== null) throw new AwsError('InternalServerError', 500, 'The answer was lost.');
  }

  #invoke(schedule: Schedule): void {
    const { world, sessions, record } = this.#ports;
    const region = schedule.arn.split(':')[3] ?? 'us-east-1';
    const invocation = readInvocation(schedule.target);
    const role = world.roleByArn(schedule.target.roleArn);
    let principal: string | null = null;
    try {
      if (role === null || !schedulerMayAssume(this.#ports, role, schedule.account, region))
        throw new AwsError('AccessDenied', 403, 'Scheduler cannot assume the role of this schedule.');
      const facts = { sessionName: schedule.name, sourceIdentity: null, tags: {}, policy: null };
      const { session } = sessions.issue(role, facts, 3_600);
      principal = sessionArn(session);
      this.#call(invocation, session, region);
      record(invocation.service, invocation.action, principal, 'OK');
    } catch (error) {
      if (error instanceof AwsError) {
        const { service, action } = invocation;
        record(service, action, principal, service === 'iam' ? error.code : jsonCode(error.code, service));
      }
      throw error;
    }
  }

  #call({ service, action, input }: Invocation, session: Session, region: string): void {
    const { faults, callSso, iam } = this.#ports;
    const body = JSON.stringify(input);
    const fault = faults.take('itself', service, action, body);
    const refused = fault === null ? null : faultError(fault, service);
    if (refused !== null) throw refused;
    if (fault?.kind === 'drop-before') throw new AwsError('InternalServerError', 500, 'The call did not arrive.');
    const http: HttpCall = {
      method: 'POST',
      rawPath: '/',
      query: [],
      headers: new Map(),
      body: Buffer.from(body),
      remoteAddress: 'scheduler.amazonaws.com',
    };
    if (service === 'sso') callSso(action, { http, input: JsonInput.parse(body), session, region });
    else {
      const form = Object.entries(input).map(([name, value]) => `${uriEncode(name)}=${uriEncode(String(value))}`);
      const operation = iam[action];
      const call = { http, parameters: new Parameters(form.join('&')), session, region, requestId: 'scheduler' };
      if (operation === undefined || operation(call) instanceof Promise)
        throw new AwsError('InternalFailure', 500, `This simulator cannot call ${action} from a schedule.`);
    }
    if (fault?.kind === 'drop-after') throw new AwsError('InternalServerError', 500, 'The answer was lost.');
  }

  #failed(schedule: Schedule, error: AwsError): void {
    const { now, settings, world } = this.#ports;
    if (error instanceof Postponed) {
      schedule.attempts -= 1;
      schedule.nextAttemptAt = error.until;
      return;
    }
    const { maximumRetryAttempts, maximumEventAgeSeconds } = schedule.target;
    const waitMs = Math.min(LONGEST_WAIT_MS, settings().retryBaseMs * 2 ** Math.min(schedule.attempts - 1, 20));
    // Half of it is chance, or schedules of one moment would collide for ever.
    const next = now() + Math.max(1, draw([waitMs / 2, waitMs], settings().seed, world.organization));
    const code = jsonCode(error.code, 'scheduler');
    const passing = error.status >= 500 || code === 'ThrottlingException';
    const again =
      schedule.attempts <= maximumRetryAttempts &&
      next <= schedule.at + maximumEventAgeSeconds * 1_000 &&
      (passing || settings().retryRefused);
    if (again) {
      schedule.nextAttemptAt = next;
      return;
    }
    const { failedInvocations } = world.organization;
    const { arn, attempts } = schedule;
    failedInvocations.push({ at: now(), scheduleArn: arn, attempts, code, message: error.message });
    if (failedInvocations.length > KEPT_FAILURES) failedInvocations.shift();
    this.#complete(schedule);
  }

  /** A schedule that was given up is complete as well: it is deleted all the same. */
  #complete(schedule: Schedule): void {
    const { schedules } = this.#ports.world.organization;
    schedule.nextAttemptAt = null;
    if (schedule.actionAfterCompletion === 'DELETE') schedules.splice(schedules.indexOf(schedule), 1);
  }
}

/** Not an attempt: the schedule fires later. */
class Postponed extends AwsError {
  readonly until: number;

  constructor(until: number) {
    super('Postponed', 500, 'later');
    this.until = until;
  }
}
