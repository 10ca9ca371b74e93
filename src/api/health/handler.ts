import { z } from 'zod';
import type { ApiMetrics } from '../metrics.ts';
import { CHECKS, type ApiServer, type Check, type CheckName, type HealthParts } from '../parts.ts';

/** A check that takes longer has failed: a load balancer must not wait for a database that hangs. */
const CHECK_MS = 2_000;

const checkView = z.object({ ok: z.boolean(), detail: z.string().optional() });
const ready = z.object({
  status: z.enum(['ready', 'not-ready']),
  checks: z.object({
    database: checkView,
    clock: checkView,
    policy: checkView,
    engine: checkView,
    ledger: checkView,
    epoch: checkView,
    mail: checkView,
  }),
});

/** `/healthz`: the process runs. `/readyz`: it can do its work. `/metrics`: numbers for Prometheus. None needs a sign-in. */
export function registerHealth(app: ApiServer, parts: HealthParts, metrics: ApiMetrics): void {
  app.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      summary: 'Whether the process runs',
      tags: ['operations'],
      security: [],
      response: { 200: z.object({ status: z.literal('ok') }) },
    },
    handler: async (_request, reply) => reply.send({ status: 'ok' }),
  });
  app.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      summary: 'Whether everything it needs works',
      tags: ['operations'],
      security: [],
      response: { 200: ready, 503: ready },
    },
    handler: async (_request, reply) => {
      const checks = await runChecks(parts);
      const isReady = Object.values(checks).every((check) => check.ok);
      return reply
        .header('cache-control', 'no-store')
        .status(isReady ? 200 : 503)
        .send({ status: isReady ? 'ready' : 'not-ready', checks });
    },
  });
  app.route({
    method: 'GET',
    url: '/metrics',
    schema: { summary: 'Numbers for Prometheus', tags: ['operations'], security: [] },
    handler: async (_request, reply) => {
      const { type, body } = await metrics.read();
      return reply.type(type).send(body);
    },
  });
}

type Outcome = { ok: boolean; detail?: string };

async function runChecks({ checks, clock, log }: HealthParts): Promise<Record<CheckName, Outcome>> {
  const run = async (name: CheckName, check: Check): Promise<Outcome> => {
    const give = new AbortController();
    const late = clock.sleep(CHECK_MS, give.signal).then(() => ({ ok: false, detail: 'did not answer in time' }));
    try {
      const { ok, detail } = await Promise.race([check(), late]);
      return detail === undefined ? { ok } : { ok, detail };
    } catch (error) {
      log.warn(
        { check: name, error: error instanceof Error ? error.message : String(error) },
        'a readiness check failed',
      );
      return { ok: false, detail: 'failed; see the log' };
    } finally {
      give.abort();
    }
  };
  const outcomes = await Promise.all(CHECKS.map(async (name) => [name, await run(name, checks[name])] as const));
  return Object.fromEntries(outcomes) as Record<CheckName, Outcome>;
}
