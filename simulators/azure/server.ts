import { randomUUID } from 'node:crypto';
import { strike } from '../shared/faults.ts';
import { BadHttpCall, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { Journal } from '../shared/journal.ts';
import type { ServerCertificate } from '../shared/loopback.ts';
import { openSimulator, type Simulator } from '../shared/simulator-door.ts';
import { AccessTokens } from './access-token.ts';
import type { ArmPorts } from './arm-call.ts';
import { armCaller, ArmThrottle } from './arm-gate.ts';
import { armRoute, performArm, requireVersion } from './arm.ts';
import { Authorization } from './authorization.ts';
import { AzureError, EntraError } from './azure-error.ts';
import { AzureFaults, faultError } from './azure-faults.ts';
import { changedSettings, defaultSettings, type AzureSettings } from './azure-settings.ts';
import { blobAction } from './blob.ts';
import { blobAddress, blobCaller, blobError } from './blob-call.ts';
import { answerEntra, entraAction, entraError } from './entra.ts';
import { graphCaller, graphError, GraphThrottle } from './graph-gate.ts';
import { graphRoute, isGraph, performGraph } from './graph.ts';
import { pimSurfaces } from './pim-surfaces.ts';
import { Pim } from './pim.ts';
import { RoleAssignments } from './role-assignment-store.ts';
import { changeDirectory, changeEstate } from './sim-handles.ts';
import { changePim } from './pim-handles.ts';
import { World, type WorldDescription } from './world.ts';

export type SimulatorOptions = {
  /** 0 takes a free port. Only loopback is listened on. */
  readonly port: number;
  readonly world: WorldDescription;
  /** HTTPS instead of HTTP; `az` and the Azure SDKs want it. */
  readonly certificate?: ServerCertificate;
  /** Keeps the cloud across restarts; without it, it is in memory. The description counts only for a new file. */
  readonly stateFile?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly settings?: Partial<AzureSettings>;
  /** The RSA key (PEM) of the token service; made when absent. */
  readonly signingKey?: string;
};

export type AzureSimulator = Simulator;

/** What is known about a call while it is answered; errors and the journal need it. */
type Known = {
  service: string;
  action: string;
  principal: string | null;
  /** What every answer to the call carries, a refusal too. */
  headers: Readonly<Record<string, string>>;
};

/** Starts a stand-in for Entra's token service, Microsoft Graph, Azure Resource Manager and Blob Storage on one loopback port. */
export async function startAzureSimulator(options: SimulatorOptions): Promise<AzureSimulator> {
  const cloud = new SimulatedAzure(options);
  const simulator = await openSimulator(options.port, options.certificate ?? null, cloud);
  cloud.url = simulator.url;
  return simulator;
}

class SimulatedAzure {
  url = '';
  readonly #world: World;
  readonly #tokens: AccessTokens;
  readonly #faults = new AzureFaults();
  readonly #journal = new Journal();
  readonly #wallClock: () => number;
  readonly #arm: ArmPorts;
  readonly #throttle: ArmThrottle;
  readonly #graphThrottle: GraphThrottle;
  #settings: AzureSettings;
  #offsetMs = 0;
  /** The moment at which something is done that became due before this call. */
  #moment: number | null = null;

  constructor(options: SimulatorOptions) {
    this.#wallClock = options.now ?? Date.now;
    this.#settings = { ...defaultSettings, ...options.settings };
    this.#world = new World(options.world, {
      stateFile: options.stateFile ?? null,
      signingKey: options.signingKey ?? null,
      nowMs: this.#now(),
    });
    const ports = { world: this.#world, settings: () => this.#settings, now: this.#now };
    const assignments = new RoleAssignments(ports);
    const pim = new Pim({
      ...ports,
      setMoment: (at) => void (this.#moment = at),
      surfaces: pimSurfaces({ ...ports, assignments }),
    });
    this.#arm = { ...ports, assignments, pim, authorization: new Authorization({ ...ports, assignments }) };
    this.#throttle = new ArmThrottle(ports.settings, this.#now);
    this.#graphThrottle = new GraphThrottle(ports.settings, this.#now);
    this.#tokens = new AccessTokens(this.#world.signingKey);
  }

  readonly #now = (): number => this.#moment ?? this.#wallClock() + this.#offsetMs;

  readonly cloud = async (call: HttpCall): Promise<HttpAnswer | null> => {
    const requestId = randomUUID();
    this.#arm.pim.advance();
    const answer = await this.#answerAzure(call, requestId);
    const own = {
      date: new Date(this.#now()).toUTCString(),
      'x-ms-request-id': requestId,
      'x-ms-correlation-request-id': requestId,
    };
    return answer === null ? null : { ...answer, headers: { ...own, ...answer.headers } };
  };

  /** `null`: the connection is cut. */
  async #answerAzure(call: HttpCall, requestId: string): Promise<HttpAnswer | null> {
    const known: Known = { service: 'unknown', action: 'unknown', principal: null, headers: {} };
    let cut: Awaited<ReturnType<typeof strike>> = null;
    let code = 'OK';
    try {
      const perform = this.#recognize(call, known, requestId);
      const text = `${call.rawPath} ${call.body.toString('utf8')}`;
      cut = await strike(this.#faults.take('client', known.service, known.action, text), faultError);
      if (cut === 'before') return null;
      const answer = await perform();
      return cut === null ? { ...answer, headers: { ...known.headers, ...answer.headers } } : null;
    } catch (error) {
      const answer = this.#errorAnswer(error, call, known.service, requestId);
      code = answer.code;
      return cut === null ? { ...answer.answer, headers: { ...known.headers, ...answer.answer.headers } } : null;
    } finally {
      const { service, action, principal } = known;
      this.#journal.add({ at: new Date(this.#now()).toISOString(), service, action, principal, code });
    }
  }

  /** Which service and action a call is for, and what answers it. */
  #recognize(call: HttpCall, known: Known, requestId: string): () => HttpAnswer | Promise<HttpAnswer> {
    const entra = entraAction(call.rawPath);
    if (entra !== null) {
      Object.assign(known, { service: 'entra', action: entra.action });
      const ports = {
        world: this.#world,
        tokens: this.#tokens,
        settings: () => this.#settings,
        now: this.#now,
        url: () => this.url,
      };
      return () => answerEntra(ports, entra, call);
    }
    if (isGraph(call)) return this.#recognizeGraph(call, known);
    const blob = blobAddress(call, this.#world);
    if (blob !== null) {
      known.service = 'blob';
      const { action, perform } = blobAction(call, blob);
      known.action = action;
      return () => {
        const caller = blobCaller(call, blob, this.#world, this.#tokens, this.#now());
        known.principal = caller.claims.upn ?? caller.claims.appid;
        return perform(this.#arm, caller);
      };
    }
    const route = armRoute(this.#arm, call);
    if (route === null) throw new AzureError(404, 'NotFound', `This simulator has no ${call.method} ${call.rawPath}.`);
    Object.assign(known, { service: 'arm', action: route.action });
    return () => {
      // Azure says so before it looks at who calls.
      requireVersion(call);
      const caller = armCaller(call, this.#world, this.#tokens, this.url, this.#now());
      known.principal = caller.claims.upn ?? caller.claims.appid;
      const subscription = 'subscription' in route.scope ? route.scope.subscription : null;
      const headers = this.#throttle.take(call.method, subscription, caller);
      known.headers = headers;
      return performArm(this.#arm, route, call, caller, requestId);
    };
  }

  #recognizeGraph(call: HttpCall, known: Known): () => HttpAnswer {
    known.service = 'graph';
    const route = graphRoute({ ...this.#arm, url: () => this.url }, call);
    if (route === null)
      throw new AzureError(404, 'ResourceNotFound', `This simulator has no ${call.method} ${call.rawPath}.`);
    known.action = route.action;
    return () => {
      const caller = graphCaller(call, this.#world, this.#tokens, this.#now());
      known.principal = caller.claims.upn ?? caller.claims.appid;
      this.#graphThrottle.take(caller);
      return performGraph(route, call, caller);
    };
  }

  #errorAnswer(
    thrown: unknown,
    call: HttpCall,
    service: string,
    requestId: string,
  ): { readonly code: string; readonly answer: HttpAnswer } {
    const error = thrown instanceof BadHttpCall ? new AzureError(400, 'BadRequest', thrown.message) : thrown;
    if (error instanceof EntraError)
      return { code: `AADSTS${error.number}`, answer: entraError(error, call, this.#now()) };
    if (!(error instanceof AzureError)) throw error;
    if (service === 'blob') return { code: error.code, answer: blobError(error, call, requestId, this.#now()) };
    if (service === 'graph') return { code: error.code, answer: graphError(error, call, requestId, this.#now()) };
    const body = JSON.stringify({ error: { code: error.code, message: error.message } });
    const headers = { 'content-type': 'application/json; charset=utf-8', ...error.headers };
    return { code: error.code, answer: { status: error.status, headers, body } };
  }

  /** The simulator's own handles, which no Azure has. */
  readonly handle = (name: string, body: Readonly<Record<string, unknown>>): unknown => {
    this.#arm.pim.advance();
    switch (name) {
      case 'GET /_sim/state':
        return { simulator: 'curfew-azure', now: new Date(this.#now()).toISOString() };
      case 'GET /_sim/journal':
        return this.#journal.entries;
      case 'GET /_sim/assignments':
        return this.#arm.assignments.allWritten();
      case 'POST /_sim/directory':
        return changeDirectory(this.#arm, body);
      case 'POST /_sim/estate':
        return changeEstate(this.#arm, body);
      case 'POST /_sim/pim':
        return changePim(this.#arm, body);
      case 'POST /_sim/faults':
        this.#faults.set(body);
        return {};
      case 'POST /_sim/clock':
        this.#offsetMs = Number(body['offsetMs'] ?? 0);
        return { offsetMs: this.#offsetMs };
      case 'POST /_sim/settings':
        this.#settings = changedSettings(this.#settings, body);
        return this.#settings;
    }
    return undefined;
  };
}
