import { PGlite } from '@electric-sql/pglite';
import { expect, test } from 'vitest';
import { migrations } from '../../src/store/migrate.ts';

test('what was proposed of roles before is kept, decided and undecided', async () => {
  const lite = await PGlite.create();
  const all = migrations();
  const at = all.findIndex(({ name }) => name === '0026_proposals.sql');
  for (const { text } of all.slice(0, at)) await lite.exec(text);
  const per = (letter: string) => `per_${letter.repeat(20)}`;
  const prp = (letter: string) => `prp_${letter.repeat(20)}`;
  await lite.exec(`
    insert into person (id, directory_key, first_seen_at)
      select id, id, app_now() from unnest(array['${per('a')}', '${per('b')}', '${per('c')}']) as id;
    insert into role_proposal (id, action, role, person_id, proposed_by, proposed_at, lapses_at, outcome, decided_by, decided_at) values
      ('${prp('a')}', 'appoint', 'admin', '${per('c')}', '${per('a')}', app_now(), app_now() + interval '1 day', null, null, null),
      ('${prp('b')}', 'dismiss', 'auditor', '${per('c')}', '${per('a')}', app_now(), app_now() + interval '1 day', 'confirmed', '${per('b')}', app_now());
    insert into person_alias (person_id, same_as, merged_at, merged_by) values ('${per('b')}', '${per('c')}', app_now(), '${per('a')}');`);
  for (const { text } of all.slice(at)) await lite.exec(text);
  const { rows } = await lite.query(
    'select id, action, role, person_id, proposed_by, outcome, decided_by from proposal order by id',
  );
  expect(rows).toEqual([
    {
      ...{ id: prp('a'), action: 'appoint', role: 'admin', person_id: per('c'), proposed_by: per('a') },
      ...{ outcome: null, decided_by: null },
    },
    {
      ...{ id: prp('b'), action: 'dismiss', role: 'auditor', person_id: per('c'), proposed_by: per('a') },
      ...{ outcome: 'confirmed', decided_by: per('b') },
    },
  ]);
  const gone = await lite.query(`select to_regclass('role_proposal') as old`);
  expect(gone.rows).toEqual([{ old: null }]);
  await expect(lite.exec(`update proposal set role = 'auditor' where id = '${prp('a')}'`)).rejects.toMatchObject({
    constraint: 'proposal_is_decided_once',
  });
  await lite.exec(
    `update proposal set outcome = 'withdrawn', decided_by = '${per('a')}', decided_at = app_now() where id = '${prp('a')}'`,
  );
  await lite.close();
});
