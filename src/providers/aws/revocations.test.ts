import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { after, instant } from '../../core/time.ts';
import {
  COLLAPSE_AT,
  collapsed,
  countedSize,
  deniedBy,
  NO_REVOCATIONS,
  parseRevocations,
  printRevocations,
  withCut,
  withEntry,
  withoutExpired,
  type Revocations,
} from './revocations.ts';

const NOW = instant(Date.UTC(2026, 10, 21, 14, 20));
const END = instant(Date.UTC(2026, 10, 21, 14, 30));
const HOUR = 3_600_000;
const grantIds = fc.stringMatching(/^grt_[a-z2-7]{20}$/);
const ends = fc.integer({ min: NOW, max: NOW + 48 * HOUR }).map((ms) => instant(ms));

function printed(all: Revocations): string {
  return printRevocations(all) ?? 'nothing';
}

describe('the document', () => {
  test('says by itself whose sessions are denied and how long the entry must stay', () => {
    expect(JSON.parse(printed(withEntry(NO_REVOCATIONS, 'grt_a', END)))).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'CurfewUntil20261121T1500Z',
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { StringEquals: { 'aws:SourceIdentity': ['grt_a'] } },
        },
      ],
    });
  });

  test('is nothing when there is nothing to deny', () => {
    expect(printRevocations(NO_REVOCATIONS)).toBeNull();
  });

  test('reads back as what was written, in whatever order it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(grantIds, ends)), fc.option(ends), (grants, cut) => {
        let all = NO_REVOCATIONS;
        for (const [grant, end] of grants) all = withEntry(all, grant, end);
        if (cut !== null) all = withCut(all, cut);
        const text = printRevocations(all);
        const back = text === null ? NO_REVOCATIONS : parseRevocations(text);
        expect(back?.cut).toEqual(all.cut);
        expect(new Map(back?.entries)).toEqual(new Map(all.entries));
        expect(back === null ? '' : printRevocations(back)).toBe(text);
      }),
    );
  });

  test("keeps somebody else's statements as they are", () => {
    const foreign = { Sid: 'Theirs', Effect: 'Deny', Action: 's3:*', Resource: '*' };
    const all = parseRevocations(JSON.stringify({ Version: '2012-10-17', Statement: foreign }));
    expect(all?.foreign).toEqual([foreign]);
    expect(printed(withEntry(all ?? NO_REVOCATIONS, 'grt_a', END))).toContain(JSON.stringify(foreign));
  });

  const ours = {
    Sid: 'CurfewUntil20261121T1500Z',
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: { StringEquals: { 'aws:SourceIdentity': ['grt_a'] } },
  };
  test.each([
    ['our mark on an Allow', { ...ours, Effect: 'Allow' }],
    ['our mark on a narrower deny', { ...ours, Action: 's3:*' }],
    [
      'our mark with a second condition',
      { ...ours, Condition: { ...ours.Condition, Bool: { 'aws:MultiFactorAuthPresent': 'true' } } },
    ],
    ['our mark with another key', { ...ours, Condition: { StringEquals: { 'aws:userid': ['grt_a'] } } }],
    ['our mark with a broken time', { ...ours, Sid: 'CurfewUntil20261399T1500Z' }],
    ['our mark without a time', { ...ours, Sid: 'CurfewUntil' }],
    ['a note under our name', { ...ours, Sid: 'CurfewNote' }],
  ])('is not believed, and takes more entries beside it: %s', (_name, foreign) => {
    const all = parseRevocations(document(foreign)) ?? NO_REVOCATIONS;
    expect(all).toMatchObject({ entries: new Map(), foreign: [foreign] });
    const text = printed(withCut(withEntry(all, 'grt_b', END), NOW));
    const { Statement } = JSON.parse(text) as { Statement: { Sid: string }[] };
    expect(Statement).toContainEqual(foreign);
    expect(new Set(Statement.map(({ Sid }) => Sid)).size).toBe(3);
    const back = parseRevocations(text) ?? NO_REVOCATIONS;
    expect(deniedBy(back, 'grt_b', NOW)).not.toBeNull();
    expect(deniedBy(back, 'grt_a', NOW)).toBeNull();
  });

  test.each([
    [{ Version: '2008-10-17' }, '2008-10-17'],
    [{}, '2008-10-17'],
    [{ Version: '2012-10-17' }, '2012-10-17'],
  ])('keeps the version in which somebody else wrote: %o', (version, kept) => {
    const foreign = { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::a/${aws:userid}' };
    const all = parseRevocations(JSON.stringify({ ...version, Statement: [foreign] })) ?? NO_REVOCATIONS;
    expect(JSON.parse(printed(withEntry(all, 'grt_a', END)))).toMatchObject({ Version: kept });
  });

  test.each([
    ['no JSON', 'not a policy'],
    ['no object', '[]'],
    ['a statement that is no object', document('x')],
  ])('is no policy document, and never overwritten: %s', (_name, text) => {
    expect(parseRevocations(text)).toBeNull();
  });
});

