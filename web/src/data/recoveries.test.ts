import { expect, test } from 'vitest';
import { asksOf, codeOf, isCode, type Recovery } from './recoveries.ts';

const [ana, bo, eli] = ['ana', 'bo', 'eli'].map((key) => ({ key, name: key }));
const id = 'rcv_2wro2rtapkyrazdbi7qs';
const recovery = { id, person: ana, confirmedBy: [eli], openUntil: null } as unknown as Recovery;

test('the code is heard, so that spaces and small letters are no difference, and another one is', () => {
  expect(codeOf({ id })).toBe('DBI7QS');
  expect(isCode({ id }, ' dbi-7qs ')).toBe(true);
  expect(isCode({ id }, 'dbi7q')).toBe(false);
  expect(isCode({ id }, '')).toBe(false);
});

test('what I have confirmed, what is mine and what is open does not wait for me', () => {
  expect(asksOf([recovery], 'bo')).toEqual([recovery]);
  expect(asksOf([recovery], 'eli')).toEqual([]);
  expect(asksOf([recovery], 'ana')).toEqual([]);
  expect(asksOf([{ ...recovery, openUntil: '2026-11-22T10:00:00.000Z' }], bo?.key ?? '')).toEqual([]);
});
