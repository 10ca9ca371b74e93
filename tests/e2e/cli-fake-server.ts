import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A server with the wire format of Curfew's API and none of its code: strict about what it is sent, so that the command line is
 * tested against the contract and not against itself. Rules: `invoice-reader` on aws/prod needs Bo, `log-reader` on aws/prod is
 * automatic, everything else is refused. Its sign-in takes the same steps as the real one, with cookies and PKCE.
 */
export interface FakeServer {
  readonly url: string;
  readonly state: FakeState;
  close(): Promise<void>;
}

export interface FakeState {
  readonly calls: string[];
  readonly requests: Map<string, FakeRequest>;
  readonly grants: Map<string, FakeGrant>;
  readonly events: Set<ServerResponse>;
  /** Refresh tokens of which one was used twice; every token of that login is void. */
  reused: number;
  refreshes: number;
  issued: number;
  /** Seconds. */
  accessTokenLife: number;
  /** How long AWS's own credentials live, in milliseconds. */
  credentialLifeMs: number;
  /** Milliseconds that grants take to become usable. */
  settleMs: number;
  clockOffsetMs: number;
  demo: boolean;
  version: string;
  policyProblems: object[];
  wrongIssuer: boolean;
  wrongState: boolean;
  console: string;
  vkey: string;
  /** Answers the next call whose "METHOD /path" begins so with this instead. `once` false keeps it. */
  override: { match: string; status: number; body: object; once: boolean } | null;
  /** Milliseconds before the answer to a call whose "METHOD /path" begins so. */
  delay: { match: string; ms: number } | null;
  /** Breaks the connection after the work was done, this many times. */
  dropAnswers: number;
  audit: { entries: object[]; checkpoints: object[] };
}

interface Person {
  key: string;
  name: string;
}

export interface FakeRequest {
  id: string;
  status: string;
  person: Person;
  items: { role: string; target: string }[];
  reason: string;
  durationMs: number;
  steps: { eligible: Person[]; approvedBy: Person[] }[];
  createdAt: number;
  lapsesAt: number;
}

export interface FakeGrant {
  id: string;
  request: string;
  status: string;
  role: string;
  target: string;
  person: Person;
  activatedAt: number | null;
  usableAt: number;
  endsAt: number;
  endedAt: number | null;
  cause: string | null;
  reissueAfter: string | null;
}

const PEOPLE: Record<string, Person> = {
  ana: { key: 'ana', name: 'Ana Torres' },
  bo: { key: 'bo', name: 'Bo Lind' },
  eve: { key: 'eve', name: 'Eve \u001b[31mRed' },
};

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const newId = (prefix: string) => `${prefix}_${[...randomBytes(20)].map((byte) => ALPHABET[byte & 31]).join('')}`;

interface Login {
  person: string;
  void: boolean;
}

