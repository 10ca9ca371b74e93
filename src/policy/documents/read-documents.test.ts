import { expect, test } from 'vitest';
import { readDocuments } from './read-documents.ts';

const FILE = { path: 'a.yaml', text: 'kind: directory\nconfirm: [one]\n' };

test('a file is parsed once, whoever reads it and beside which others', () => {
  const [first] = readDocuments([FILE]).documents;
  const again = readDocuments([{ path: 'b.yaml', text: 'kind: targets\n' }, FILE]);
  expect(again.documents.map(({ file }) => file)).toEqual(['b.yaml', 'a.yaml']);
  expect(again.documents[1]).toBe(first);
});

test('what was changed is parsed anew', () => {
  readDocuments([FILE]);
  const { documents } = readDocuments([{ ...FILE, text: FILE.text.replace('one', 'two') }]);
  expect(documents).toMatchObject([{ value: { confirm: ['two'] } }]);
});

test('what one reader does to a value is refused, because others read the same', () => {
  const [document] = readDocuments([FILE]).documents;
  const value = document?.value as { confirm: string[] };
  expect(() => value.confirm.push('three')).toThrow(TypeError);
  expect(() => Object.assign(value, { kind: 'targets' })).toThrow(TypeError);
});

test('what is wrong with a file is told to everybody who reads it', () => {
  const broken = { path: 'c.yaml', text: 'a: 1\na: 2\n' };
  const { problems } = readDocuments([broken]);
  expect(problems).toMatchObject([{ file: 'c.yaml', line: 2 }]);
  expect(readDocuments([FILE, broken]).problems).toEqual(problems);
});
