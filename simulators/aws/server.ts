import { randomUUID } from 'node:crypto';
import { strike } from '../shared/faults.ts';
import { BadHttpCall, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { Journal } from '../shared/journal.ts';
import { openSimulator, type Simulator } from '../shared/simulator-door.ts';
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

export type AwsSimulator = Simulator;

/** What is known about a call while it is answered; errors and the journal need it. */
type Known = { service: string; action: string; session: Session | null; json: boolean };

const VERSIONS: Readonly<Record<string, string>> = { sts: '2011-06-15', iam: '2010-05-08' };
const UNSIGNED = new Set(['AssumeRoleWithWebIdentity']);

/** Starts a stand-in for STS, IAM, S3, an organization's services and the console's federation endpoint on one loopback port. */
export const startAwsSimulator = (options: SimulatorOptions): Promise<AwsSimulator> =>
  openSimulator(options.port, null, new SimulatedAws(options));

class SimulatedAws {
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

  readonly cloud = async (call: HttpCall): Promise<HttpAnswer | null> => {
    const requestId = randomUUID();
    this.#organization.advance();
    const answer = await this.#answerAws(call, requestId);
    const own = { date: new Date(this.#now()).toUTCString(), 'x-amzn-requestid': requestId };
    return answer === null ? null : { ...answer, headers: { ...own, ...answer.headers } };
  };

  /** `null`: the connection is cut. */
  async #answerAws(call: HttpCall, requestId: string): Promise<HttpAnswer | null> {
    const known: Known = { service: 'unknown', action: 'unknown', session: null, json: false };
    let cut: Awaited<ReturnType<typeof strike>> = null;
    let code = 'OK';
    try {
      this.#recognize(call, known);
      const text = `${call.rawPath} ${call.body.toString('utf8')}`;
      const fault = this.#faults.take('client', known.service, known.action, text);
      cut = await strike(fault, (one) => faultError(one, known.service));
      if (cut === 'before') return null;
      const answer = await this.#perform(call, known, requestId);
      return cut === null ? answer : null;
    } catch (thrown) {
      const error =
        thrown instanceof BadHttpCall ? new AwsError('InvalidURI', 400, "Couldn't parse the specified URI.") : thrown;
      if (!(error instanceof AwsError)) throw error;
      code = known.json ? jsonCode(error.code, known.service) : error.code;
      if (cut !== null) return null;
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
  readonly handle = (name: string, body: Readonly<Record<string, unknown>>): unknown => {
    this.#organization.advance();
    switch (name) {
      case 'GET /_sim/state':
        return { simulator: 'curfew-aws', roles: this.#world.roles.length, now: new Date(this.#now()).toISOString() };
      case 'GET /_sim/journal':
        return this.#journal.entries;
      case 'POST /_sim/faults':
        this.#faults.set(body);
        return {};
      case 'POST /_sim/clock':
        this.#offsetMs = Number(body['offsetMs'] ?? 0);
        return { offsetMs: this.#offsetMs };
      case 'POST /_sim/iam-delay':
        this.#iamDelayMs = Number(body['delayMs'] ?? 0);
        this.#iamReadDelayMs = Number(body['readDelayMs'] ?? 0);
        return { delayMs: this.#iamDelayMs, readDelayMs: this.#iamReadDelayMs };
      case 'POST /_sim/session':
        return this.#mint(body);
    }
    return this.#organization.control(name, body) ?? undefined;
  };

  /** Stands in for the platform that gives a machine its role: an ECS task role, an instance profile. */
  #mint(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const role = this.#world.roleByArn(String(body['roleArn'] ?? ''));
    if (role === null) throw new Error('no such role');
    const facts = {
      sessionName: String(body['sessionName'] ?? 'platform'),
      sourceIdentity: null,
      tags: {},
      policy: null,
    };
    const { keys, session } = this.#sessions.issue(role, facts, Number(body['durationSeconds'] ?? 3_600));
    return { ...keys, expiration: new Date(session.expiresAt).toISOString() };
  }
}
