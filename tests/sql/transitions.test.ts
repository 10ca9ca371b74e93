import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { eachDatabase } from './harness.ts';

eachDatabase('migrations', (current) => {
  test('app_now() is the database clock', async () => {
    const { rows } = await sql<{
      off: number;
    }>`select abs(extract(epoch from app_now() - clock_timestamp()))::float8 as off`.execute(current().db);
    expect(rows[0]?.off).toBeLessThan(1);
  });
});
