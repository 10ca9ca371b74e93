import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { BadHttpCall, readHttpCall, sendAnswer, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { Journal } from '../shared/journal.ts';
import { listenOnLoopback, type Loopback, type ServerCertificate } from '../shared/loopback.ts';
import { AccessTokens } from './access-token.ts';
import { AzureError, EntraError } from './azure-error.ts';
import { AzureFaults, faultError } from './azure-faults.ts';
import { changedSettings, defaultSettings, type AzureSettings } from './azure-settings.ts';
import { answerEntra, entraAction, entraError } from './entra.ts';
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

export type AzureSimulator = Loopback & { readonly lastCallAt: () => number };

/** What is known about a call while it is answered; errors and the journal need it. */
type Known = { service: string; action: string; principal: string | null };

/** Starts a stand-in for Entra's token service, Azure Resource Manager and Blob Storage on one loopback port. */
export async function startAzureSimulator(options: SimulatorOptions): Promise<AzureSimulator> {
  const simulator = new Simulator(options);
  const door = await listenOnLoopback(
    options.port,
    options.certificate ?? null,
    (request, response) => void simulator.answer(request, response),
  );
  simulator.url = door.url;
  return { ...door, lastCallAt: () => simulator.lastCallAt };
}

class Simulator {
  lastCallAt = Date.now();
  url = '';
  readonly #world: World;
  readonly #tokens: AccessTokens;
  readonly #faults = new AzureFaults();
  readonly #journal = new Journal();
  readonly #wallClock: () => number;
  #settings: AzureSettings;
  #offsetMs = 0;

  constructor(options: SimulatorOptions) {
    this.#wallClock = options.now ?? Date.now;
    this.#settings = { ...defaultSettings, ...options.settings };
    this.#world = new World(options.world, {
      stateFile: options.stateFile ?? null,
      signingKey: options.signingKey ?? null,
    });
    this.#tokens = new AccessTokens(this.#world.signingKey);
  }

  readonly #now = (): number => this.#wallClock() + this.#offsetMs;

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.lastCallAt = Date.now();
    const requestId = randomUUID();
    try {
      const call = await readHttpCall(request);
      if (call.rawPath.startsWith('/_sim/')) return sendAnswer(response, this.#control(call));
      const answer = await this.#answerAzure(call);
      if (answer === null) return void response.destroy();
      const own = { date: new Date(this.#now()).toUTCString(), 'x-ms-request-id': requestId };
      sendAnswer(response, { ...answer, headers: { ...own, ...answer.headers } });
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
  async #answerAzure(call: HttpCall): Promise<HttpAnswer | null> {
    const known: Known = { service: 'unknown', action: 'unknown', principal: null };
    let cutAfter = false;
    let code = 'OK';
    try {
      const perform = this.#recognize(call, known);
      const fault = this.#faults.take(
        'client',
        known.service,
        known.action,
        `${call.rawPath} ${call.body.toString('utf8')}`,
      );
      if (fault !== null) {
        if (fault.delayMs !== undefined) await delay(fault.delayMs);
        if (fault.kind === 'drop-before') return null;
        const error = faultError(fault);
        if (error !== null) throw error;
        cutAfter = fault.kind === 'drop-after';
      }
      const answer = await perform();
      return cutAfter ? null : answer;
    } catch (error) {
      const answer = this.#errorAnswer(error, call);
      code = answer.code;
      return cutAfter ? null : answer.answer;
    } finally {
      this.#journal.add({ at: new Date(this.#now()).toISOString(), ...known, code });
    }
  }

  /** Which service and action a call is for, and what answers it. */
  #recognize(call: HttpCall, known: Known): () => HttpAnswer | Promise<HttpAnswer> {
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
    throw new AzureError(404, 'NotFound', `This simulator has no ${call.method} ${call.rawPath}.`);
  }

  #errorAnswer(thrown: unknown, call: HttpCall): { readonly code: string; readonly answer: HttpAnswer } {
    const error = thrown instanceof BadHttpCall ? new AzureError(400, 'BadRequest', thrown.message) : thrown;
    if (error instanceof EntraError)
      return { code: `AADSTS${error.number}`, answer: entraError(error, call, this.#now()) };
    if (!(error instanceof AzureError)) throw error;
    const body = JSON.stringify({ error: { code: error.code, message: error.message } });
    const headers = { 'content-type': 'application/json; charset=utf-8', ...error.headers };
    return { code: error.code, answer: { status: error.status, headers, body } };
  }

  /** The simulator's own handles, which no Azure has. */
  #control(call: HttpCall): HttpAnswer {
    const json = (value: unknown, status = 200): HttpAnswer => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    });
    try {
      const body = call.body.length === 0 ? {} : (JSON.parse(call.body.toString('utf8')) as Record<string, unknown>);
      switch (`${call.method} ${call.rawPath}`) {
        case 'GET /_sim/state':
          return json({ simulator: 'curfew-azure', now: new Date(this.#now()).toISOString() });
        case 'GET /_sim/journal':
          return json(this.#journal.entries);
        case 'POST /_sim/faults':
          this.#faults.set(body);
          return json({});
        case 'POST /_sim/clock':
          this.#offsetMs = Number(body['offsetMs'] ?? 0);
          return json({ offsetMs: this.#offsetMs });
        case 'POST /_sim/settings':
          this.#settings = changedSettings(this.#settings, body);
          return json(this.#settings);
      }
      return json({ error: `no ${call.method} ${call.rawPath}` }, 404);
    } catch (error) {
      return json({ error: error instanceof Error ? error.message : String(error) }, 400);
    }
  }
}
