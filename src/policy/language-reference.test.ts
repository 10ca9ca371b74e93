import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkDocument } from './documents/check-document.ts';
import { DOCUMENT_KINDS, readDocuments } from './documents/read-documents.ts';
import { compileExpression } from './expression.ts';
import { REFUSAL_CODES } from './types.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/policy.md'), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text ?? '');

describe('docs/policy.md', () => {
  test('shows sound documents, of every kind', () => {
    const read = blocks('yaml').map((text) => readDocuments([{ path: 'docs/policy.yaml', text }]));
    const documents = read.flatMap((each) => each.documents);
    expect([...read.flatMap((each) => each.problems), ...documents.flatMap(checkDocument)]).toEqual([]);
    expect(new Set(documents.map(({ kind }) => kind))).toEqual(new Set(DOCUMENT_KINDS));
  });

  test.each(blocks('cel').flatMap((text) => text.trim().split('\n')))('shows a sound expression: %s', (text) => {
    expect(compileExpression(text)).toMatchObject({ ok: true });
  });

  test('explains every refusal', () => {
    expect(REFUSAL_CODES.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});
