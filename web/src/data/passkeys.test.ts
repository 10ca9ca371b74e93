import { expect, test } from 'vitest';
import { wordsOf } from './passkeys.ts';

const named = (name: string): Error => Object.assign(new Error('The operation either timed out …'), { name });

test('what a browser says of a passkey is put into words of people, and what stays true is said', () => {
  const said = ['NotAllowedError', 'InvalidStateError', 'SecurityError', 'UnknownError'].map((name) =>
    wordsOf(named(name), 'Nothing was signed'),
  );
  expect(new Set(said).size).toBe(4);
  for (const words of said) expect(words).toMatch(/^Nothing was signed: .*Nothing was changed\.$/);
  expect(said.join()).not.toContain('operation');
});
