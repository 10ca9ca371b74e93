import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches } from './find-allowing.ts';
import { readDenial } from './read-denial.ts';

test.each([
  [
    'User: arn:aws:iam::111122223333:user/ana is not authorized to perform: rds:RebootDBInstance on resource: arn:aws:rds:eu-north-1:444455556666:db:payments.',
    {
      action: 'rds:RebootDBInstance',
      resource: 'arn:aws:rds:eu-north-1:444455556666:db:payments',
      account: '444455556666',
      callerAccount: '111122223333',
    },
  ],
  [
    'arn:aws:s3:::acme-invoices',
    { action: null, resource: 'arn:aws:s3:::acme-invoices', account: null, callerAccount: null },
  ],
  ['AccessDenied s3:PutObject', { action: 's3:PutObject', resource: null, account: null, callerAccount: null }],
  [
    '(arn:aws-cn:iam::444455556666:role/curfew/x)',
    {
      action: null,
      resource: 'arn:aws-cn:iam::444455556666:role/curfew/x',
      account: '444455556666',
      callerAccount: null,
    },
  ],
])('reads %s', (text, denial) => {
  expect(readDenial(text)).toEqual(denial);
});

test.each(['', 'invoice prod', 'env:prod', 'restart payments', 'http://acme.example', 'arn', 'role:reader'])(
  '"%s" is a search',
  (text) => {
    expect(readDenial(text)).toBeNull();
  },
);

test('patterns of IAM mean what the same regular expression means', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/'), maxLength: 8 });
  fc.assert(
    fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 }), (pattern, text) => {
      const source = pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]');
      expect(matches(pattern, text)).toBe(new RegExp(`^(?:${source})$`).test(text));
    }),
  );
});

test('a text that would occupy an expression for ever is judged at once', () => {
  expect(matches('*a'.repeat(40), 'a'.repeat(2_000) + 'b')).toBe(false);
});
