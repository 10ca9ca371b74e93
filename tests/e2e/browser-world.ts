import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDemoIdp, type DemoIdp } from '../../simulators/idp/demo-idp.ts';
import { startBroker } from '../../src/main.ts';
import type { FreshSignIn, FurtherSignInConfig } from '../../src/platform/config.ts';
import { createUserAgent, type UserAgent, type Visit } from './api-user-agent.ts';
import { copyDatabaseTo } from '../embedded-template.ts';
import { freePorts } from '../free-ports.ts';
import { listeningLog, type Line } from './api-world.ts';

/** A whole broker with Acme's rules, as `serve` starts it but without a cloud, and a provider at which everybody can sign in. */
export interface BrowserWorld {
  readonly base: string;
  /** The demo's provider; absent where a test brings one. */
  readonly idp: DemoIdp | null;
  readonly lines: readonly Line[];
  /** A browser that is signed in. */
  signIn(person: string): Promise<Browser>;
  /** Starts the broker again over the same data, with other further providers; `meanwhile`: while nothing runs. */
  restart(further: readonly FurtherSignInConfig[], meanwhile?: () => Promise<void>): Promise<void>;
  /** Holds the database, the keys and `rules`. */
  readonly dataDir: string;
  close(): Promise<void>;
}

/** A browser with its session, and what its pages know of it. */
export interface Browser {
  readonly agent: UserAgent;
  /** Reads with the cookie. */
  get(path: string): Promise<Answer>;
  /** Changes something as our own page does: with the cookie, the header and our origin; `headers` replaces them. */
  change(
    method: 'POST' | 'DELETE' | 'PUT' | 'PATCH',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

export interface Answer extends Visit {
  readonly json: Record<string, unknown>;
}

interface Options {
  /** The company's provider, made for our address; the demo's when absent. */
  readonly provider?: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret?: string;
    readonly freshSignIn?: FreshSignIn;
  };
  readonly port?: number;
  readonly further?: readonly FurtherSignInConfig[];
  /** Changes the directory before it is read first. */
  readonly directory?: (text: string) => string;
}

/** The names of the cookies on plain http, which a test speaks. */
export const SESSION = 'curfew';

const PEOPLE = ['ana', 'bo', 'eve'].map((key) => ({
  key,
  name: key,
  title: 'works here',
  email: `${key}@acme.example`,
}));

export async function startBrowserWorld(options: Options = {}): Promise<BrowserWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), 'curfew-browser-'));
  copyDatabaseTo(dataDir);
  const port = options.port ?? (await freePorts(1));
  const base = `http://localhost:${port}`;
  const { log, lines } = listeningLog();
  const idp =
    options.provider === undefined
      ? await startDemoIdp({ port: 0, people: PEOPLE, clientRedirects: [`${base}/sign-in/callback`] })
      : null;
  const { issuer, clientId } = options.provider ?? { issuer: String(idp?.issuer), clientId: String(idp?.clientId) };
  const clientSecretFile = options.provider?.clientSecret === undefined ? null : join(dataDir, 'client-secret');
  if (clientSecretFile !== null) writeFileSync(clientSecretFile, `${options.provider?.clientSecret}\n`);
  const rulesDir = join(dataDir, 'rules');
  cpSync(fileURLToPath(new URL('../../examples/acme', import.meta.url)), rulesDir, { recursive: true });
  const directory = join(rulesDir, 'directory.yaml');
  if (options.directory !== undefined) writeFileSync(directory, options.directory(readFileSync(directory, 'utf8')));
  const start = (further: Options['further']) =>
    startBroker({
      config: {
        host: '127.0.0.1',
        port,
        baseUrl: base,
        databaseUrl: null,
        dataDir,
        rulesDir,
        logLevel: 'silent',
        signIn: { issuer, clientId, clientSecretFile, freshSignIn: options.provider?.freshSignIn ?? 'verified' },
        ...(further && { furtherSignIns: further }),
        aws: null,
        trustedProxies: [],
        role: 'api',
      },
      log,
    });
  let broker = await start(options.further);
  return {
    base,
    idp,
    lines,
    async signIn(person) {
      const agent = createUserAgent();
      const last = await walk(agent, base, person, '/');
      if (agent.cookie(new URL(base).host, SESSION) === null) throw new Error(`${last.status} ${last.body}`);
      return browserOf(agent, base);
    },
    dataDir,
    async restart(further, meanwhile) {
      await broker.close();
      await meanwhile?.();
      broker = await start(further);
    },
    async close() {
      await broker.close();
      await idp?.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Walks a sign-in of the portal from its beginning to the last redirect. */
export function walk(agent: UserAgent, base: string, person: string, returnTo: string): Promise<Visit> {
  const query = new URLSearchParams({ return: returnTo, hint: person });
  return agent.follow(`${base}/sign-in/browser?${query}`, (url) => arrived(url, base));
}

const arrived = (url: URL, base: string): boolean => url.origin === base && !url.pathname.startsWith('/sign-in/');

/** Walks until the provider has answered and our callback is about to be called. */
export async function walkToCallback(agent: UserAgent, base: string, person: string, returnTo = '/'): Promise<URL> {
  const query = new URLSearchParams({ return: returnTo, hint: person });
  const last = await agent.follow(
    `${base}/sign-in/browser?${query}`,
    (url) => url.origin === base && url.pathname === '/sign-in/callback',
  );
  if (last.location === null) throw new Error(`${last.status} ${last.body}`);
  return last.location;
}

export function browserOf(agent: UserAgent, base: string): Browser {
  const send = async (path: string, init: RequestInit): Promise<Answer> => {
    const visit = await agent.send(`${base}${path}`, init);
    const isJson = visit.headers.get('content-type')?.includes('json') === true;
    return { ...visit, json: isJson ? (JSON.parse(visit.body) as Record<string, unknown>) : {} };
  };
  const csrfOf = async () => String((await send('/v1/me', {})).json['csrf']);
  return {
    agent,
    // As the portal does: who reads the log says that they want to.
    get: async (path) =>
      send(path, path.startsWith('/v1/audit/') ? { headers: { 'x-curfew-csrf': await csrfOf() } } : {}),
    async change(method, path, body, headers) {
      const csrf = headers === undefined ? await csrfOf() : '';
      return send(path, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(headers ?? { origin: base, 'x-curfew-csrf': csrf }),
        },
      });
    },
  };
}
