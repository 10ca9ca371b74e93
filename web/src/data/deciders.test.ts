import { expect, test } from 'vitest';
import { decidersIn, fewOf } from './deciders.ts';

const one = (key: string, onCall = false) => ({ key, name: `N ${key}`, onCall });

test('whoever looks is you, who is on call is said to be, and behind five there is a number', () => {
  const few = { eligible: [one('bo', true), one('ana', true), one('cy')], eligibleCount: 3 };
  const first = 'you (on call), N ana (ana, on call), N cy (cy)';
  expect(decidersIn(few, 'bo')).toEqual({ first, more: 0, rest: '' });
  const eligible = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key) => one(key));
  expect(decidersIn({ eligible, eligibleCount: 300 }, 'bo')).toEqual({
    first: 'N a (a), N b (b), N c (c), N d (d), N e (e)',
    more: 295,
    rest: 'N f (f), N g (g), 293 others',
  });
  expect(decidersIn({ eligible, eligibleCount: 7 }, 'bo')).toMatchObject({ more: 2, rest: 'N f (f), N g (g)' });
});

test('a line of names has no more of them than can be read', () => {
  expect(fewOf(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e');
  expect(fewOf(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d, e and 1 more');
});
