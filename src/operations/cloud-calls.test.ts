import { expect, test } from 'vitest';
import type { GrantRecord } from '../store/grants.ts';
import { cloudCalls, cloudFacts } from './cloud-calls.ts';
import type { EntryBody } from './entry-words.ts';

test.each([
  [
    'an access that was made',
    { endsAt: 'x', fingerprints: ['f1'], standing: true },
    { fingerprints: ['f1'], standing: true },
  ],
  [
    'a credential that was handed out',
    { fingerprint: 'f1', policyHash: 'h', expiresAt: 'x', usableUntil: 'y' },
    { fingerprint: 'f1', policyHash: 'h', expiresAt: 'x' },
  ],
  [
    'an end',
    { cause: 'expired', proof: 'observed', evidence: { assignments: 0 } },
    { proof: 'observed', evidence: { assignments: 0 } },
  ],
  ['what the cloud has no part in', { by: 'approver' }, {}],
])('the calls of a request keep what the log has of the cloud: %s', (_, facts, cloud) => {
  expect(cloudFacts({ facts })).toEqual(cloud);
});

test('access that was there before Curfew was not called for, and is not taken away', () => {
  const grant = {
    ...{ id: 'grt_1', provider: 'aws', method: 'identity-center', startsAt: 0, durationMs: 1 },
    definition: { role: { name: 'reader' }, target: { key: 'aws/prod' } },
    state: { kind: 'active' },
  } as unknown as GrantRecord;
  const bodies = ['grant.activating', 'grant.active'].map(
    (kind) => ({ kind, at: '', subjects: { grant: 'grt_1' }, facts: { standing: true } }) as unknown as EntryBody,
  );
  const world = { providers: new Map(), clock: { now: () => 0 } } as unknown as Parameters<typeof cloudCalls>[0];
  const view = { id: 'req_1', status: 'approved', items: [], extends: null } as unknown as Parameters<
    typeof cloudCalls
  >[1];
  expect(cloudCalls(world, view, [grant], bodies)).toMatchObject([
    {
      atEnd: 'Look whether the access still stands as it did before Curfew. If it does, nothing is removed.',
      called: [{ text: 'Nothing was called: the same access was there before Curfew.', cloud: { standing: true } }],
    },
  ]);
});

test.each([
  ['cloud', 'it has ended by itself'],
  [undefined, 'it is still there'],
] as const)('what takes access away says who ends it for this very role: %s', (ofTheRole, said) => {
  const grant = {
    ...{ id: 'grt_1', provider: 'azure', method: 'rbac', startsAt: 0, durationMs: 1 },
    definition: { role: { name: 'reader' }, target: { key: 'azure/erp' } },
    state: { kind: 'active' },
  } as unknown as GrantRecord;
  const provider = {
    methods: { rbac: { endedBy: 'broker', rungs: ['Delete the role assignment'] } },
    ...(ofTheRole === undefined ? {} : { endedBy: () => ofTheRole }),
    plan: () => ({ ok: false }),
  };
  const world = {
    providers: new Map([['azure', provider]]),
    clock: { now: () => 0 },
  } as unknown as Parameters<typeof cloudCalls>[0];
  const view = { id: 'req_1', status: 'approved', items: [], extends: null } as unknown as Parameters<
    typeof cloudCalls
  >[1];
  const [calls] = cloudCalls(world, view, [grant], []);
  expect(calls?.atEnd).toContain(`At its time: look whether ${said}`);
  expect(calls?.atEnd).toContain('Delete the role assignment');
});
