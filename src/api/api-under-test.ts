import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { parseId } from '../core/ids.ts';
import { ok, refused } from '../core/result.ts';
import { after, instant, type Instant } from '../core/time.ts';
import type { AccessTokens, VerifiedToken } from '../identity/access-tokens.ts';
import { parseBaseUrl } from '../identity/base-url.ts';
import type { Change } from '../operations/changes.ts';
import type { OperationRefusal } from '../operations/refusal.ts';
import type { GrantView, RequestView } from '../operations/views.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { createApi } from './create-api.ts';
import type { ApiOperations } from './operations-port.ts';
import type { ApiParts } from './parts.ts';
import { createTallies } from '../operations/tallies.ts';

/** For tests only: the API with operations that a test writes, a clock that stands still, and tokens that are names. */

export const NOW = instant(Date.parse('2026-11-21T06:00:00Z'));

/** `ana` and `bo` are people; `zoe` holds a good token and has left. */
export const PEOPLE: Readonly<Record<string, string>> = { ana: 'a', bo: 'b', zoe: 'z' };

export function personId(key: string) {
  const id = parseId('per', `per_${(PEOPLE[key] ?? 'x').repeat(20)}`);
  if (id === null) throw new Error(`no id for ${key}`);
  return id;
}

const GRANT = parseId('grt', `grt_${'g'.repeat(20)}`);
const REQUEST = parseId('req', `req_${'r'.repeat(20)}`);
if (GRANT === null || REQUEST === null) throw new Error('the ids of the test are no ids');
export const GRANT_ID = GRANT;
export const REQUEST_ID = REQUEST;

export const GRANT_VIEW: GrantView = {
  id: GRANT_ID,
  status: 'active',
  request: REQUEST_ID,
  role: 'invoice-reader',
  target: 'aws/prod',
  tier: 2,
  provider: 'aws',
  method: 'assume-role',
  person: { key: 'ana', name: 'Ana Ruiz' },
  duration: '15m',
  durationMs: 900_000,
  startsAt: '2026-11-21T05:55:00.000Z',
  activatedAt: '2026-11-21T05:55:00.000Z',
  usableAt: '2026-11-21T05:55:01.000Z',
  reissueAfter: null,
  endsAt: '2026-11-21T06:10:00.000Z',
  boundUntil: null,
  extended: 0,
  retryOf: null,
  triesAgain: false,
  endedAt: null,
  cause: null,
  proof: null,
  residual: { maxMs: 0, words: 'nothing survives' },
  residualBefore: { maxMs: 0, words: 'nothing survives' },
  landing: null,
  lastFault: null,
  waits: null,
  serverTime: '2026-11-21T06:00:00.000Z',
};

export const REQUEST_VIEW: RequestView = {
  id: REQUEST_ID,
  status: 'pending',
  requester: { key: 'ana', name: 'Ana Ruiz' },
  items: [
    {
      role: 'invoice-reader',
      target: 'aws/prod',
      tier: 2,
      description: 'Read invoices',
      labels: { env: 'prod' },
      grant: null,
      plan: 'a session',
      residual: { maxMs: 0, words: 'nothing survives' },
    },
  ],
  reason: 'Check the invoice export',
  ticket: null,
  duration: '15m',
  durationMs: 900_000,
  grantedDurationMs: null,
  needsSignature: false,
  mayDecide: false,
  startsAt: null,
  createdAt: '2026-11-21T06:00:00.000Z',
  lapsesAt: '2026-11-21T14:00:00.000Z',
  decidedAt: null,
  deniedBy: null,
  lapseCause: null,
  policyVersion: 'v1',
  rulesVersion: 'v1',
  stale: [],
  steps: [],
  decisions: [],
  reasons: [{ rule: 'policy:invoices', text: 'Finance may read invoices.' }],
  grants: [],
  extends: null,
  next: 'Waiting for 1 of Bo.',
};

export const NOT_FOUND: OperationRefusal = {
  code: 'not-found',
  detail: 'There is no such thing, or you may not see it.',
};

/** Shorthands for operations that answer at once. */
export const yes = <Value>(value: Value) => Promise.resolve(ok(value));
export const no = (code: OperationRefusal['code'], detail = 'No.') => Promise.resolve(refused({ code, detail }));

export interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface ApiUnderTest {
  readonly app: FastifyInstance;
  readonly lines: readonly Line[];
  /** Sends a request as a person; `null` sends no token. */
  as(person: string | null, request: InjectOptions): Promise<LightMyRequestResponse>;
  publish(change: Change): void;
  advance(durationMs: number): void;
  close(): Promise<void>;
}

export async function apiUnderTest(
  operations: Partial<ApiOperations> = {},
  parts: Partial<ApiParts> = {},
): Promise<ApiUnderTest> {
  const lines: Line[] = [];
  const listeners = new Set<(change: Change) => void>();
  let now: Instant = NOW;
  const clock = standingClock(() => now);
  const base = parseBaseUrl('http://localhost:7420');
  const app = await createApi({
    operations: throwing<ApiOperations>('operations', {
      profile: (key) =>
        key === 'ana' || key === 'bo' ? { key, name: key, email: `${key}@acme.example`, groups: ['all'] } : null,
      rolesOf: () => Promise.resolve([]),
      roleHolders: () => Promise.resolve([]),
      signInStands: () => Promise.resolve(true),
      whoMaySee: ({ kind }) => Promise.resolve((viewer) => Promise.resolve(kind === 'grant' || viewer !== null)),
      standingSignIns: (ids) => Promise.resolve(new Set(ids)),
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      ...operations,
    }),
    tokens: namesAsTokens,
    authorizationServer: null,
    ledger: throwing('ledger', {}),
    checks: { database: well, clock: well, policy: well, engine: well, ledger: well, epoch: well, mail: well },
    metrics: {
      grants: () => Promise.resolve({ active: 2, ended: 5 }),
      ledgerSize: () => Promise.resolve(7),
      engineLagMs: () => Promise.resolve(1_500),
      policyAlarms: () => ({ request: 3, decision: 0, start: 1 }),
      findings: () => ({ ...createTallies().findings.counts, 'end-was-edited': 2 }),
    },
    db: throwing('db', {}),
    base,
    version: '1.2.3',
    logKey: { origin: 'test.example/log', vkey: 'test.example/log+c0ffee00+AQID' },
    aws: null,
    publicLive: false,
    demo: null,
    portalDir: '/nowhere',
    log: listeningLog(lines),
    clock,
    random: systemRandom,
    ...parts,
  });
  return {
    app,
    lines,
    // Async, because what inject returns does nothing until somebody waits for it.
    as: async (person, request) =>
      app.inject({
        ...request,
        headers: { ...(person === null ? {} : { authorization: `Bearer ${person}` }), ...request.headers },
      }),
    publish(change) {
      for (const listener of listeners) listener(change);
    },
    advance(durationMs) {
      now = after(now, durationMs);
    },
    close: () => app.close(),
  };
}

const well = () => Promise.resolve({ ok: true });

/** The sign-in of a person's token. */
function signInOf(key: string) {
  const id = parseId('ses', `ses_${(PEOPLE[key] ?? 'x').repeat(20)}`);
  if (id === null) throw new Error(`no sign-in for ${key}`);
  return id;
}

const namesAsTokens: AccessTokens = {
  verify(token) {
    if (PEOPLE[token] === undefined) return Promise.resolve(refused('not a token' as const));
    const verified: VerifiedToken = {
      person: personId(token),
      key: token,
      signIn: signInOf(token),
      signedInAt: after(NOW, -3_600_000),
      expiresAt: after(NOW, 600_000),
      authenticatedAt: after(NOW, -7_200_000),
      signInEndsAt: after(NOW, 3_600_000),
      mfaAt: null,
      via: 'cli',
    };
    return Promise.resolve(ok(verified));
  },
};

/** An object whose other members fail the test that touches them. */
function throwing<Part extends object>(name: string, has: Partial<Part>): Part {
  return new Proxy(has as Part, {
    get(target, member) {
      if (member in target) return target[member as keyof Part];
      throw new Error(`the test did not expect ${name}.${String(member)}`);
    },
  });
}

function standingClock(now: () => Instant): Clock {
  const never = (signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
  return { now, sleep: (_durationMs, signal) => never(signal), timeout: () => new AbortController().signal };
}

function listeningLog(lines: Line[]): Log {
  const at = (level: Line['level']) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...fields }, message });
  };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
