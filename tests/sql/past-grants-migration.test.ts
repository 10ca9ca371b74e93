import { PGlite } from '@electric-sql/pglite';
import { expect, test } from 'vitest';
import { migrations } from '../../src/store/migrate.ts';

test('nodes of the version before read grants and requests while their indexes are made', async () => {
  const lite = await PGlite.create();
  const all = migrations();
  const at = all.findIndex(({ name }) => name === '0028_past-grants.sql');
  for (const { text } of all.slice(0, at)) await lite.exec(text);
  await lite.exec(`begin; ${all[at]?.text ?? ''}`);
  // A read takes an AccessShareLock, which none but an AccessExclusiveLock keeps waiting. What is made here nobody reads yet.
  const { rows } = await lite.query(`
    select relation::regclass::text as name, mode from pg_locks
    where relation in ('"grant"'::regclass, 'request'::regclass, 'revocation'::regclass)
      and mode in ('ShareLock', 'AccessExclusiveLock') order by 1, 2`);
  expect(rows).toEqual([
    { name: '"grant"', mode: 'ShareLock' },
    { name: 'request', mode: 'ShareLock' },
    { name: 'revocation', mode: 'ShareLock' },
  ]);
  await lite.exec('commit');
  await lite.close();
});
