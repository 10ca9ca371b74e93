import { randomBytes } from 'node:crypto';
import { errors } from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { after, instant, type Instant } from '../core/time.ts';
import { systemRandom } from '../platform/random.ts';
import { openEmbedded, type Database } from '../store/database.ts';
import { takeSignIn } from '../store/oidc-payloads.ts';
import { createOidcAdapters } from './oidc-adapter.ts';
import { createSeal } from './seal.ts';

let database: Database;
let now: Instant = instant(Date.parse('2026-11-21T06:00:00Z'));
const clock = { now: () => now, sleep: () => Promise.resolve(), timeout: () => new AbortController().signal };
const seal = createSeal(randomBytes(32), systemRandom);
const ended: string[] = [];
const adapter = (model: string) =>
  createOidcAdapters({
    ...{ db: database.db, seal, clock },
    async endSignIn(id, cause) {
      const person = await database.db.transaction().execute((trx) => takeSignIn(trx, id));
      if (person !== null) ended.push(cause);
    },
  })(model);

beforeAll(async () => {
  database = await openEmbedded();
}, 60_000);
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.deleteFrom('oidc_payload').execute();
  ended.length = 0;
});

const rows = () => database.db.selectFrom('oidc_payload').selectAll().execute();

describe('an artifact', () => {
  test('is found again by its id, whole, and stands in the database under a hash, sealed', async () => {
    const payload = { jti: 'the-token', accountId: 'per_x', grantId: 'g1', kind: 'RefreshToken' };
    await adapter('RefreshToken').upsert('the-token', payload, 60);
    expect(await adapter('RefreshToken').find('the-token')).toEqual(payload);
    expect(await adapter('AuthorizationCode').find('the-token')).toBeUndefined();
    const dump = JSON.stringify(await rows());
    expect(dump).not.toContain('the-token');
    expect(dump).not.toContain('per_x');
  });

  test('is found by its user code and its session by its uid', async () => {
    await adapter('DeviceCode').upsert('device', { jti: 'device', userCode: 'BCDFGHJK' }, 60);
    await adapter('Session').upsert('session', { jti: 'session', uid: 'u1' }, 60);
    expect(await adapter('DeviceCode').findByUserCode('BCDFGHJK')).toMatchObject({ jti: 'device' });
    expect(await adapter('DeviceCode').findByUserCode('XXXXXXXX')).toBeUndefined();
    expect(await adapter('Session').findByUid('u1')).toMatchObject({ jti: 'session' });
    expect(JSON.stringify(await rows())).not.toContain('BCDFGHJK');
  });

  test('that was moved to another row does not open', async () => {
    await adapter('RefreshToken').upsert('mine', { jti: 'mine', accountId: 'per_me' }, 60);
    await adapter('RefreshToken').upsert('theirs', { jti: 'theirs', accountId: 'per_them' }, 60);
    const [one, two] = await rows();
    await database.db
      .updateTable('oidc_payload')
      .set({ payload: JSON.stringify(two?.payload) })
      .where('id_hash', '=', one?.id_hash ?? '')
      .execute();
    const found = await Promise.all(['mine', 'theirs'].map((id) => adapter('RefreshToken').find(id)));
    expect(found.filter((payload) => payload !== undefined)).toHaveLength(1);
  });

  test('is cleared when a later sign-in begins, ten minutes after its end', async () => {
    await adapter('AuthorizationCode').upsert('old', { jti: 'old' }, 60);
    now = after(now, 60_000 + 599_000);
    await adapter('Interaction').upsert('first', { jti: 'first' }, 60);
    expect(await adapter('AuthorizationCode').find('old')).toBeDefined();
    now = after(now, 2_000);
    await adapter('Interaction').upsert('second', { jti: 'second' }, 60);
    expect(await adapter('AuthorizationCode').find('old')).toBeUndefined();
  });
});

describe('using one up', () => {
  async function signInOf(grantId: string): Promise<void> {
    await adapter('Grant').upsert(grantId, { jti: grantId, accountId: `per_${'a'.repeat(20)}` }, 60);
    await adapter('AuthorizationCode').upsert(`code-${grantId}`, { jti: `code-${grantId}`, grantId }, 60);
    await adapter('RefreshToken').upsert(`refresh-${grantId}`, { jti: `refresh-${grantId}`, grantId }, 60);
  }

  test('is remembered, also when it is saved again', async () => {
    await signInOf('g1');
    await adapter('AuthorizationCode').consume('code-g1');
    expect(await adapter('AuthorizationCode').find('code-g1')).toMatchObject({ consumed: Math.floor(now / 1_000) });
    await adapter('AuthorizationCode').upsert('code-g1', { jti: 'code-g1', grantId: 'g1' }, 60);
    expect(await adapter('AuthorizationCode').find('code-g1')).toHaveProperty('consumed');
  });

  test.each(['AuthorizationCode', 'RefreshToken'])(
    'a %s twice ends that sign-in with everything in it, and no other',
    async (model) => {
      await signInOf('g1');
      await signInOf('g2');
      const id = model === 'RefreshToken' ? 'refresh-g1' : 'code-g1';
      await adapter(model).consume(id);
      await expect(adapter(model).consume(id)).rejects.toBeInstanceOf(errors.InvalidGrant);
      for (const [kind, gone] of [
        ['Grant', 'g1'],
        ['AuthorizationCode', 'code-g1'],
        ['RefreshToken', 'refresh-g1'],
      ] as const) {
        expect(await adapter(kind).find(gone), kind).toBeUndefined();
      }
      expect(await adapter('RefreshToken').find('refresh-g2')).toBeDefined();
      expect(await adapter('Grant').find('g2')).toBeDefined();
      expect(ended).toEqual(['replayed']);
    },
  );

  test('by two at one instant is reuse for one of them', async () => {
    await signInOf('g1');
    const outcomes = await Promise.allSettled([
      adapter('RefreshToken').consume('refresh-g1'),
      adapter('RefreshToken').consume('refresh-g1'),
    ]);
    expect(outcomes.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('or removing a refresh token ends the sign-in, once, and for the reason that there is', async () => {
    await signInOf('g1');
    await signInOf('g2');
    await adapter('RefreshToken').destroy('refresh-g1');
    // As the provider goes on, for each of its models.
    await Promise.all(['AccessToken', 'RefreshToken'].map((model) => adapter(model).revokeByGrantId('g1')));
    await adapter('Grant').destroy('g1');
    expect(ended).toEqual(['signed-out']);
    expect(await adapter('AuthorizationCode').find('code-g1')).toBeUndefined();
    await adapter('RefreshToken').consume('refresh-g2');
    await adapter('RefreshToken').destroy('refresh-g2');
    await adapter('Grant').destroy('g2');
    expect(ended).toEqual(['signed-out', 'replayed']);
    expect(await rows()).toEqual([]);
  });

  test('of one that does not exist is refused', async () => {
    await expect(adapter('RefreshToken').consume('nothing')).rejects.toBeInstanceOf(errors.InvalidGrant);
  });
});
