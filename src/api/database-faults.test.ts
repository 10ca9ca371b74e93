import { expect, test } from 'vitest';
import { databaseFault } from './database-faults.ts';

const withCode = (code: string, message = 'as the server says') => Object.assign(new Error(message), { code });

test.each([
  ['a statement that nobody answered in time: it may have been a commit', new Error('Query read timeout')],
  ['a connection that broke', new Error('Connection terminated unexpectedly')],
  ['a connection that broke before', new Error('Client has encountered a connection error and is not queryable')],
  ['a server that stops at once', withCode('57P02')],
  ['a reset connection', withCode('ECONNRESET')],
  ['the same behind another error', new Error('the request failed', { cause: new Error('Query read timeout') })],
])('nobody knows the outcome of %s', (_, error) => {
  expect(databaseFault(error)).toBe('outcome-unknown');
});

test.each([
  ['a serialization failure', withCode('40001')],
  ['a database that is read-only', withCode('25006')],
  ['nobody who listens', withCode('ECONNREFUSED')],
  ['no free connection', new Error('timeout exceeded when trying to connect')],
])('nothing has changed with %s', (_, error) => {
  expect(databaseFault(error)).toBe('nothing-changed');
});

test('a full disk is said as that', () => {
  expect(databaseFault(withCode('53100'))).toBe('full');
  expect(databaseFault(new Error('write failed', { cause: withCode('EDQUOT') }))).toBe('full');
});

test('a mistake of ours is no fault of the database', () => {
  expect(databaseFault(withCode('23505'))).toBe(null);
  expect(databaseFault(new TypeError('undefined is not a function'))).toBe(null);
});
