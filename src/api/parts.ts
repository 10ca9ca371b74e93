import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Finding } from '../core/finding.ts';
import type { AccessTokens } from '../identity/access-tokens.ts';
import type { AuthorizationServer } from '../identity/authorization-server.ts';
import type { BaseUrl } from '../identity/base-url.ts';
import type { AlarmPlace, DirectoryAlarm } from '../operations/raise-alarms.ts';
import type { NotificationTally } from '../operations/tell-people.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { Db } from '../store/schema.ts';
import type { LedgerReads } from './ledger-port.ts';
import type { ApiOperations } from './operations-port.ts';

/** A Fastify server whose routes are typed by zod schemas. */
export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What readiness looks at. A check that throws or takes longer than two seconds has failed; the message is for operators. */
export type Check = () => Promise<{ readonly ok: boolean; readonly detail?: string }>;
export const CHECKS = ['database', 'clock', 'policy', 'engine', 'ledger', 'epoch', 'mail'] as const;
export type CheckName = (typeof CHECKS)[number];

/** Numbers that stand in places the API does not look into; each is read when `/metrics` is. */
export interface MetricSources {
  /** Grants by state, of those that are not over. */
  grants(): Promise<Readonly<Record<string, number>>>;
  ledgerSize(): Promise<number>;
  /** Milliseconds by which the engine is behind the most overdue row; 0 when nothing is overdue. */
  engineLagMs(): Promise<number>;
  /** Expressions of the rules that could not be judged since the start of the process, by where it was noticed. */
  policyAlarms(): Readonly<Record<AlarmPlace, number>>;
  /** What was found about grants since the start of the process, by what it is. */
  findings(): Readonly<Record<Finding, number>>;
  /** Messages by what they were and what became of them, since the start of the process. Absent: this one sends none. */
  notifications?(): NotificationTally['counts'];
  /** What went wrong with people and their accounts since the start of the process; absent: nobody counts. */
  directoryAlarms?(): Readonly<Record<DirectoryAlarm, number>>;
  /** When each sweeper ran last, epoch milliseconds. Absent: there are none. */
  sweepers?(): Promise<readonly { readonly name: string; readonly at: number }[]>;
}

export interface DemoSurroundings {
  readonly people: readonly { readonly key: string; readonly name: string; readonly title: string }[];
  /** Pages that only the demo has. */
  readonly pages?: readonly DemoPage[];
}

/** A page of the demo. */
export interface DemoPage {
  /** Below `/demo/`; `:n` stands for a number. */
  readonly path: string;
  /** The page as HTML, with a content security policy of its own if it needs one; `null`: there is no such page. */
  html(n: number): { readonly body: string; readonly policy?: string } | null;
}

/** What health, readiness and metrics need. */
export interface HealthParts {
  readonly operations: Pick<ApiOperations, 'policyStatus'>;
  readonly checks: Readonly<Record<CheckName, Check>>;
  readonly metrics: MetricSources;
  readonly base: BaseUrl;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ApiParts extends HealthParts {
  readonly operations: ApiOperations;
  readonly tokens: AccessTokens;
  /** Absent in a process that only serves the API beside another one that signs people in. */
  readonly authorizationServer: AuthorizationServer | null;
  readonly ledger: LedgerReads;
  /** Where Idempotency-Keys are kept. */
  readonly db: Db;
  readonly version: string;
  /** Name and key of the log, in the form of a C2SP verifier key. */
  readonly logKey: { readonly origin: string; readonly vkey: string };
  /** What clients need to talk to AWS; `endpointUrl` only where AWS is simulated. */
  readonly aws: { readonly region: string; readonly endpointUrl: string | null } | null;
  /** Whether live access and its changes are shown without a sign-in: in the demo, nowhere else. */
  readonly publicLive: boolean;
  readonly demo: DemoSurroundings | null;
  /** Where the built portal lies; it need not be there. */
  readonly portalDir: string;
  /** Addresses of proxies whose X-Forwarded-For is believed, for rate limits. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<RateLimits>;
}

/** Ends and decisions, and what they have to read, are counted by themselves, by sign-in: each with as many again as a person has. */
export interface RateLimits {
  /** Of IPv6 a /64 counts as one address, and all of a /48 together as ten. */
  readonly perAddressPerMinute: number;
  /** Beginnings and ends of sign-ins, of everybody behind one address. */
  readonly signInsPerAddressPerMinute: number;
  readonly perPersonPerMinute: number;
}
