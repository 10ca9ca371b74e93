import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDirectory } from '../../identity/directory/yaml-directory.ts';
import { systemClock } from '../../platform/clock.ts';
import { readSourceFiles } from '../../platform/source-files.ts';
import { CONTRACTORS } from './demo-people.ts';

test('the sign-in of the agency is no dead end: one of its accounts is a contractor’s, and one is left to link', async () => {
  const acme = join(import.meta.dirname, '../../../examples/acme');
  const parsed = parseDirectory(await readSourceFiles(acme), systemClock.now());
  if (!parsed.ok) throw new Error('the directory is unsound');
  const people = [...parsed.value.people.values()];
  const owners = CONTRACTORS.map(({ key, name }) => {
    const owner = people.find(({ accounts }) => accounts['contractors'] === key);
    // What is known at the agency is the same human here.
    if (owner !== undefined) expect(owner).toMatchObject({ name, employment: 'contractor', active: true });
    return owner?.key ?? null;
  });
  expect(owners).toEqual([null, 'quin', null]);
});
