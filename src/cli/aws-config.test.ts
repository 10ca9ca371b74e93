import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withBlock } from './aws-config.ts';
import { shellWord } from './call-name.ts';
import { printable } from './terminal/printable.ts';
import { countdown } from './terminal/times.ts';

const label = 'curfew: reader on aws/prod';
const put = (text: string, settings = ['[profile x-reader]', 'region = a']) =>
  withBlock(text, label, 'x-reader', settings);
/** Any bytes, as the latin-1 text that the file is read as, without a profile of that name. */
const anyFile = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) });

describe("the block in AWS's configuration", () => {
  test('keeps every byte that was there, and writing twice is writing once', () => {
    fc.assert(
      fc.property(anyFile, (before) => {
        const once = put(before);
        expect(once.startsWith(before)).toBe(true);
        expect(put(once)).toBe(once);
      }),
    );
  });

  test('is replaced where it stands, and nothing around it changes', () => {
    fc.assert(
      fc.property(anyFile, anyFile, (above, below) => {
        const file = `${put(above)}${below}`;
        const after = put(file, ['[profile x-reader]', 'region = b', 'more = c']);
        expect(after.startsWith(above)).toBe(true);
        expect(after.endsWith(below)).toBe(true);
        expect(after).toContain('region = b');
        expect(after).not.toContain('region = a');
      }),
    );
  });
});

test('a printed word of a command is that word to a POSIX shell', () => {
  expect(['aws/prod', "it's", '$(x)', 'two words', ''].map(shellWord)).toEqual([
    'aws/prod',
    String.raw`'it'\''s'`,
    "'$(x)'",
    "'two words'",
    "''",
  ]);
});

test('nothing that a terminal obeys is left in a text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('a countdown has two units and never says zero before it is over', () => {
  expect([1, 999, 59_001, 60_000, 905_000, 4_320_000, 180_000_000, -5].map(countdown)).toEqual([
    '1s',
    '1s',
    '1m 00s',
    '1m 00s',
    '15m 05s',
    '1h 12m',
    '2d 2h',
    '0s',
  ]);
});
