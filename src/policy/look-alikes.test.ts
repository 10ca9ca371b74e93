import { describe, expect, test } from 'vitest';
import { lookAlikes, mixesScripts, skeletonOf } from './look-alikes.ts';

describe('taken for one another', () => {
  test.each([
    ['a Cyrillic o', 'Bo Lind', 'B\u043e Lind'],
    ['a Greek capital alpha', 'Ana Ruiz', '\u0391na Ruiz'],
    ['a whole word of Cyrillic', 'paypal', '\u0440\u0430\u0443\u0440\u0430l'],
    ['full width', 'Bo', '\uff22\uff4f'],
    ['mathematical letters', 'Bo', '\u{1d401}\u{1d428}'],
    ['a ligature', 'Sofia', 'So\ufb01a'],
    ['a digit for a letter', 'invoice-reader', 'inv0ice-reader'],
    ['one for l, and l for i', 'Eli Alba', 'E1l Alba'],
    ['rn for m', 'modem', 'modern'],
    ['another accent', 'Andre', 'Andr\u00e9'],
    ['another accent, composed otherwise', 'Andr\u00e9', 'Andre\u0301'],
    ['another case', 'Bo Lind', 'BO LIND'],
    ['another sort of space', 'Bo Lind', 'Bo\u00a0 Lind'],
    ['a letter without width', 'Bo Lind', 'B\u200do Lind'],
    ['another hyphen', 'Ana-Maria', 'Ana\u2010Maria'],
  ])('%s', (_, name, other) => {
    expect(name).not.toBe(other);
    expect(skeletonOf(other)).toBe(skeletonOf(name));
  });

  test.each([
    ['Bo', 'Bob'],
    ['Ana Ruiz', 'Ana Ruz'],
    ['\u5c71\u7530', '\u5c71\u672c'],
    ['\u0418\u0432\u0430\u043d', '\u0418\u0433\u043e\u0440\u044c'],
  ])('not %s and %s', (name, other) => {
    expect(skeletonOf(other)).not.toBe(skeletonOf(name));
  });

  test('each that looks like another one before it is found, with which; two of one name are no pretence', () => {
    const names = [
      ['bo', 'Bo Lind'],
      ['ana', 'Ana Ruiz'],
      ['bo2', 'B\u043e Lind'],
      ['bo3', 'Bo Lind'],
    ] as const;
    expect([...lookAlikes(names)]).toEqual([['bo2', 'bo']]);
  });
});

test.each([
  ['B\u043e Lind', true],
  ['\u0391na', true],
  ['Bo\u5c71', true],
  ['Zo\u00eb \u014cta', false],
  ['\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432', false],
  ['Ivan (\u0418\u0432\u0430\u043d)', false],
  ['\u5c71\u7530\u3055\u304f\u3089', false],
  ['\u0639\u0644\u06cc\u200c\u0631\u0636\u0627', false],
  ["Sin\u00e9ad O'Connor 3rd", false],
])('whether a word of %s mixes scripts: %s', (name, mixed) => {
  expect(mixesScripts(name)).toBe(mixed);
});
