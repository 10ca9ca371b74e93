import type { FastifyRequest } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../platform/clock.ts';
import type { ApiServer, HealthParts } from './parts.ts';

/** Numbers for Prometheus. Labels are few and closed: no person, no id, no address. */
export interface ApiMetrics {
  request(labels: { readonly method: string; readonly route: string; readonly status: number }, seconds: number): void;
  setListeners(count: () => number): void;
  /** The text exposition format. A source that fails leaves its number out and is counted. */
  read(): Promise<{ readonly type: string; readonly body: string }>;
}

export function createApiMetrics({
  operations,
  metrics: sources,
  clock,
}: Pick<HealthParts, 'operations' | 'metrics' | 'clock'>): ApiMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'curfew_http_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const latency = new Histogram({
    name: 'curfew_http_request_duration_seconds',
    help: 'Time from the request to the end of the answer.',
    labelNames: ['method', 'route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const failures = new Counter({
    name: 'curfew_metric_failures_total',
    help: 'Numbers that could not be read.',
    labelNames: ['metric'],
    registers,
  });
  const alarms = new Counter({
    name: 'curfew_policy_alarms_total',
    help: 'Expressions of the rules that could not be judged, and so refused.',
    labelNames: ['place'],
    registers,
  });
  const findings = new Counter({
    name: 'curfew_findings_total',
    help: 'What was found about grants that a person should look at.',
    labelNames: ['finding'],
    registers,
  });
  const notifications = new Counter({
    name: 'curfew_notifications_total',
    help: 'Messages to people, by what they were and what became of them; failed: attempts that will be made again.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const sweepers = new Gauge({
    name: 'curfew_sweeper_last_run_timestamp_seconds',
    help: 'When each sweeper ran last, as it says itself.',
    labelNames: ['sweeper'],
    registers,
  });
  const directoryAge = new Gauge({
    name: 'curfew_directory_age_seconds',
    help: 'How old the people in force are, by source.',
    labelNames: ['source'],
    registers,
  });
  const directoryAlarms = new Counter({
    name: 'curfew_directory_alarms_total',
    help: 'Syncs that were held, sources that cannot be used, and accounts that two persons claim.',
    labelNames: ['alarm'],
    registers,
  });
  let listeners = (): number => 0;
  const grants = new Gauge({
    name: 'curfew_grants',
    help: 'Grants by state, of those that are not over.',
    labelNames: ['state'],
    registers,
  });
  const gauges: readonly { readonly gauge: Gauge; readonly read: () => Promise<number> | number }[] = [
    ['curfew_ledger_entries', 'Entries in the log.', () => sources.ledgerSize()] as const,
    [
      'curfew_engine_lag_seconds',
      'How far the engine is behind the most overdue row.',
      async () => (await sources.engineLagMs()) / 1_000,
    ] as const,
    [
      'curfew_policy_problems',
      'Problems of newer rules that were refused.',
      () => operations.policyStatus().problems.length,
    ] as const,
    [
      'curfew_policy_warnings',
      'What is suspicious in the rules in force.',
      () => operations.policyStatus().warnings.length,
    ] as const,
    [
      'curfew_account_conflicts',
      'Accounts that two persons claim, or whose person is given another one.',
      () => operations.policyStatus().directory?.conflicts?.length ?? 0,
    ] as const,
    ['curfew_event_listeners', 'Open event streams.', () => listeners()] as const,
  ].map(([name, help, read]) => ({ gauge: new Gauge({ name, help, registers }), read }));

  async function attempt(metric: string, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch {
      failures.inc({ metric });
    }
  }

  return {
    request({ method, route, status }, seconds) {
      requests.inc({ method, route, status });
      latency.observe({ method, route }, seconds);
    },
    setListeners(count) {
      listeners = count;
    },
    async read() {
      await attempt('curfew_grants', async () => {
        const byState = await sources.grants();
        grants.reset();
        for (const [state, count] of Object.entries(byState)) grants.set({ state }, count);
      });
      await attempt('curfew_policy_alarms_total', async () => {
        alarms.reset();
        for (const [place, count] of Object.entries(sources.policyAlarms())) alarms.inc({ place }, count);
      });
      await attempt('curfew_findings_total', async () => {
        findings.reset();
        for (const [finding, count] of Object.entries(sources.findings())) findings.inc({ finding }, count);
      });
      await attempt('curfew_notifications_total', async () => {
        notifications.reset();
        for (const [kind, outcomes] of Object.entries(sources.notifications?.() ?? {}))
          for (const [outcome, count] of Object.entries(outcomes)) notifications.inc({ kind, outcome }, count);
      });
      await attempt('curfew_sweeper_last_run_timestamp_seconds', async () => {
        // What was read before stays when the cloud does not answer: its age tells.
        for (const { name, at } of (await sources.sweepers?.()) ?? []) sweepers.set({ sweeper: name }, at / 1_000);
      });
      await attempt('curfew_directory_age_seconds', async () => {
        for (const { name, takenAt } of operations.policyStatus().directory?.sources ?? [])
          if (takenAt !== null) directoryAge.set({ source: name }, (clock.now() - Date.parse(takenAt)) / 1_000);
      });
      await attempt('curfew_directory_alarms_total', async () => {
        directoryAlarms.reset();
        for (const [alarm, count] of Object.entries(sources.directoryAlarms?.() ?? {}))
          directoryAlarms.inc({ alarm }, count);
      });
      for (const { gauge, read } of gauges) {
        await attempt('gauge', async () => {
          gauge.set(await read());
        });
      }
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** Counts and logs every request. The log has the route and not the URL, because a URL may carry what is secret. */
export function observeRequests(
  app: ApiServer,
  metrics: ApiMetrics,
  { clock, log }: { clock: Clock; log: HealthParts['log'] },
): void {
  const begun = new WeakMap<FastifyRequest, number>();
  app.addHook('onRequest', async (request) => {
    begun.set(request, clock.now());
  });
  app.addHook('onSend', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const durationMs = clock.now() - (begun.get(request) ?? clock.now());
    const route = request.routeOptions.url ?? 'none';
    metrics.request({ method: request.method, route, status: reply.statusCode }, durationMs / 1_000);
    const person = request.session?.actor.person;
    log.info(
      {
        requestId: request.id,
        method: request.method,
        route,
        status: reply.statusCode,
        durationMs,
        ...(person === undefined ? {} : { person }),
      },
      'answered',
    );
  });
}
