import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { BadHttpCall, readHttpCall, sendAnswer, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { Journal } from '../shared/journal.ts';
import { listenOnLoopback, type Loopback } from '../shared/loopback.ts';
import { AwsError } from './aws-error.ts';
import type { CloudSettings } from './cloud-settings.ts';
import { Faults, faultError } from './faults.ts';
import { readAt, type Delays } from './iam-parts.ts';
import { iamOperations, IAM_NAMESPACE } from './iam.ts';
import { jsonCode } from './json-service.ts';
import { OrganizationServices } from './organization-services.ts';
import { Parameters, queryAnswer, queryError, type Operation } from './query-service.ts';
import { answerS3, s3Action, s3Address, s3Error } from './s3.ts';
import { createSession, isCertificateSigned } from './roles-anywhere-session.ts';
import { createSeal } from './seal.ts';
import { sessionArn, Sessions, type Session } from './sessions.ts';
import { awsSkewTolerance, readSignatureClaim, verifySignature } from './sigv4-verify.ts';
import { answerSignin } from './signin.ts';
import { STS_NAMESPACE, stsOperations } from './sts.ts';
import { World, type WorldDescription } from './world.ts';

export type SimulatorOptions = {
  /** 0 takes a free port. Only loopback is listened on. */
  readonly port: number;
  readonly world: WorldDescription;
  /** Keeps the cloud across restarts; without it, it is in memory. The description counts only for a new file. */
  readonly stateFile?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long authorization does not see a change of a policy. */
  readonly iamDelayMs?: number;
  /** How long IAM's own reads do not see it. Default 0. */
  readonly iamReadDelayMs?: number;
  /** How Identity Center and EventBridge Scheduler behave in time. */
  readonly settings?: Partial<CloudSettings>;
};

export type AwsSimulator = Loopback & { readonly lastCallAt: () => number };

/** What is known about a call while it is answered; errors and the journal need it. */
type Known = { service: string; action: string; session: Session | null; json: boolean };

const VERSIONS: Readonly<Record<string, string>> = { sts: '2011-06-15', iam: '2010-05-08' };
const UNSIGNED = new Set(['AssumeRoleWithWebIdentity']);

/** Starts a stand-in for STS, IAM, S3, an organization's services and the console's federation endpoint on one loopback port. */
export async function startAwsSimulator(options: SimulatorOptions): Promise<AwsSimulator> {
  const simulator = new Simulator(options);
  const door = await listenOnLoopback(
    options.port,
    null,
    (request, response) => void simulator.answer(request, response),
  );
  return { ...door, lastCallAt: () => simulator.lastCallAt };
}

class Simulator {
  lastCallAt = Date.now();
  readonly #world: World;
  readonly #sessions: Sessions;
  readonly #faults = new Faults();
  readonly #operations: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly #organization: OrganizationServices;
  readonly #wallClock: () => number;
  /** The moment at which something is done that became due before this call. */
  #moment: number | null = null;
  readonly #journal = new Journal();
  #offsetMs = 0;
  #iamDelayMs: number;
  #iamReadDelayMs: number;

  constructor(options: SimulatorOptions) {
    this.#wallClock = options.now ?? Date.now;
    this.#iamDelayMs = options.iamDelayMs ?? 0;
    this.#iamReadDelayMs = options.iamReadDelayMs ?? 0;
    this.#world = new World(options.world, { stateFile: options.stateFile ?? null, nowMs: this.#now() });
    this.#sessions = new Sessions(this.#world, this.#now);
    const delays = (): Delays => ({ authorizationMs: this.#iamDelayMs, readMs: this.#iamReadDelayMs });
    const iam = iamOperations(this.#world, this.#sessions, this.#now, delays);
    this.#operations = {
      sts: stsOperations(this.#world, this.#sessions, this.#now),
      iam,
    };
    this.#organization = new OrganizationServices({
      world: this.#world,
      sessions: this.#sessions,
      faults: this.#faults,
      now: this.#now,
      setMoment: (at) => void (this.#moment = at),
      publish: (role) => this.#world.publish(role, this.#now() + this.#iamDelayMs, readAt(delays(), this.#now())),
      iam,
      record: (service, action, principal, code) => this.#record(service, action, principal, code),
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    });
  }

  readonly #now = (): number => this.#moment ?? this.#wallClock() + this.#offsetMs;

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.lastCallAt = Date.now();
    const requestId = randomUUID();
    try {
      const call = await readHttpCall(request);
      this.#organization.advance();
      if (call.rawPath.startsWith('/_sim/')) return sendAnswer(response, this.#control(call));
      const answer = await this.#answerAws(call, requestId);
      if (answer === null) return void response.destroy();
      sendAnswer(response, {
        ...answer,
        headers: { date: new Date(this.#now()).toUTCString(), 'x-amzn-requestid': requestId, ...answer.headers },
      });
    } catch (error) {
      if (!response.headersSent)
        sendAnswer(response, {
          status: 500,
          headers: { 'content-type': 'text/plain' },
          body: `the simulator failed: ${String(error)}`,
        });
    }
  }

  /** `null`: the connection is cut. */
  async #answerAws(call: HttpCall, requestId: string): Promise<HttpAnswer | null> {
    const known: Known = { service: 'unknown', action: 'unknown', session: null, json: false };
    let cutAfter = false;
    let code = 'OK';
    try {
      this.#recognize(call, known);
      const fault = this.#faults.take(
        'client',
        known.service,
        known.action,
        `${call.rawPath} ${call.body.toString('utf8')}`,
      );
      if (fault !== null) {
        if (fault.delayMs !== undefined) await delay(fault.delayMs);
        if (fault.kind === 'drop-before') return null;
        const error = faultError(fault, known.service);
        if (error !== null) throw error;
        cutAfter = fault.kind === 'drop-after';
      }
      const answer = await this.#perform(call, known, requestId);
      return cutAfter ? null : answer;
    } catch (thrown) {
      const error =
        thrown instanceof BadHttpCall ? new AwsError('InvalidURI', 400, "Couldn't parse the specified URI.") : thrown;
      if (!(error instanceof AwsError)) throw error;
      code = known.json ? jsonCode(error.code, known.service) : error.code;
      if (cutAfter) return null;
      if (known.json) return this.#organization.errorAnswer(error, known.service);
      if (known.service === 's3') return s3Error(error, call, requestId);
      if (known.service === 'signin')
        return { status: error.status, headers: { 'content-type': 'text/plain' }, body: error.message };
      return queryError(error, known.service === 'iam' ? IAM_NAMESPACE : STS_NAMESPACE, requestId);
    } finally {
      const principal = known.session === null ? null : sessionArn(known.session);
      this.#record(known.service, known.action, principal, code);
    }
  }

  #record(service: string, action: string, principal: string | null, code: string): void {
    this.#journal.add({ at: new Date(this.#now()).toISOString(), service, action, principal, code });
  }

  /** Which service and action a call is for; the signature's scope says it, and for unsigned calls the form does. */
  #recognize(call: HttpCall, known: Known): void {
    if (call.rawPath === '/federation') return void Object.assign(known, { service: 'signin', action: 'federation' });
    if (isCertificateSigned(call)) {
      const action = call.method === 'POST' && call.rawPath === '/sessions' ? 'CreateSession' : 'unknown';
      return void Object.assign(known, { service: 'rolesanywhere', action, json: true });
    }
    const claim = readSignatureClaim(call);
    const json = this.#organization.recognize(call, claim?.scope.service ?? null);
    if (json !== null) return void Object.assign(known, { ...json, json: true });
    const service = claim?.scope.service ?? 'sts';
    known.service = service;
    if (service === 's3') known.action = s3Action(call, s3Address(call));
    else known.action = /(?:^|&)Action=([A-Za-z]+)/.exec(call.body.toString('utf8'))?.[1] ?? 'unknown';
  }

  async #perform(call: HttpCall, known: Known, requestId: string): Promise<HttpAnswer> {
    if (known.service === 'signin')
      return answerSignin(call, this.#sessions, createSeal(this.#world.sealKey), this.#now);
    if (isCertificateSigned(call)) {
      if (known.action === 'unknown')
        throw new AwsError('UnknownOperationException', 404, `There is no ${call.rawPath}.`);
      const ports = { world: this.#world, sessions: this.#sessions, now: this.#now };
      const { answer, session } = createSession(ports, call);
      known.session = session;
      return answer;
    }
    const claim = readSignatureClaim(call);
    const region = claim?.scope.region ?? 'us-east-1';
    let body = call.body;
    if (claim !== null) {
      known.session = this.#sessions.open(claim);
      body = verifySignature(call, claim, this.#sessions.secretOf(claim.accessKeyId), this.#now(), awsSkewTolerance);
      this.#sessions.requireUnexpired(known.session, known.service);
    }
    if (known.json)
      return this.#organization.perform(known.service, known.action, call, { session: known.session, region });
    if (known.service === 's3') {
      if (known.session === null) throw new AwsError('AccessDenied', 403, 'Access Denied');
      return answerS3(this.#world, this.#sessions, this.#now, { http: call, body, session: known.session, region });
    }
    const operations = this.#operations[known.service];
    if (operations === undefined)
      throw new AwsError('UnknownService', 400, `This simulator has no service ${known.service}`);
    const parameters = new Parameters(call.body.toString('utf8'));
    const operation = operations[known.action];
    if (operation === undefined || parameters.get('Version') !== VERSIONS[known.service]) {
      throw new AwsError(
        'InvalidAction',
        400,
        `Could not find operation ${known.action} for version ${parameters.get('Version') ?? ''}`,
      );
    }
    if (known.session === null && !UNSIGNED.has(known.action))
      throw new AwsError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token');
    const content = await operation({ http: call, parameters, session: known.session, region, requestId });
    return queryAnswer(known.action, known.service === 'iam' ? IAM_NAMESPACE : STS_NAMESPACE, content, requestId);
  }

  /** The simulator's own handles, which no AWS has: faults, clock, journal, and the platform's identity for the broker. */
  #control(call: HttpCall): HttpAnswer {
    const json = (value: unknown, status = 200): HttpAnswer => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    });
    const body = call.body.length === 0 ? {} : (JSON.parse(call.body.toString('utf8')) as Record<string, unknown>);
    switch (`${call.method} ${call.rawPath}`) {
      case 'GET /_sim/state':
        return json({
          simulator: 'curfew-aws',
          roles: this.#world.roles.length,
          now: new Date(this.#now()).toISOString(),
        });
      case 'GET /_sim/journal':
        return json(this.#journal.entries);
      case 'POST /_sim/faults':
        this.#faults.set(body);
        return json({});
      case 'POST /_sim/clock':
        this.#offsetMs = Number(body['offsetMs'] ?? 0);
        return json({ offsetMs: this.#offsetMs });
      case 'POST /_sim/iam-delay':
        this.#iamDelayMs = Number(body['delayMs'] ?? 0);
        this.#iamReadDelayMs = Number(body['readDelayMs'] ?? 0);
        return json({ delayMs: this.#iamDelayMs, readDelayMs: this.#iamReadDelayMs });
      case 'POST /_sim/session':
        return this.#mint(body, json);
    }
    try {
      const answer = this.#organization.control(`${call.method} ${call.rawPath}`, body);
      return answer === null ? json({ error: `no ${call.method} ${call.rawPath}` }, 404) : json(answer);
    } catch (error) {
      return json({ error: error instanceof Error ? error.message : String(error) }, 400);
    }
  }

  /** Stands in for the platform that gives a machine its role: an ECS task role, an instance profile. */
  #mint(body: Record<string, unknown>, json: (value: unknown, status?: number) => HttpAnswer): HttpAnswer {
    const role = this.#world.roleByArn(String(body['roleArn'] ?? ''));
    if (role === null) return json({ error: 'no such role' }, 404);
    const facts = {
      sessionName: String(body['sessionName'] ?? 'platform'),
      sourceIdentity: null,
      tags: {},
      policy: null,
    };
    const { keys, session } = this.#sessions.issue(role, facts, Number(body['durationSeconds'] ?? 3_600));
    return json({ ...keys, expiration: new Date(session.expiresAt).toISOString() });
  }
}
