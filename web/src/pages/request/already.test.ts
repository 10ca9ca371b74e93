import { expect, test } from 'vitest';
import type { AccessRequest, Grant } from '../../data/api.ts';
import { alreadyOf } from './already.ts';

const invoices = { role: 'invoice-reader', target: 'aws/prod' };
const builds = { role: 'build-log-reader', target: 'aws/staging' };
const grant = (fields: Partial<Grant>): Grant =>
  ({ ...invoices, id: 'grt_1', status: 'active', endsAt: '2026-11-22T12:40:00.000Z', ...fields }) as Grant;
const request = (fields: Partial<AccessRequest>): AccessRequest =>
  ({ id: 'req_1', status: 'pending', items: [builds], ...fields }) as AccessRequest;

test('says of each thing once that it is held, or asked for and undecided', () => {
  const [one, two] = [grant({}), request({ items: [builds, invoices] as never })];
  expect(alreadyOf([invoices, builds], null, [one], [two])).toEqual([
    { kind: 'held', item: invoices, grant: one },
    { kind: 'asked', item: builds, request: two },
  ]);
  expect(alreadyOf([{ ...invoices, target: 'aws/staging' }], null, [one], [two])).toEqual([]);
});

test('what is over, ending or decided is no reason not to ask', () => {
  for (const status of ['ending', 'ended', 'failed'] as const)
    expect([status, alreadyOf([invoices], null, [grant({ status })], [])]).toEqual([status, []]);
  for (const status of ['approved', 'denied', 'withdrawn', 'lapsed'] as const)
    expect([status, alreadyOf([builds], null, [], [request({ status })])]).toEqual([status, []]);
  for (const status of ['scheduled', 'activating'] as const)
    expect(alreadyOf([invoices], null, [grant({ status, endsAt: null })], [])).toHaveLength(1);
});

test('access that has ended when the new one begins is none of it', () => {
  expect(alreadyOf([invoices], '2026-11-22T12:39:00.000Z', [grant({})], [])).toHaveLength(1);
  expect(alreadyOf([invoices], '2026-11-22T12:40:00.000Z', [grant({})], [])).toEqual([]);
});