export async function startFakeServer(changes: Partial<FakeState> = {}): Promise<FakeServer> {
  const state: FakeState = {
    calls: [],
    requests: new Map(),
    grants: new Map(),
    events: new Set(),
    reused: 0,
    refreshes: 0,
    issued: 0,
    accessTokenLife: 600,
    credentialLifeMs: 3_600_000,
    settleMs: 0,
    clockOffsetMs: 0,
    demo: true,
    version: '0.1.0',
    policyProblems: [],
    wrongIssuer: false,
    wrongState: false,
    console: 'https://signin.aws.amazon.com/federation?Action=login&SigninToken=secret-console-token',
    vkey: '',
    override: null,
    delay: null,
    dropAnswers: 0,
    audit: { entries: [], checkpoints: [] },
    ...changes,
  };
  const oauth = createOauth(state, () => url);
  const api = createApi(state, oauth);
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  let url = '';

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = new URL(request.url ?? '/', url);
    const name = `${request.method ?? ''} ${at.pathname}`;
    state.calls.push(`${name}${at.search}`);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (state.delay !== null && name.startsWith(state.delay.match)) await new Promise((done) => setTimeout(done, state.delay?.ms));
    response.setHeader('date', new Date(Date.now() + state.clockOffsetMs).toUTCString());
    if (state.override !== null && name.startsWith(state.override.match)) {
      const { status, body: answer, once } = state.override;
      if (once) state.override = null;
      return void json(response, status, answer);
    }
    if (await oauth.handle(name, at, request, response, body)) return;
    await api(name, at, request, response, body);
  }

  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url,
    state,
    close: () =>
      new Promise((done) => {
        for (const stream of state.events) stream.end();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function json(response: ServerResponse, status: number, body: object): true {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
  return true;
}

function problem(response: ServerResponse, status: number, code: string, detail: string, more: object = {}): true {
  return json(response, status, { type: `http://localhost/docs/problems/${code}`, title: code, status, code, detail, requestId: 'r-1', ...more });
}

interface Oauth {
  handle(name: string, at: URL, request: IncomingMessage, response: ServerResponse, body: string): Promise<boolean>;
  personOf(request: IncomingMessage): string | null;
}

function createOauth(state: FakeState, base: () => string): Oauth {
  const interactions = new Map<string, { query: URLSearchParams; person: string | null }>();
  const codes = new Map<string, { person: string; challenge: string; redirectUri: string }>();
  const refreshTokens = new Map<string, { login: Login; used: boolean }>();
  const accessTokens = new Map<string, { login: Login; endsAt: number }>();
  const devices = new Map<string, { polls: number }>();
  const redirect = (response: ServerResponse, location: string, cookies: string[] = []): true => {
    response.writeHead(303, { location, 'set-cookie': cookies }).end();
    return true;
  };
  const cookie = (request: IncomingMessage, name: string) =>
    request.headers.cookie?.split('; ').find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;

  function tokens(response: ServerResponse, login: Login): true {
    const access = `at-${randomBytes(9).toString('hex')}`;
    const refresh = `rt-${randomBytes(9).toString('hex')}`;
    accessTokens.set(access, { login, endsAt: Date.now() + state.accessTokenLife * 1_000 });
    refreshTokens.set(refresh, { login, used: false });
    return json(response, 200, { access_token: access, refresh_token: refresh, expires_in: state.accessTokenLife, token_type: 'Bearer' });
  }

  function token(response: ServerResponse, form: URLSearchParams): true {
    const refuse = (error: string) => json(response, 400, { error });
    if (form.get('client_id') !== 'curfew-cli') return refuse('invalid_client');
    if (form.get('resource') !== `${base()}/v1`) return refuse('invalid_target');
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const code = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
        if (code === undefined || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri')) return refuse('invalid_grant');
        return tokens(response, { person: code.person, void: false });
      }
      case 'refresh_token': {
        const held = refreshTokens.get(form.get('refresh_token') ?? '');
        if (held?.used) {
          state.reused += 1;
          held.login.void = true;
        }
        if (held === undefined || held.used || held.login.void) return refuse('invalid_grant');
        held.used = true;
        state.refreshes += 1;
        return tokens(response, held.login);
      }
      case 'urn:ietf:params:oauth:grant-type:device_code': {
        const device = devices.get(form.get('device_code') ?? '');
        if (device === undefined) return refuse('invalid_grant');
        device.polls += 1;
        return device.polls < 2 ? refuse('authorization_pending') : tokens(response, { person: 'ana', void: false });
      }
      default:
        return refuse('unsupported_grant_type');
    }
  }

  return {
    personOf(request) {
      const held = accessTokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
      return held === undefined || held.login.void || held.endsAt < Date.now() ? null : held.login.person;
    },
    async handle(name, at, request, response, body) {
      const issuer = `${base()}/oauth`;
      if (name === 'GET /oauth/.well-known/openid-configuration') {
        return json(response, 200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          device_authorization_endpoint: `${issuer}/device/code`,
          revocation_endpoint: `${issuer}/token/revocation`,
          code_challenge_methods_supported: ['S256'],
          authorization_response_iss_parameter_supported: true,
        });
      }
      if (name === 'GET /oauth/authorize') {
        const query = at.searchParams;
        const redirectUri = new URL(query.get('redirect_uri') ?? 'about:blank');
        const good =
          query.get('client_id') === 'curfew-cli' &&
          query.get('response_type') === 'code' &&
          query.get('code_challenge_method') === 'S256' &&
          /^[\w-]{43}$/.test(query.get('code_challenge') ?? '') &&
          query.get('resource') === `${base()}/v1` &&
          redirectUri.hostname === '127.0.0.1' &&
          redirectUri.pathname === '/callback' &&
          (query.get('state') ?? '').length >= 16;
        if (!good) return problem(response, 400, 'bad-request', 'the authorization request is wrong');
        const uid = randomBytes(6).toString('hex');
        interactions.set(uid, { query, person: null });
        return redirect(response, `/sign-in/${uid}`, [`interaction=${uid}; Path=/sign-in; HttpOnly`, `resume=${uid}; Path=/oauth; HttpOnly`]);
      }
      if (name === 'GET /sign-in/callback') {
        const found = interactions.get(cookie(request, 'interaction') ?? '');
        if (found === undefined) return problem(response, 400, 'bad-request', 'another browser');
        found.person = at.searchParams.get('person');
        return redirect(response, `/oauth/authorize/${cookie(request, 'interaction') ?? ''}`, ['interaction=; Path=/sign-in; Max-Age=0']);
      }
      if (name.startsWith('GET /sign-in/')) {
        const found = interactions.get(at.pathname.slice('/sign-in/'.length));
        if (found === undefined || cookie(request, 'interaction') === null) return problem(response, 400, 'bad-request', 'no interaction');
        return redirect(response, `${base()}/idp/authorize?login_hint=${found.query.get('login_hint') ?? ''}`);
      }
      if (name === 'GET /idp/authorize') {
        const person = at.searchParams.get('login_hint') ?? '';
        if (!(person in PEOPLE)) {
          response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Who are you?</p>');
          return true;
        }
        return redirect(response, `${base()}/sign-in/callback?person=${person}`);
      }
      if (name.startsWith('GET /oauth/authorize/')) {
        const found = interactions.get(cookie(request, 'resume') ?? '');
        if (found === undefined || found.person === null || cookie(request, 'interaction') !== null) return problem(response, 400, 'bad-request', 'nothing to resume');
        const code = randomBytes(12).toString('hex');
        const redirectUri = found.query.get('redirect_uri') ?? '';
        codes.set(code, { person: found.person, challenge: found.query.get('code_challenge') ?? '', redirectUri });
        const back = new URL(redirectUri);
        back.searchParams.set('code', code);
        back.searchParams.set('state', state.wrongState ? 'another-state-entirely' : (found.query.get('state') ?? ''));
        back.searchParams.set('iss', state.wrongIssuer ? 'http://localhost:1/oauth' : issuer);
        return redirect(response, back.href);
      }
      if (name === 'POST /oauth/token') return token(response, new URLSearchParams(body));
      if (name === 'POST /oauth/device/code') {
        const code = randomBytes(9).toString('hex');
        devices.set(code, { polls: 0 });
        return json(response, 200, { device_code: code, user_code: 'BCDF-GHJK', verification_uri: `${issuer}/device`, expires_in: 60, interval: 0.05 });
      }
      if (name === 'POST /oauth/token/revocation') {
        const held = refreshTokens.get(new URLSearchParams(body).get('token') ?? '');
        if (held !== undefined) held.login.void = true;
        return json(response, 200, {});
      }
      return false;
    },
  };
}

