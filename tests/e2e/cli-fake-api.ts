import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { decide, decisionView } from './cli-fake-rules.ts';
import type { Oauth } from './cli-fake-oauth.ts';
import {
  alreadyOf,
  CATALOGUE,
  isOutdated,
  json,
  PEOPLE,
  problem,
  proofOf,
  type FakeGrant,
  type FakeRequest,
  type FakeState,
  type Person,
} from './cli-fake-state.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** How the roles of the catalogue would be decided. */
/** What is said before the approval to survive the end. */
const SAID = { maxMs: 0, words: 'nothing survives' };
const newId = (prefix: string) => `${prefix}_${[...randomBytes(20)].map((byte) => ALPHABET[byte & 31]).join('')}`;

/** The endpoints of the fake server. */
export function createApi(state: FakeState, oauth: Oauth) {
  const answers = new Map<string, { status: number; body: object }>();
  const iso = (ms: number) => new Date(ms).toISOString();

  function advance(): void {
    const now = Date.now();
    for (const grant of state.grants.values()) {
      if (grant.status === 'activating' && now >= grant.usableAt) grant.status = 'active';
      if (grant.status === 'active' && now >= grant.endsAt)
        Object.assign(grant, { status: 'ended', cause: 'expired', endedAt: now });
    }
    for (const request of state.requests.values())
      if (request.status === 'pending' && now >= request.lapsesAt) request.status = 'lapsed';
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
    proof: grant.endedAt === null ? null : proofOf(grant, grant.endedAt),
    residual: grant.residual ?? SAID,
    residualBefore: SAID,
    lastFault: null,
    waits: grant.waits ?? null,
    serverTime: iso(Date.now() + state.clockOffsetMs),
    ...(grant.reissueAfter === null ? {} : { reissueAfter: grant.reissueAfter }),
  });

  const requestView = (request: FakeRequest) => ({
    id: request.id,
    status: request.status,
    requester: request.person,
    items: request.items.map((item) => {
      const plan = request.status === 'pending' ? `Makes a session of ${item.role}.` : null;
      return { ...item, tier: 2, grant: null, plan, residual: SAID };
    }),
    reason: request.reason,
    ticket: null,
    duration: `${request.durationMs / 60_000}m`,
    durationMs: request.durationMs,
    startsAt: request.startsAt,
    createdAt: iso(request.createdAt),
    lapsesAt: iso(request.lapsesAt),
    decidedAt: request.decidedAt === null ? null : iso(request.decidedAt),
    deniedBy: null,
    lapseCause: null,
    policyVersion: 'v1',
    rulesVersion: state.rulesVersion,
    stale: [],
    steps: request.steps.map((step, index) => ({
      id: `policy:invoices#${index}`,
      rule: 'policy:invoices',
      from: ['group:finance-leads'],
      count: 1,
      missing: step.approvedBy.length === 0 ? 1 : 0,
      approvedBy: step.approvedBy,
      eligible: step.approvedBy.length === 0 ? step.eligible : [],
    })),
    decisions: request.decisions,
    reasons: [{ rule: 'policy:invoices', text: 'Finance may read invoices.' }],
    grants: [...state.grants.values()].filter((grant) => grant.request === request.id).map(grantView),
    next: nextOf(request),
  });

  function nextOf({ status, decisions }: FakeRequest): string {
    if (status === 'pending') return 'Waiting for 1 of Bo Lind.';
    const no = decisions.find((one) => one.verdict === 'deny');
    return no === undefined ? '' : `${no.by.name} said no: ${no.comment ?? ''}`;
  }

  function activate(request: FakeRequest): void {
    request.status = 'approved';
    const now = Date.now();
    for (const item of request.items) {
      const id = newId('grt');
      const usableAt = now + state.settleMs;
      const status = state.settleMs > 0 ? 'activating' : 'active';
      state.grants.set(id, {
        ...item,
        id,
        request: request.id,
        status,
        person: request.person,
        activatedAt: now,
        usableAt,
        endsAt: now + request.durationMs,
        endedAt: null,
        cause: null,
        reissueAfter: null,
      });
    }
    for (const stream of state.events) stream.write(`event: change\ndata: {"kind":"request","id":"${request.id}"}\n\n`);
  }

  function refuse(response: ServerResponse, refusals: ReturnType<typeof decide>['refusals']): true {
    const first = refusals[0];
    const mistake: Record<string, number> = {
      'unknown-role': 404,
      'duration-too-long': 422,
      'reason-required': 422,
      'mfa-required': 403,
    };
    const code = first !== undefined && first.code in mistake ? first.code : 'request-refused';
    return problem(response, mistake[code] ?? 403, code, first?.text ?? '', {
      refusals,
      ...(first?.hint === undefined ? {} : { hint: first.hint }),
    });
  }

  return async (
    name: string,
    at: URL,
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
  ): Promise<void> => {
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
    if (name === 'GET /readyz')
      return void json(response, 200, { status: 'ready', checks: { database: { ok: true }, engine: { ok: true } } });
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
      if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
        return void problem(response, 422, 'idempotency-key-invalid', 'no key');
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
      const unknown = Object.keys(body).filter(
        (key) => !['items', 'duration', 'reason', 'ticket', 'startsAt'].includes(key),
      );
      if (unknown.length > 0)
        return problem(response, 422, 'invalid-input', 'unknown fields', {
          errors: unknown.map((path) => ({ path, message: 'is unknown' })),
        });
      const made = decide(body as never);
      if (name.endsWith('/preview'))
        return json(response, 200, {
          ...decisionView(made),
          plan: ['Makes a session of invoice-reader.'],
          residual: [],
          already: alreadyOf(state, person, body['items'] as FakeRequest['items']),
          stale: ['People of "export" are as of 2026-11-20T09:30:00.000Z.'],
        });
      if (made.refusals.length > 0) return refuse(response, made.refusals);
      const now = Date.now();
      const created: FakeRequest = {
        id: newId('req'),
        status: 'pending',
        person,
        items: body['items'] as FakeRequest['items'],
        reason: String(body['reason']),
        durationMs: made.durationMs,
        steps: made.steps,
        createdAt: now,
        lapsesAt: now + 8 * 3_600_000,
        startsAt: typeof body['startsAt'] === 'string' ? body['startsAt'] : null,
        decidedAt: made.steps.length === 0 ? now : null,
        decisions: [],
      };
      state.requests.set(created.id, created);
      if (made.steps.length === 0) activate(created);
      return json(response, 201, requestView(created));
    }
    if (kind === 'requests') {
      const found = state.requests.get(id ?? '');
      if (found === undefined) return problem(response, 404, 'not-found', 'There is no such request.');
      if (found.status !== 'pending') return problem(response, 409, 'already-decided', `It is ${found.status}.`);
      if (verb === 'withdraw') {
        if (found.person.key !== person.key)
          return problem(response, 403, 'not-your-request', 'This is not your request.');
        found.status = 'withdrawn';
      } else {
        if (found.person.key === person.key)
          return problem(response, 403, 'self-approval', 'Nobody approves their own request.');
        if (person.key !== 'bo') return problem(response, 403, 'not-an-approver', 'You are not asked.');
        if (verb === 'approve' && isOutdated(state, response, body['seen'])) return true;
        const comment = typeof body['comment'] === 'string' ? body['comment'] : null;
        const at = iso(Date.now());
        found.decisions.push({ by: person, verdict: verb === 'deny' ? 'deny' : 'approve', comment, at });
        if (verb === 'deny') found.status = 'denied';
        else {
          found.steps[0]?.approvedBy.push(person);
          activate(found);
        }
        for (const stream of state.events) stream.write('event: change\ndata: {}\n\n');
      }
      found.decidedAt = Date.now();
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
      issuedAt: iso(Date.now()),
      expiresAt: iso(expiresAt),
      usableUntil: iso(Math.min(expiresAt, grant.endsAt)),
      grant: { id: grant.id, endsAt: iso(grant.endsAt) },
      region: 'eu-central-1',
    });
  }

  function get(name: string, at: URL, person: Person, response: ServerResponse): true {
    const query = at.searchParams;
    if (name === 'GET /v1/me')
      return json(response, 200, {
        person: { ...person, email: `${person.key}@acme.example`, groups: ['finance'] },
        session: { expiresAt: iso(Date.now() + 3_600_000) },
      });
    if (name === 'GET /v1/policy')
      return json(response, 200, {
        version: 'v1',
        loadedAt: iso(Date.now()),
        problems: state.policyProblems,
        warnings: state.policyWarnings,
        roles: 3,
        policies: 2,
        ...(state.policyDirectory === null ? {} : { directory: state.policyDirectory }),
      });
    if (name === 'GET /v1/revocations') {
      // Three on a page, however many are asked for.
      const from = Number(at.searchParams.get('cursor') ?? 0);
      const nextCursor = from + 3 < state.orders.length ? String(from + 3) : null;
      return json(response, 200, { items: state.orders.slice(from, from + 3), nextCursor });
    }
    const order = state.orders.find((one) => name === `GET /v1/revocations/${(one as { id: string }).id}`);
    if (order !== undefined) return json(response, 200, order);
    if (name === 'GET /v1/doctor') return json(response, 200, { items: state.cloudFindings });
    if (name === 'GET /v1/catalogue') {
      const words = (query.get('q') ?? '').split(' ').filter((word) => word !== '');
      const items = CATALOGUE.filter(
        ({ role, target }) =>
          words.every((word) => `${role} ${target}`.includes(word)) &&
          [query.get('role') ?? role, query.get('target') ?? target].join() === [role, target].join(),
      );
      return json(response, 200, { items: items.slice(0, Number(query.get('limit') ?? 50)), total: items.length });
    }
    if (name === 'GET /v1/requests') {
      const scope = query.get('scope');
      const all = [...state.requests.values()].reverse();
      const items = all.filter((one) =>
        scope === 'mine'
          ? one.person.key === person.key
          : scope === 'waiting'
            ? one.status === 'pending' && person.key === 'bo'
            : true,
      );
      // Three on a page, however many are asked for.
      const from = Number(query.get('cursor') ?? 0);
      const paged = scope === 'mine' ? items : items.slice(from, from + 3);
      const nextCursor = from + paged.length < items.length ? String(from + 3) : null;
      return json(response, 200, { items: paged.map(requestView), nextCursor });
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
    const about = /^GET \/v1\/audit\/(proof|personal)\/(\d+)$/.exec(name);
    if (about !== null) {
      const found = (about[1] === 'proof' ? state.audit.proofs : state.audit.personal)?.[Number(about[2])];
      return found === undefined ? problem(response, 404, 'not-found', 'Not there.') : json(response, 200, found);
    }
    if (name === 'GET /v1/audit/checkpoints')
      return json(response, 200, { items: state.audit.checkpoints, nextFrom: null });
    if (name === 'GET /v1/audit/checkpoint') {
      const last = state.audit.checkpoints.at(-1) as { note: string } | undefined;
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(last?.note ?? '');
      return true;
    }
    if (name === 'GET /v1/audit/reconciliation') return json(response, 200, { items: [], nextAfter: null });
    const [, kind, id, tail] = /^GET \/v1\/(requests|grants)\/(\w+)(\/explanation)?$/.exec(name) ?? [];
    const grant = state.grants.get(id ?? '');
    if (kind === 'grants' && grant !== undefined) return json(response, 200, grantView(grant));
    const found = state.requests.get(id ?? '');
    if (kind !== 'requests' || found === undefined)
      return problem(response, 404, 'not-found', 'There is no such thing.');
    if (tail === undefined) return json(response, 200, requestView(found));
    const decision = {
      ...decisionView(decide({ items: found.items, reason: found.reason })),
      steps: [{ id: 's0', rule: 'policy:invoices', count: 1, from: [], eligible: ['bo'] }],
    };
    const timeline = [
      { at: iso(found.createdAt), kind: 'request.submitted', actor: 'Ana Torres', text: 'asked for it' },
    ];
    const calls = requestView(found).items.map(({ role, target, plan }) => ({
      ...{ role, target, grant: null, atStart: plan, atEnd: null },
      called: [],
    }));
    return json(response, 200, { request: requestView(found), decision, now: decision, timeline, calls });
  }
}
