import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { parseBaseUrl } from '../../identity/base-url.ts';
import { apiUnderTest, type ApiUnderTest } from '../api-under-test.ts';
import { createHealthApi } from '../create-health-api.ts';
import { createTallies } from '../../operations/tallies.ts';
import { FINDINGS } from '../../core/finding.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const well = () => Promise.resolve({ ok: true });

test('healthy and ready need no token', async () => {
  api = await apiUnderTest();
  expect((await api.as(null, { method: 'GET', url: '/healthz' })).json()).toEqual({ status: 'ok' });
  const ready = await api.as(null, { method: 'GET', url: '/readyz' });
  expect(ready.statusCode).toBe(200);
  expect(ready.json()).toMatchObject({ status: 'ready', checks: { engine: { ok: true } } });
});

test('503 names the check that failed, threw, or hung, and keeps the error to the log', async () => {
  api = await apiUnderTest(
    {},
    {
      clock: { ...systemClock, sleep: (_durationMs, signal) => systemClock.sleep(20, signal) },
      checks: {
        database: () => Promise.reject(new Error('password=hunter2')),
        clock: () => Promise.resolve({ ok: false, detail: '12 s off' }),
        policy: well,
        engine: () => new Promise(() => {}),
        ledger: well,
        epoch: well,
        mail: well,
      },
    },
  );
  const answer = await api.as(null, { method: 'GET', url: '/readyz' });
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toEqual({
    status: 'not-ready',
    checks: {
      database: { ok: false, detail: 'failed; see the log' },
      clock: { ok: false, detail: '12 s off' },
      policy: { ok: true },
      engine: { ok: false, detail: 'did not answer in time' },
      ledger: { ok: true },
      epoch: { ok: true },
      mail: { ok: true },
    },
  });
  expect(api.lines.some((line) => line.fields['error'] === 'password=hunter2')).toBe(true);
});

test('metrics count requests by route and status, and read the other numbers', async () => {
  api = await apiUnderTest({
    policyStatus: () => ({ version: 'v', loadedAt: '', problems: [], warnings: [], roles: 1, policies: 1 }),
  });
  await api.as(null, { method: 'GET', url: '/v1/requests/req_secretid' });
  const { body, headers } = await api.as(null, { method: 'GET', url: '/metrics' });
  expect(headers['content-type']).toMatch(/^text\/plain/);
  expect(body).toContain('curfew_http_requests_total{method="GET",route="/v1/requests/:id",status="401"} 1');
  expect(body).toContain('curfew_grants{state="active"} 2');
  expect(body).toContain('curfew_ledger_entries 7');
  expect(body).toContain('curfew_engine_lag_seconds 1.5');
  expect(body).toContain('curfew_policy_alarms_total{place="request"} 3');
  expect(body).toContain('curfew_policy_alarms_total{place="decision"} 0');
  expect(body).toContain('curfew_findings_total{finding="end-was-edited"} 2');
  expect(body).toContain('curfew_findings_total{finding="access-not-provably-gone"} 0');
  expect(body.match(/^curfew_findings_total/gm)).toHaveLength(FINDINGS.length);
  expect((await api.as(null, { method: 'GET', url: '/metrics' })).body).toContain('{finding="end-was-edited"} 2');
  expect(body).not.toContain('req_secretid');
});

test('a number that cannot be read is left out and counted; the others are still there', async () => {
  api = await apiUnderTest(
    { policyStatus: () => ({ version: 'v', loadedAt: '', problems: [], warnings: [], roles: 1, policies: 1 }) },
    {
      metrics: {
        grants: () => Promise.reject(new Error('down')),
        ledgerSize: () => Promise.resolve(9),
        engineLagMs: () => Promise.resolve(0),
        policyAlarms: () => ({ request: 0, decision: 0, start: 0 }),
        findings: () => createTallies().findings.counts,
      },
    },
  );
  const { body } = await api.as(null, { method: 'GET', url: '/metrics' });
  expect(body).toContain('curfew_metric_failures_total{metric="curfew_grants"} 1');
  expect(body).toContain('curfew_ledger_entries 9');
});

test('a process that runs the engine alone answers for its health and its numbers, and for nothing else', async () => {
  const app = await createHealthApi({
    operations: {
      policyStatus: () => ({ version: 'v', loadedAt: '', problems: [], warnings: [], roles: 1, policies: 1 }),
    },
    checks: { database: well, clock: well, policy: well, engine: well, ledger: well, epoch: well, mail: well },
    metrics: {
      grants: () => Promise.resolve({ active: 2 }),
      ledgerSize: () => Promise.resolve(9),
      engineLagMs: () => Promise.resolve(0),
      policyAlarms: () => ({ request: 0, decision: 0, start: 4 }),
      findings: () => createTallies().findings.counts,
      sweepers: async () => [{ name: 'eu', at: 1_795_000_000_000 }],
    },
    base: parseBaseUrl('http://localhost:7420'),
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
  });
  const get = (url: string) => app.inject({ method: 'GET', url });
  expect((await get('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await get('/readyz')).json()).toMatchObject({ status: 'ready' });
  const numbers = (await get('/metrics')).body;
  expect(numbers).toContain('curfew_policy_alarms_total{place="start"} 4');
  expect(numbers).toContain('curfew_sweeper_last_run_timestamp_seconds{sweeper="eu"} 1795000000');
  for (const url of ['/', '/v1/me', '/v1/live', '/v1/events', '/openapi.json', '/oauth/token'])
    expect((await get(url)).statusCode, url).toBe(404);
  await app.close();
});
