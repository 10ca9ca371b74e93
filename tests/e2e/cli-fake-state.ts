import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../../src/core/json.ts';
import { instant } from '../../src/core/time.ts';
import { proofView, type ProofView } from '../../src/operations/proof-view.ts';

/** What the server of the tests knows, and the knobs that make it misbehave. */
export interface FakeState {
  readonly calls: string[];
  /** What was sent with each call. */
  readonly bodies: string[];
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
  /** Of the rules in force. */
  rulesVersion: string;
  policyProblems: object[];
  policyWarnings: object[];
  policyDirectory: object | null;
  cloudFindings: object[];
  orders: object[];
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
  /** Proofs and personal values by number of the entry. */
  audit: { entries: object[]; checkpoints: object[]; proofs?: object[]; personal?: object[] };
}

export interface Person {
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
  startsAt: string | null;
  decidedAt: number | null;
  decisions: { by: Person; verdict: 'approve' | 'deny'; comment: string | null; at: string }[];
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
  /** What the proof of its end says beside its kind; absent: nothing. */
  evidence?: JsonObject;
  reissueAfter: string | null;
  /** What its start waits for; absent: nothing. */
  waits?: { until: string | null; why: string };
  /** What the cloud says of this very grant; absent: what was said before the approval. */
  residual?: { maxMs: number | null; words: string };
}

/** As the API shows it. */
export function proofOf({ cause, evidence = {} }: FakeGrant, at: number): ProofView {
  return proofView({ kind: cause === 'expired' ? 'by-construction' : 'observed', at: instant(at), evidence });
}

export const PEOPLE: Record<string, Person> = {
  ana: { key: 'ana', name: 'Ana Torres' },
  bo: { key: 'bo', name: 'Bo Lind' },
  eve: { key: 'eve', name: 'Eve \u001b[31mRed' },
};

const PATHS: Record<string, string> = { admin: 'refused', 'log-reader': 'automatic', 'warehouse-reader': 'later' };

/** What the fake server offers, as the API shows it. */
export const CATALOGUE = ['invoice-reader', 'log-reader', 'admin', 'warehouse-reader'].map((role) => ({
  role,
  target: role === 'warehouse-reader' ? 'gcp/analytics' : 'aws/prod',
  provider: role === 'warehouse-reader' ? 'gcp' : 'aws',
  tier: 2,
  description: `Use ${role}`,
  categories: [],
  owner: 'group:finance-leads',
  labels: {},
  requestable: role !== 'admin' && role !== 'warehouse-reader',
  why: role === 'admin' ? 'A guardrail forbids it.' : 'Needs 1 of group:finance-leads.',
  path: PATHS[role] ?? 'approval',
  defaultDurationMs: 900_000,
  maxDurationMs: 7_200_000,
}));

export function json(response: ServerResponse, status: number, body: object): true {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
  return true;
}

export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  more: object = {},
): true {
  return json(response, status, {
    type: `http://localhost/docs/problems/${code}`,
    title: code,
    status,
    code,
    detail,
    requestId: 'r-1',
    ...more,
  });
}

/** Refuses a yes to what other rules said than those in force, and says whether it did. */
export function isOutdated({ rulesVersion }: FakeState, response: ServerResponse, seen: unknown): boolean {
  const outdated = seen !== undefined && seen !== rulesVersion;
  return outdated && problem(response, 409, 'policy-changed', 'The rules have changed since you looked at this.');
}

/** What somebody has of some items, or waits for, as a preview shows it. */
export function alreadyOf(
  state: Pick<FakeState, 'grants' | 'requests'>,
  person: Person,
  items: readonly { readonly role: string; readonly target: string }[],
): readonly object[] {
  return items.flatMap(({ role, target }): readonly object[] => {
    const grant = [...state.grants.values()].find(
      (one) => one.role === role && one.target === target && one.person.key === person.key && one.status === 'active',
    );
    if (grant !== undefined)
      return [
        { role, target, status: 'active', grant: grant.id, request: grant.request, endsAt: new Date(grant.endsAt) },
      ];
    const request = [...state.requests.values()].find(
      (one) =>
        one.status === 'pending' &&
        one.person.key === person.key &&
        one.items.some((item) => item.role === role && item.target === target),
    );
    return request === undefined
      ? []
      : [{ role, target, status: 'asked', grant: null, request: request.id, endsAt: null }];
  });
}
