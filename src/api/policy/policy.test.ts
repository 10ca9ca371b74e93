import { ok } from '../../core/result.ts';
import { expect, test } from 'vitest';
import { apiUnderTest } from '../api-under-test.ts';

test('200: the rules in force, what is suspicious in them, and the problems of newer ones; 401 without a token', async () => {
  const status = {
    version: 'v7',
    loadedAt: '2026-11-21T05:00:00.000Z',
    problems: [
      { file: 'policies/invoices.yaml', line: 3, column: 7, message: 'unknown key "durration"', hint: 'duration?' },
    ],
    warnings: [{ file: 'policies/lab.yaml', line: 9, column: 1, message: 'matches no target' }],
    roles: 12,
    policies: 9,
  };
  const api = await apiUnderTest({ showPolicy: () => ok(status) });
  const answer = await api.as('ana', { method: 'GET', url: '/v1/policy' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual(status);
  expect((await api.as(null, { method: 'GET', url: '/v1/policy' })).statusCode).toBe(401);
  await api.close();
});
