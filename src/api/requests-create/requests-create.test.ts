import { afterEach, describe, expect, test, vi } from 'vitest';
import { apiUnderTest, no, REQUEST_ID, REQUEST_VIEW, yes, type ApiUnderTest } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';
import type { AlreadyView } from '../../operations/already-there.ts';
import type { Decision } from '../../policy/types.ts';
import { refused } from '../../core/result.ts';
import { NOW } from '../api-under-test.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const ITEMS = [{ role: 'invoice-reader', target: 'aws/prod' }];
const post = (body: unknown, url = '/v1/requests') => ({ method: 'POST' as const, url, payload: body as object });

describe('asking for access', () => {
  test('201 with the request and its address', async () => {
    const requestAccess = vi.fn<ApiOperations['requestAccess']>(() => yes(REQUEST_VIEW));
    api = await apiUnderTest({ requestAccess });
    const answer = await api.as(
      'ana',
      post({ items: ITEMS, duration: '1h30m', reason: 'Why not', startsAt: '2026-11-21T09:00:00Z' }),
    );
    expect(answer.statusCode).toBe(201);
    expect(answer.headers['location']).toBe(`http://localhost:7420/v1/requests/${REQUEST_ID}`);
    expect(answer.json()).toEqual(REQUEST_VIEW);
    expect(requestAccess).toHaveBeenCalledWith(
      {
        kind: 'person',
        person: expect.stringMatching(/^per_a+$/) as string,
        key: 'ana',
        roles: [],
        context: { via: 'cli' },
        signIn: { id: expect.stringMatching(/^ses_/) as string, authenticatedAt: expect.any(Number) as number },
      },
      { items: ITEMS, durationMs: 5_400_000, reason: 'Why not', startsAt: Date.parse('2026-11-21T09:00:00Z') },
    );
  });

  test.each([
    ['no items', { items: [] }, 'items'],
    ['no body', {}, 'items'],
    ['an empty role', { items: [{ role: '', target: 'aws/prod' }] }, 'items[0].role'],
    ['a misspelt field', { items: ITEMS, duratoin: '15m' }, ''],
    ['a reason of 2001 characters', { items: ITEMS, reason: 'x'.repeat(2_001) }, 'reason'],
    ['21 items', { items: Array.from({ length: 21 }, (_, index) => ({ role: `r${index}`, target: 't' })) }, 'items'],
    ['an array', [], ''],
  ])('422 for %s, naming the field', async (_name, body, path) => {
    api = await apiUnderTest();
    const answer = await api.as('ana', post(body));
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid-input', errors: [{ path }] });
  });

  test.each(['1.5y', '-5m', '', '15', '0x10m', '15 m'])(
    '422 for the duration %j, with the right way to write it',
    async (duration) => {
      api = await apiUnderTest();
      const answer = await api.as('ana', post({ items: ITEMS, duration }));
      expect(answer.statusCode).toBe(422);
      expect(answer.json()).toMatchObject({
        code: 'invalid-input',
        detail: `"${duration}" is not a duration.`,
        hint: expect.stringContaining('15m') as string,
      });
    },
  );

  test('422 for a time without a zone', async () => {
    api = await apiUnderTest();
    const answer = await api.as('ana', post({ items: ITEMS, startsAt: '2026-11-21T09:00:00' }));
    expect(answer.json()).toMatchObject({
      status: 422,
      code: 'invalid-input',
      detail: '"2026-11-21T09:00:00" is not a time.',
    });
  });

  test('413 for a reason of 100 kB, and says what a reason may have', async () => {
    api = await apiUnderTest();
    const answer = await api.as('ana', post({ items: ITEMS, reason: 'x'.repeat(100_000) }));
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({
      code: 'too-large',
      detail: expect.stringContaining('2000 characters') as string,
    });
  });

  test('400 for what is not JSON, 415 for what does not say so', async () => {
    api = await apiUnderTest();
    const headers = { 'content-type': 'application/json' };
    const broken = await api.as('ana', { method: 'POST', url: '/v1/requests', headers, body: '{"items":' });
    expect(broken.json()).toMatchObject({ status: 400, code: 'malformed-json' });
    const form = await api.as('ana', {
      method: 'POST',
      url: '/v1/requests',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a=b',
    });
    expect(form.json()).toMatchObject({ status: 415, code: 'unsupported-media-type' });
  });

  test.each([
    ['no-matching-policy', 403, 'request-refused'],
    ['denied-by-guardrail', 403, 'request-refused'],
    ['unknown-role', 404, 'unknown-role'],
    ['unknown-target', 404, 'unknown-target'],
    ['duration-too-long', 422, 'duration-too-long'],
    ['mfa-required', 403, 'mfa-required'],
  ] as const)('a refusal because of %s answers %i %s with all refusals', async (code, status, problem) => {
    const refusal = { code, rule: 'policy:invoices', text: 'No.', item: null, hint: 'Ask Bo.' };
    api = await apiUnderTest({
      requestAccess: () => Promise.resolve(refused({ code: 'request-refused', detail: 'No.', refusals: [refusal] })),
    });
    const answer = await api.as('ana', post({ items: ITEMS }));
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: problem,
      type: `http://localhost:7420/docs/problems/${problem}`,
      refusals: [refusal],
    });
  });

  test('409 when too many wait, 401 without a token', async () => {
    api = await apiUnderTest({ requestAccess: () => no('too-many-pending') });
    expect((await api.as('ana', post({ items: ITEMS }))).json()).toMatchObject({
      status: 409,
      code: 'too-many-pending',
    });
    expect((await api.as(null, post({ items: ITEMS }))).statusCode).toBe(401);
  });
});