describe('an entry', () => {
  test('stays until the last session of the grant has expired: 15 minutes after its end and a margin', () => {
    fc.assert(
      fc.property(grantIds, ends, (grant, end) => {
        const all = withEntry(NO_REVOCATIONS, grant, end);
        expect(deniedBy(withoutExpired(all, after(end, 1_200_000 - 1)), grant, NOW)).not.toBeNull();
        expect(deniedBy(withoutExpired(all, after(end, 1_200_000 + HOUR)), grant, NOW)).toBeNull();
      }),
    );
  });

  test('is not shortened by a second one with an earlier end', () => {
    const all = withEntry(withEntry(NO_REVOCATIONS, 'grt_a', after(END, 5 * HOUR)), 'grt_a', END);
    expect(all.entries.get('grt_a')).toBe(instant(Date.UTC(2026, 10, 21, 20)));
  });

  test('denies its own grant and no other', () => {
    const all = withEntry(NO_REVOCATIONS, 'grt_a', END);
    expect(deniedBy(all, 'grt_a', NOW)).toBe('CurfewUntil20261121T1500Z');
    expect(deniedBy(all, 'grt_b', NOW)).toBeNull();
  });
});

describe('a cut', () => {
  test('is later than every session that was issued in its own second', () => {
    expect(withCut(NO_REVOCATIONS, after(NOW, 999)).cut?.at).toBe(after(NOW, 1_000));
    expect(withCut(NO_REVOCATIONS, NOW).cut?.at).toBe(after(NOW, 1_000));
  });

  test('counts for a grant only when it is later than two clocks may differ', () => {
    const all = withCut(NO_REVOCATIONS, after(NOW, 90_000));
    expect(deniedBy(all, 'grt_a', NOW)).toBe('CurfewCutUntil20261122T0300Z');
    expect(deniedBy(all, 'grt_a', after(NOW, 86_000))).toBeNull();
  });

  test('never moves back, and stays as long as any role can have a session', () => {
    const all = withCut(withCut(NO_REVOCATIONS, NOW), after(NOW, -HOUR));
    expect(all.cut?.at).toBe(after(NOW, 1_000));
    expect(withoutExpired(all, after(NOW, 12 * HOUR)).cut).not.toBeNull();
    expect(withoutExpired(all, after(NOW, 14 * HOUR)).cut).toBeNull();
  });
});

test('collapsing keeps the grant that is being ended, denies all others by time, and makes room', () => {
  let all = NO_REVOCATIONS;
  for (let index = 0; countedSize(printed(all)) <= COLLAPSE_AT; index += 1) {
    all = withEntry(all, `grt_${String(index).padStart(20, 'a')}`, after(END, (index % 3) * HOUR));
  }
  expect(all.entries.size).toBeGreaterThan(200);
  const [keep = ''] = [...all.entries.keys()];
  const less = collapsed(all, new Set([keep]), NOW);
  expect([...less.entries.keys()]).toEqual([keep]);
  expect(less.cut?.at).toBe(after(NOW, 1_000));
  expect(countedSize(printed(less))).toBeLessThan(500);
});

test('characters are counted as AWS counts them: without white space', () => {
  expect(countedSize('{ "a":\n\t"b" }')).toBe(9);
});

function document(statement: unknown): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}
