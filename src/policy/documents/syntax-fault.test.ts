import { expect, test } from 'vitest';
import { readDocuments } from './read-documents.ts';

const INDENT = 'put a text that holds ": " into quotes, and indent the keys of one level alike';
const PAIR = 'write "key: value", with a space behind the colon';

test.each([
  ['a colon in a text', 'a: b\nc: d: e\n', '2:4 there is a key or a list where a text was expected', INDENT],
  [
    'one line indented too far',
    'a: b\n c: d\ne: f\n',
    '1:4 there is a key or a list where a text was expected',
    INDENT,
  ],
  ['a colon without a space', 'a:b\nc: d\n', '1:1 this line is neither a key with its value nor part of a list', PAIR],
  ['a dash too far left', 'a:\n  - b\n - c\n', '3:1 there is a key or a list where a text was expected', INDENT],
  [
    'a quote that does not end',
    'a: "b\n',
    '2:1 a text in quotes does not end',
    'close the quote that was opened above',
  ],
  ['a tab', 'a:\n\tb: c\n', '2:1 a tab indents this line', 'indent with spaces'],
  ['an @ without quotes', 'a: @b\n', '1:4 a text cannot begin with this character', 'put the text into quotes'],
])('%s is said once, in plain words, with a hint', (_, text, wanted, hint) => {
  const { problems } = readDocuments([{ path: 'a.yaml', text }]);
  const [where, ...words] = wanted.split(' ');
  const [line, column] = (where ?? '').split(':').map(Number);
  expect(problems).toEqual([{ file: 'a.yaml', line, column, message: `not valid YAML: ${words.join(' ')}`, hint }]);
});

test('every other key that stands twice is named too', () => {
  const { problems } = readDocuments([{ path: 'a.yaml', text: 'a: 1\na: 2\nb: 1\nb: 2\n' }]);
  expect(problems.map(({ line }) => line)).toEqual([2, 4]);
});