function createApi(state: FakeState, oauth: Oauth) {
  const answers = new Map<string, { status: number; body: object }>();
  const iso = (ms: number) => new Date(ms).toISOString();

  function advance(): void {
    const now = Date.now();
    for (const grant of state.grants.values()) {
      if (grant.status === 'activating' && now >= grant.usableAt) grant.status = 'active';
      if (grant.status === 'active' && now >= grant.endsAt) Object.assign(grant, { status: 'ended', cause: 'expired', endedAt: now });
    }
    for (const request of state.requests.values()) if (request.status === 'pending' && now >= request.lapsesAt) request.status = 'lapsed';
  }

  const grantView = (grant: FakeGrant) => ({
    id: grant.id,
    status: grant.status,
    request: grant.request,
    role: grant.role,
    target: grant.target,
    tier: 2,
    provider: 'aws',
    method: 'assume-role',
    person: grant.person,
    duration: '15m',
    durationMs: 900_000,
    startsAt: iso(grant.usableAt),
    activatedAt: grant.activatedAt === null ? null : iso(grant.activatedAt),
    usableAt: grant.status === 'active' ? iso(grant.usableAt) : null,
    endsAt: iso(grant.endsAt),
    endedAt: grant.endedAt === null ? null : iso(grant.endedAt),
    cause: grant.cause,
    proof: grant.endedAt === null ? null : { kind: 'observed', at: iso(grant.endedAt), evidence: {} },
    residual: { maxMs: 0, words: 'nothing survives' },
    lastFault: null,
    serverTime: iso(Date.now() + state.clockOffsetMs),
    ...(grant.reissueAfter === null ? {} : { reissueAfter: grant.reissueAfter }),
  });

  const requestView = (request: FakeRequest) => ({
    id: request.id,
    status: request.status,
    requester: request.person,
    items: request.items.map((item) => ({ ...item, tier: 2, grant: null })),
    reason: request.reason,
    ticket: null,
    duration: `${request.durationMs / 60_000}m`,
    durationMs: request.durationMs,
    createdAt: iso(request.createdAt),
    lapsesAt: iso(request.lapsesAt),
    decidedAt: null,
    deniedBy: null,
    policyVersion: 'v1',
    steps: request.steps.map((step, index) => ({
      id: `policy:invoices#${index}`,
      rule: 'policy:invoices',
      from: ['group:finance-leads'],
      count: 1,
      missing: step.approvedBy.length === 0 ? 1 : 0,
      approvedBy: step.approvedBy,
      eligible: step.approvedBy.length === 0 ? step.eligible : [],
    })),
    reasons: [{ rule: 'policy:invoices', text: 'Finance may read invoices.' }],
    grants: [...state.grants.values()].filter((grant) => grant.request === request.id).map(grantView),
    next: request.status === 'pending' ? 'Waiting for 1 of Bo Lind.' : '',
  });

  function activate(request: FakeRequest): void {
    request.status = 'approved';
    const now = Date.now();
    for (const item of request.items) {
      const id = newId('grt');
      const usableAt = now + state.settleMs;
      const status = state.settleMs > 0 ? 'activating' : 'active';
      state.grants.set(id, { ...item, id, request: request.id, status, person: request.person, activatedAt: now, usableAt, endsAt: now + request.durationMs, endedAt: null, cause: null, reissueAfter: null });
    }
    for (const stream of state.events) stream.write(`event: change\ndata: {"kind":"request","id":"${request.id}"}\n\n`);
  }

  function decide(body: { items: { role: string; target: string }[]; duration?: string; reason?: string }) {
    const durationMs = /^\d+[ms]$/.test(body.duration ?? '15m') ? Number.parseInt(body.duration ?? '15', 10) * ((body.duration ?? 'm').endsWith('s') ? 1_000 : 60_000) : 900_000;
    const refusals: { code: string; rule: string; text: string; item: null; hint?: string }[] = [];
    for (const item of body.items) {
      if (item.role === 'admin') refusals.push({ code: 'denied-by-guardrail', rule: 'guardrail:no-admin', text: 'Nobody gets admin this way.', item: null });
      else if (item.role === 'vault') refusals.push({ code: 'mfa-required', rule: 'policy:vault', text: 'A fresh second factor is needed.', item: null, hint: 'Sign in again.' });
      else if (item.role !== 'invoice-reader' && item.role !== 'log-reader') refusals.push({ code: 'unknown-role', rule: 'default', text: `There is no role ${item.role}.`, item: null, hint: 'Did you mean invoice-reader?' });
    }
    if (durationMs > 7_200_000) refusals.push({ code: 'duration-too-long', rule: 'policy:invoices', text: 'At most 2h.', item: null, hint: 'Ask for 2h or less.' });
    if (body.reason === undefined) refusals.push({ code: 'reason-required', rule: 'policy:invoices', text: 'A reason of 10 characters is needed.', item: null, hint: 'Add --reason.' });
    const needsBo = body.items.some((item) => item.role === 'invoice-reader');
    return { durationMs, refusals, steps: needsBo ? [{ eligible: [PEOPLE['bo'] as Person], approvedBy: [] as Person[] }] : [] };
  }

  const decisionView = (made: ReturnType<typeof decide>) => ({
    effect: made.refusals.length > 0 ? 'deny' : 'allow',
    policyVersion: 'v1',
    duration: `${made.durationMs / 60_000}m`,
    durationMs: made.durationMs,
    maxDurationMs: 7_200_000,
    requirements: { reasonMin: 10, ticket: null, mfaMaxAgeMs: null },
    steps: made.steps.map((step, index) => ({ id: `s${index}`, rule: 'policy:invoices', from: ['group:finance-leads'], count: 1, eligible: step.eligible })),
    reasons: [{ rule: 'policy:invoices', text: 'Finance may read invoices.' }],
    refusals: made.refusals,
  });

  function refuse(response: ServerResponse, refusals: ReturnType<typeof decide>['refusals']): true {
    const first = refusals[0];
    const mistake: Record<string, number> = { 'unknown-role': 404, 'duration-too-long': 422, 'reason-required': 422, 'mfa-required': 403 };
    const code = first !== undefined && first.code in mistake ? first.code : 'request-refused';
    return problem(response, mistake[code] ?? 403, code, first?.text ?? '', { refusals, ...(first?.hint === undefined ? {} : { hint: first.hint }) });
  }

  return async (name: string, at: URL, request: IncomingMessage, response: ServerResponse, body: string): Promise<void> => {
    advance();
    const base = `http://${request.headers.host ?? ''}`;
    if (name === 'GET /.well-known/curfew') {
      return void json(response, 200, {
        name: 'Curfew',
        version: state.version,
        issuer: `${base}/oauth`,
        clientId: 'curfew-cli',
        api: `${base}/v1`,
        demo: state.demo,
        demoPeople: Object.values(PEOPLE).map((person) => ({ ...person, title: 'Engineer' })),
        ledger: { origin: 'test.curfew/log', vkey: state.vkey },
        ...(state.demo ? { aws: { endpointUrl: 'http://localhost:4566', region: 'eu-central-1' } } : {}),
      });
    }
    if (name === 'GET /healthz') return void json(response, 200, { status: 'ok' });
    if (name === 'GET /readyz') return void json(response, 200, { status: 'ready', checks: { database: { ok: true }, engine: { ok: true } } });
    const me = oauth.personOf(request);
    if (me === null) return void problem(response, 401, 'unauthenticated', 'Sign in first.');
    const person = PEOPLE[me] as Person;
    if (name === 'GET /v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': connected\n\n');
      state.events.add(response);
      response.on('close', () => state.events.delete(response));
      return;
    }
    if (request.method === 'POST') {
      const key = request.headers['idempotency-key'];
      if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) return void problem(response, 422, 'idempotency-key-invalid', 'no key');
      const kept = answers.get(`${me} ${key}`);
      const made = kept ?? post(name, person, JSON.parse(body) as Record<string, unknown>);
      answers.set(`${me} ${key}`, made);
      if (state.dropAnswers > 0) {
        state.dropAnswers -= 1;
        return void response.destroy();
      }
      return void json(response, made.status, made.body);
    }
    get(name, at, person, response);
  };

  /** Work is done once; the answer is kept for the key. */
  function post(name: string, person: Person, body: Record<string, unknown>): { status: number; body: object } {
    let made: { status: number; body: object } | null = null;
    const sink = {
      writeHead(status: number) {
        return { end: (text: string) => (made = { status, body: JSON.parse(text) as object }) };
      },
    } as unknown as ServerResponse;
    route(name, person, body, sink);
    return made ?? { status: 500, body: {} };
  }

  function route(name: string, person: Person, body: Record<string, unknown>, response: ServerResponse): true {
    const [, kind, id, verb] = /^POST \/v1\/(requests|grants)\/(\w+)(?:\/(\w+))?$/.exec(name) ?? [];
    if (name === 'POST /v1/requests' || name === 'POST /v1/requests/preview') {
      const unknown = Object.keys(body).filter((key) => !['items', 'duration', 'reason', 'ticket', 'startsAt'].includes(key));
      if (unknown.length > 0) return problem(response, 422, 'invalid-input', 'unknown fields', { errors: unknown.map((path) => ({ path, message: 'is unknown' })) });
      const made = decide(body as never);
      if (name.endsWith('/preview')) return json(response, 200, { ...decisionView(made), plan: ['Makes a session of invoice-reader.'], residual: [] });
      if (made.refusals.length > 0) return refuse(response, made.refusals);
      const now = Date.now();
      const created: FakeRequest = { id: newId('req'), status: 'pending', person, items: body['items'] as FakeRequest['items'], reason: String(body['reason']), durationMs: made.durationMs, steps: made.steps, createdAt: now, lapsesAt: now + 8 * 3_600_000 };
      state.requests.set(created.id, created);
      if (made.steps.length === 0) activate(created);
      return json(response, 201, requestView(created));
    }
    if (kind === 'requests') {
      const found = state.requests.get(id ?? '');
      if (found === undefined) return problem(response, 404, 'not-found', 'There is no such request.');
      if (found.status !== 'pending') return problem(response, 409, 'already-decided', `It is ${found.status}.`);
      if (verb === 'withdraw') {
        if (found.person.key !== person.key) return problem(response, 403, 'not-your-request', 'This is not your request.');
        found.status = 'withdrawn';
      } else {
        if (found.person.key === person.key) return problem(response, 403, 'self-approval', 'Nobody approves their own request.');
        if (person.key !== 'bo') return problem(response, 403, 'not-an-approver', 'You are not asked.');
        if (verb === 'deny') found.status = 'denied';
        else {
          found.steps[0]?.approvedBy.push(person);
          activate(found);
        }
        for (const stream of state.events) stream.write('event: change\ndata: {}\n\n');
      }
      return json(response, 200, requestView(found));
    }
    const grant = state.grants.get(id ?? '');
    if (kind !== 'grants' || grant === undefined) return problem(response, 404, 'not-found', 'There is no such grant.');
    if (verb === 'return' || verb === 'revoke') {
      Object.assign(grant, { status: 'ended', cause: verb === 'return' ? 'returned' : 'revoked', endedAt: Date.now() });
      return json(response, 200, grantView(grant));
    }
    if (grant.person.key !== person.key) return problem(response, 404, 'not-found', 'There is no such grant.');
    if (grant.status !== 'active') return problem(response, 410, 'grant-ended', 'This grant is over.');
    if (verb === 'console') return json(response, 200, { url: state.console, validForMs: 900_000 });
    state.issued += 1;
    const expiresAt = Date.now() + state.credentialLifeMs;
    return json(response, 200, {
      version: 1,
      accessKeyId: `ASIAFAKE${state.issued}`,
      secretAccessKey: `secret-${state.issued}`,
      sessionToken: `token-${state.issued}`,
      expiresAt: iso(expiresAt),
      usableUntil: iso(Math.min(expiresAt, grant.endsAt)),
      grant: { id: grant.id, endsAt: iso(grant.endsAt) },
      region: 'eu-central-1',
    });
  }

  function get(name: string, at: URL, person: Person, response: ServerResponse): true {
    const query = at.searchParams;
    if (name === 'GET /v1/me') return json(response, 200, { person: { ...person, email: `${person.key}@acme.example`, groups: ['finance'] }, session: { expiresAt: iso(Date.now() + 3_600_000) } });
    if (name === 'GET /v1/policy') return json(response, 200, { version: 'v1', loadedAt: iso(Date.now()), problems: state.policyProblems, roles: 3, policies: 2 });
    if (name === 'GET /v1/catalogue') {
      const all = ['invoice-reader', 'log-reader', 'admin'].map((role) => ({
        role,
        target: 'aws/prod',
        provider: 'aws',
        tier: 2,
        description: `Use ${role}`,
        categories: [],
        owner: 'group:finance-leads',
        labels: {},
        requestable: role !== 'admin',
        why: role === 'admin' ? 'A guardrail forbids it.' : 'Needs 1 of group:finance-leads.',
        path: role === 'admin' ? 'refused' : role === 'log-reader' ? 'automatic' : 'approval',
        defaultDurationMs: 900_000,
        maxDurationMs: 7_200_000,
      }));
      const words = (query.get('q') ?? '').split(' ').filter((word) => word !== '');
      const items = all.filter((item) => words.every((word) => `${item.role} ${item.target}`.includes(word)));
      return json(response, 200, { items: items.slice(0, Number(query.get('limit') ?? 50)), total: items.length });
    }
    if (name === 'GET /v1/requests') {
      const scope = query.get('scope');
      const all = [...state.requests.values()].reverse();
      const items = all.filter((one) => (scope === 'mine' ? one.person.key === person.key : scope === 'waiting' ? one.status === 'pending' && person.key === 'bo' : true));
      return json(response, 200, { items: items.map(requestView), nextCursor: null });
    }
    if (name === 'GET /v1/grants') {
      const mine = [...state.grants.values()].filter((one) => one.person.key === person.key);
      const items = mine.filter(
        (one) =>
          (query.get('scope') === 'mine' || !['ended', 'failed'].includes(one.status)) &&
          (query.get('role') === null || one.role === query.get('role')) &&
          (query.get('target') === null || one.target === query.get('target')),
      );
      return json(response, 200, { items: items.map(grantView), nextCursor: null });
    }
    if (name === 'GET /v1/audit/entries') {
      const from = Number(query.get('from') ?? 0);
      const items = state.audit.entries.slice(from, from + Number(query.get('limit') ?? 1_000));
      return json(response, 200, { items, nextFrom: from + items.length });
    }
    if (name === 'GET /v1/audit/checkpoints') return json(response, 200, { items: state.audit.checkpoints, nextFrom: null });
    if (name === 'GET /v1/audit/reconciliation') return json(response, 200, { items: [], nextAfter: null });
    const [, kind, id, tail] = /^GET \/v1\/(requests|grants)\/(\w+)(\/explanation)?$/.exec(name) ?? [];
    const grant = state.grants.get(id ?? '');
    if (kind === 'grants' && grant !== undefined) return json(response, 200, grantView(grant));
    const found = state.requests.get(id ?? '');
    if (kind !== 'requests' || found === undefined) return problem(response, 404, 'not-found', 'There is no such thing.');
    if (tail === undefined) return json(response, 200, requestView(found));
    const decision = { ...decisionView(decide({ items: found.items, reason: found.reason })), steps: [{ id: 's0', rule: 'policy:invoices', count: 1, from: [], eligible: ['bo'] }] };
    const timeline = [{ at: iso(found.createdAt), kind: 'request.submitted', actor: 'Ana Torres', text: 'asked for it' }];
    return json(response, 200, { request: requestView(found), decision, now: decision, timeline });
  }
}
