import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { styleFor } from './style.ts';
import { facts, wrapped } from './table.ts';

const styleOf = (columns: number, isTTY = true) => styleFor({ env: {} }, { isTTY, columns, write: () => true }, false);

describe('facts', () => {
  const pairs = [
    ['who', 'Ana'],
    ['after', 'Open sessions of the portal last up to 60 minutes longer'],
    ['why', 'two\nlines'],
  ] as const;

  test('goes on below the beginning of a value where the terminal ends', () => {
    expect(stripVTControlCharacters(facts(styleOf(36), pairs))).toBe(
      [
        '  who    Ana',
        '  after  Open sessions of the portal',
        '         last up to 60 minutes',
        '         longer',
        '  why    two',
        '         lines',
        '',
      ].join('\n'),
    );
  });

  test('leaves lines whole where no terminal shows them, and where the terminal is too narrow for a column', () => {
    for (const style of [styleOf(36, false), styleOf(20)]) {
      expect(stripVTControlCharacters(facts(style, pairs))).toContain('portal last up to 60 minutes longer\n');
    }
  });
});

describe('wrapped', () => {
  test('keeps every word and every colour, and no line longer than the room unless a word is', () => {
    const style = styleOf(40);
    const word = fc.stringMatching(/^[a-z]{1,50}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.boolean()), { minLength: 1 }), (words) => {
        const text = words.map(([one, dim]) => (dim ? style.dim(one) : one)).join(' ');
        const lines = wrapped(style, text, 4).split('\n    ');
        expect(lines.join(' ')).toBe(text);
        for (const line of lines.map(stripVTControlCharacters)) {
          expect(line.length <= 36 || !line.includes(' ')).toBe(true);
        }
      }),
    );
  });
});
