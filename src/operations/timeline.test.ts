import { expect, test } from 'vitest';
import { cloudFacts } from './timeline.ts';

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
])('the story of a request keeps what the log has of the cloud: %s', (_, facts, cloud) => {
  expect(cloudFacts({ facts })).toEqual(cloud);
});
