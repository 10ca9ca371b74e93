import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { after, instant, type Instant } from '../../core/time.ts';
import {
  fits,
  isOver,
  parseTombstones,
  printTombstones,
  roomFor,
  secondOf,
  sidOf,
  withoutTombstones,
  withTombstone,
  type TombstonePolicy,
} from './tombstone-policy.ts';

const END = instant(Date.parse('2026-11-21T12:00:00Z'));
const ANA = { userId: '0123456789-11111111-2222-4333-8444-555555555555', account: '111122223333' };
const OWNERS = '{"Version":"2012-10-17","Id":"x","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}';

function policyOf(text: string): TombstonePolicy {
  const policy = parseTombstones(text);
  if (policy === null) throw new Error('it is a policy');
  return policy;
}

const ofMany = (count: number, endsAt: Instant = END): TombstonePolicy =>
  Array.from({ length: count }, (_, index) => ({ ...ANA, account: String(100_000_000_000 + index), endsAt })).reduce(
    withTombstone,
    policyOf(OWNERS),
  );

const statements = (text: string | null) =>
  (JSON.parse(text ?? '{"Statement":[]}') as { readonly Statement: readonly Record<string, unknown>[] }).Statement;

describe('a tombstone', () => {
  test('denies one user everything in one account from the end on', () => {
    const text = printTombstones(withTombstone(policyOf(''), { ...ANA, endsAt: END }));
    expect(JSON.parse(text ?? '')).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: sidOf(ANA),
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: {
            StringEquals: { 'identitystore:UserId': ANA.userId, 'aws:PrincipalAccount': ANA.account },
            DateGreaterThanEquals: { 'aws:CurrentTime': '2026-11-21T12:00:00Z' },
          },
        },
      ],
    });
  });

  test('is one for each slot, and its end moves in place', () => {
    const one = withTombstone(policyOf(OWNERS), { ...ANA, endsAt: END });
    const moved = withTombstone(one, { ...ANA, endsAt: after(END, 60_000) });
    expect(moved.tombstones.size).toBe(1);
    expect(printTombstones(moved)?.length).toBe(printTombstones(one)?.length);
    expect(withTombstone(one, { ...ANA, account: '444455556666', endsAt: END }).tombstones.size).toBe(2);
  });

  test('comes back from its text as it was, beside whatever its owner wrote', () => {
    const place = fc.record({
      userId: fc.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{12}$/),
      account: fc.stringMatching(/^\d{12}$/),
      endsAt: fc.integer({ min: 0, max: 4_000_000_000 }).map((second) => instant(second * 1_000)),
    });
    const owners = fc.array(
      fc.record({
        Sid: fc.stringMatching(/^[A-Za-z0-9]{1,20}$/),
        Effect: fc.constantFrom('Allow', 'Deny'),
        Action: fc.array(fc.string(), { minLength: 1 }),
        Resource: fc.string({ unit: 'binary' }),
      }),
    );
    fc.assert(
      fc.property(owners, fc.array(place), (Statement, all) => {
        const before = policyOf(JSON.stringify({ Version: '2008-10-17', Statement }));
        const text = printTombstones(all.reduce(withTombstone, before));
        expect(text === null || /^[\0-\xff]*$/.test(text)).toBe(true);
        const back = policyOf(text ?? '');
        expect(back.tombstones).toEqual(all.reduce(withTombstone, before).tombstones);
        expect(back.foreign).toEqual(Statement);
      }),
    );
  });

  test('that somebody edited is not ours any more, and makes room for the one that is written anew', () => {
    const text = printTombstones(withTombstone(policyOf(OWNERS), { ...ANA, endsAt: END })) ?? '';
    for (const [ours, theirs] of [
      ['2026-11-21T12:00:00Z', '2099-01-01T00:00:00+00:00'],
      ['"Deny"', '"Allow"'],
      [ANA.userId, 'somebody-else'],
      ['"Resource":"*","Condition"', '"Resource":"arn:aws:s3:::none","Condition"'],
    ] as const) {
      const edited = policyOf(text.replace(ours, theirs));
      expect([theirs, edited.tombstones.size, edited.foreign.length]).toEqual([theirs, 0, 2]);
      const anew = withTombstone(edited, { ...ANA, endsAt: END });
      expect(statements(printTombstones(anew)).filter(({ Sid }) => Sid === sidOf(ANA))).toHaveLength(1);
      expect(printTombstones(anew)).toBe(text);
    }
  });

  test('is needed until no session can be alive that began before the removal', () => {
    expect(isOver(END, after(END, 3_600_000 + 300_000), 3_600_000)).toBe(false);
    expect(isOver(END, after(END, 3_600_000 + 305_000), 3_600_000)).toBe(true);
    // One that may last for less now may have lasted an hour before.
    expect(isOver(END, after(END, 3_600_000 + 300_000), 900_000)).toBe(false);
    expect(isOver(END, after(END, 12 * 3_600_000 + 300_000), 12 * 3_600_000)).toBe(false);
    expect(isOver(END, after(END, 12 * 3_600_000 + 305_000), 12 * 3_600_000)).toBe(true);
  });

  test('says whole seconds, never later than what was promised', () => {
    expect(secondOf(after(END, 999))).toBe(END);
  });
});

describe('the policy of a permission set', () => {
  test('keeps everything that its owner wrote, and is nothing when nobody has written anything', () => {
    const text = printTombstones(withoutTombstones(ofMany(3), new Set(ofMany(3).tombstones.keys()))) ?? '';
    const { Statement: owners, ...frame } = JSON.parse(OWNERS) as Record<string, unknown>;
    expect(JSON.parse(text)).toEqual({ ...frame, Statement: [owners] });
    const alone = withTombstone(policyOf(''), { ...ANA, endsAt: END });
    expect(printTombstones(withoutTombstones(alone, new Set([sidOf(ANA)])))).toBeNull();
  });

  test('is no policy where AWS would not have taken it', () => {
    for (const text of ['[]', '{', '{"Version":"2012-10-17"}', '{"Statement":["x"]}'])
      expect(parseTombstones(text)).toBeNull();
  });

  test('is full at 10,240 characters without white space, or 32,768 bytes', () => {
    const room = roomFor(policyOf(OWNERS));
    expect(room).toBeGreaterThan(30);
    expect(fits(ofMany(room))).toBe(true);
    expect(fits(ofMany(room + 2))).toBe(false);
    const padded = (Resource: string) =>
      policyOf(JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource }] }));
    const frame = printTombstones(padded(''))?.length ?? 0;
    expect(fits(padded('x'.repeat(10_240 - frame)))).toBe(true);
    expect(fits(padded('x'.repeat(10_241 - frame)))).toBe(false);
    expect(fits(padded(' '.repeat(32_768 - frame)))).toBe(true);
    expect(fits(padded(' '.repeat(32_769 - frame)))).toBe(false);
  });
});
