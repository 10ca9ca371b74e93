import { expect, it } from 'vitest';
import { instant } from '../../core/time.ts';
import { systemClock } from '../../platform/clock.ts';
import { createIdentityCenterClient, type IdentityCenterClients } from './identity-center-client.ts';
import { CallQuota } from './identity-center-quota.ts';

it.each([
  [false, 1],
  [true, 0],
])('too many calls slow all of them down; too many operations do not (begins: %s)', async (begins, times) => {
  let slowed = 0;
  class Watched extends CallQuota {
    override slowDown(): void {
      slowed += 1;
    }
  }
  const place = { account: '111111111111', region: 'eu-west-1' };
  // Nothing is sent: the call is refused before it asks for a client of its service.
  const clients = () => Promise.resolve({} as unknown as IdentityCenterClients);
  const client = createIdentityCenterClient(place, { clients, forget: () => {} }, new Watched(systemClock));
  const refused = Object.assign(new Error('Too many'), {
    name: 'ThrottlingException',
    $metadata: { httpStatusCode: 400 },
  });
  const call = { now: instant(0), signal: new AbortController().signal };
  const how = { lane: 'start', effect: 'write', what: 'Assigning', call, begins } as const;
  const command = { middlewareStack: { add: () => {} } };
  await expect(client.sso(command, () => () => Promise.reject(refused), how)).rejects.toMatchObject({
    kind: 'throttled',
  });
  expect(slowed).toBe(times);
});
