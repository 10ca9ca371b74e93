import { expect, test } from 'vitest';
import { stopWords } from './stop-words.ts';

const stop = { scope: 'person', target: null, reach: 'all', holds: true, byMe: false } as const;

test('says how much is stopped, and names the order to whoever can lift it', () => {
  expect(stopWords(stop)).toMatchObject({ what: 'All of your access is stopped' });
  expect(stopWords(stop).named).toBe(true);
  const some = stopWords({ ...stop, reach: 'own' });
  expect(some.what).toBe('Some of your access is stopped');
  expect(some.follows).toContain('may end it alone');
  expect(stopWords({ ...stop, scope: 'all' }).what).toBe('All access of everybody is stopped, yours too');
  expect(stopWords({ ...stop, scope: 'target', target: 'aws/prod', reach: 'own' }).what).toBe(
    'Some access on aws/prod is stopped, yours too',
  );
});

test('whoever stopped themself is sent to nobody: it is over when all is gone', () => {
  const own = stopWords({ ...stop, reach: 'own', holds: false, byMe: true });
  expect(own).toMatchObject({
    named: false,
    what: 'You stopped your own access',
    toDo: expect.stringContaining('ask again') as string,
  });
  // An order over a target stands until it is lifted, whoever gave it.
  expect(stopWords({ ...stop, scope: 'target', target: 't', byMe: true }).named).toBe(true);
});
