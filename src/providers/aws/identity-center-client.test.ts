import { expect, it } from 'vitest';
import { instant } from '../../core/time.ts';
import { systemClock, type Clock } from '../../platform/clock.ts';
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
  const client = createIdentityCenterClient(
    place,
    { clients, forget: () => {} },
    {
      quota: new Watched(systemClock),
      clock: systemClock,
    },
  );
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

it('holds the clock of AWS against ours as it has gone on, also through the calls before and a slow answer', async () => {
  let elapsedMs = 0;
  const clock: Clock = { ...systemClock, now: () => instant(Date.parse('2026-11-21T00:00:00Z') + elapsedMs) };
  const client = createIdentityCenterClient(
    { account: '111111111111', region: 'eu-west-1' },
    { clients: () => Promise.resolve({} as unknown as IdentityCenterClients), forget: () => {} },
    { quota: new CallQuota(systemClock), clock },
  );
  // What the database said when the operation began.
  const call = { now: instant(Date.parse('2026-11-21T06:00:00Z')), signal: new AbortController().signal };
  /** A call whose answer takes so long, and which AWS dates when it answers. */
  const answersAfter = async (ms: number) => {
    let deserialized: (next: () => Promise<unknown>) => () => Promise<unknown> = () => expect.fail('it is watched');
    const command = { middlewareStack: { add: (middleware: typeof deserialized) => (deserialized = middleware) } };
    const send = async () => {
      elapsedMs += ms;
      const headers = { date: new Date(call.now + elapsedMs).toUTCString() };
      await deserialized(() => Promise.resolve({ response: { headers }, output: {} }))();
      return {};
    };
    await client.sso(command, () => send, { lane: 'start', effect: 'read', what: 'Looking', call });
  };
  await answersAfter(4_000);
  expect(client.aheadMs()).toBe(0);
  await answersAfter(4_000);
  expect(client.aheadMs()).toBe(0);
});
