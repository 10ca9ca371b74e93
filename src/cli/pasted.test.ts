import { expect, test } from 'vitest';
import { letterOf } from '../integrations/mail/letter.ts';
import { noticeUnderTest } from '../integrations/mail/notice-under-test.ts';
import { printText } from '../integrations/mail/print-letter.ts';
import { asMeant } from '../core/pasted.ts';

test('a name that is copied out of a mail is the name', () => {
  for (const target of ['aws/prod', 'gcp/my.project', 'aws/eu-west-1:prod@acme']) {
    const items = [{ role: 'invoice-reader', target, tier: null }];
    const line = printText(letterOf(noticeUnderTest({ items }), 'https://curfew.acme.example')).split('\n')[2] ?? '';
    const [role, , copied] = line.trim().split(' ');
    expect([role ?? '', copied ?? ''].map(asMeant)).toEqual(['invoice-reader', target]);
  }
});

test('what turns the direction of writing, and joins letters of some scripts, is left for the server to judge', () => {
  expect(['a\u202Eb', 'نمی\u200Cخواهم', 'x\u200B\uFEFF\u00ADy'].map(asMeant)).toEqual([
    'a\u202Eb',
    'نمی\u200Cخواهم',
    'xy',
  ]);
});