describe('a preview', () => {
  const decision: Decision = {
    effect: 'allow',
    policyVersion: 'v1',
    directoryVersion: 'd1',
    durationMs: 900_000,
    defaultDurationMs: 1_800_000,
    maxDurationMs: 3_600_000,
    extensions: 0,
    submittedAt: NOW,
    requirements: { reasonMin: 10, ticket: null, mfaMaxAgeMs: null },
    steps: [
      {
        id: 'policy:invoices#1',
        rule: 'policy:invoices',
        count: 1,
        from: ['group:leads'],
        eligible: ['bo'],
        escalatesAfterMs: null,
        escalatesTo: [],
      },
    ],
    reasons: [{ rule: 'policy:invoices', text: 'Finance may.' }],
    refusals: [],
    alarms: [],
  };

  test('200 with steps, people by name, and the plan in words', async () => {
    const residual = [{ ...ITEMS[0], role: 'invoice-reader', target: 'aws/prod', maxMs: 0, words: 'nothing survives' }];
    const already: AlreadyView[] = [
      {
        ...{ role: 'invoice-reader', target: 'aws/prod', status: 'asked', request: REQUEST_ID, grant: null },
        ...{
          since: '2026-11-21T05:00:00.000Z',
          endsAt: null,
          waitsFor: { missing: 1, eligible: [], eligibleCount: 1 },
        },
      },
    ];
    api = await apiUnderTest({
      previewRequest: () =>
        yes({
          decision,
          deciders: [{ eligible: [{ key: 'bo', name: 'Bo Lind', onCall: true }], eligibleCount: 1 }],
          plan: [{ role: 'invoice-reader', target: 'aws/prod', ok: true, words: 'Makes a session.', hint: null }],
          residual,
          needsSignature: true,
          unsignable: [{ step: 'policy:invoices#1', without: [{ key: 'bo', name: 'Bo Lind' }] }],
          stale: [],
          already,
        }),
    });
    const answer = await api.as('ana', post({ items: ITEMS, duration: '15m' }, '/v1/requests/preview'));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      effect: 'allow',
      duration: '15m',
      steps: [
        {
          rule: 'policy:invoices',
          count: 1,
          eligible: [{ key: 'bo', name: 'Bo Lind', onCall: true }],
          eligibleCount: 1,
        },
      ],
      plan: ['Makes a session.'],
      stale: [],
      already,
      residual: [{ words: 'nothing survives' }],
      needsSignature: true,
      unsignable: [{ step: 'policy:invoices#1', without: [{ key: 'bo', name: 'Bo Lind' }] }],
    });
  });

  test('422 for a duration that is none, 401 without a token', async () => {
    api = await apiUnderTest();
    expect((await api.as('ana', post({ items: ITEMS, duration: 'soon' }, '/v1/requests/preview'))).statusCode).toBe(
      422,
    );
    expect((await api.as(null, post({ items: ITEMS }, '/v1/requests/preview'))).statusCode).toBe(401);
  });
});
