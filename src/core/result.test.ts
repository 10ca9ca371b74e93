import { expect, test } from 'vitest';
import { assertNever, invariant } from './result.ts';

test('what must hold passes, and what does not is said', () => {
  invariant(true, 'it holds');
  invariant('anything', 'it holds');
  expect(() => invariant(false, 'the sky is up')).toThrow('broken invariant: the sky is up');
});

test('what cannot be says what it was', () => {
  expect(() => assertNever({ kind: 'new' } as never)).toThrow('unreachable: {"kind":"new"}');
});
