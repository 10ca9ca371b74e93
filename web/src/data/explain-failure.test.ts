import { expect, test } from 'vitest';
import { explainFailure } from './explain-failure.ts';

const problem = (over: object = {}) => ({
  type: 'https://curfew.example/docs/problems/self-approval',
  title: 'Nobody approves their own request',
  status: 403,
  code: 'self-approval',
  detail: 'You asked for this.',
  requestId: 'abc123',
  ...over,
});

test('a refusal says that nothing was changed, what to do, and the number to quote', () => {
  const said = explainFailure({ status: 403, problem: problem({ hint: 'Ask Bo.' }) }, 'change');
  expect(said).toEqual({
    happened: 'Nobody approves their own request. You asked for this.',
    stays: 'Nothing was changed.',
    toDo: 'Ask Bo.',
    requestId: 'abc123',
    more: '/docs/problems/self-approval',
  });
});

test.each([0, 500, 502])('after %d nobody claims that a change was not done', (status) => {
  const { stays, toDo } = explainFailure({ status, problem: null }, 'change');
  expect(stays).not.toContain('Nothing was changed');
  expect(toDo).toContain('never done twice');
});

test('a look that failed says that access is as it was', () => {
  expect(explainFailure({ status: 0, problem: null }, 'look').stays).toBe('What you hold is not touched by this.');
  expect(explainFailure({ status: 503, problem: null }, 'look').toDo).toBe('Try again in a moment.');
});
