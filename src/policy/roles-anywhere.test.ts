import { describe, expect, test } from 'vitest';
import { loadAcme } from '../../tests/acme-world.ts';
import { loadPolicy } from './load.ts';

const { vocabulary } = loadAcme().policy;

/** What the loader says to a role with this definition on AWS; one that loads comes out as it was understood. */
function load(aws: string) {
  const text = `kind: role\nname: reader\ntier: 2\nowner: group:security\ndescription: A role that exists for tests\naws: ${aws}\n`;
  const loaded = loadPolicy([{ path: 'a.yaml', text }], vocabulary);
  if (loaded.ok) return [...loaded.value.roles.values()].map((role) => role.aws);
  return loaded.refusal.map((each) => `${each.file}:${each.line} ${each.message} (${each.hint ?? ''})`);
}

describe('a role with method roles-anywhere', () => {
  test('loads with its IAM role and its profile', () => {
    expect(
      load('{ method: roles-anywhere, role: curfew/reader, profile: Reader of ours, allows: [pass-role] }'),
    ).toEqual([
      {
        method: 'roles-anywhere',
        role: 'curfew/reader',
        profile: 'Reader of ours',
        sessionPolicy: null,
        allows: ['pass-role'],
      },
    ]);
  });

  test.each([
    ['{ method: roles-anywhere, role: curfew/reader }', /^a\.yaml:6 .*needs the key "profile"/],
    ['{ method: roles-anywhere, profile: reader }', /needs the key "role"/],
    ['{ method: roles-anywhere, role: curfew/reader, profile: "a/b" }', /^a\.yaml:6 .*profile/],
    ['{ method: roles-anywhere, role: "curfew/rea,der", profile: reader }', /no comma in its name/],
    [
      '{ method: roles-anywhere, role: curfew/reader, profile: reader, path: people/ }',
      /"path" does not belong to method roles-anywhere/,
    ],
    [
      '{ method: assume-role, role: curfew/reader, profile: reader }',
      /"profile" does not belong to method assume-role/,
    ],
  ])('%s is refused with its line', (aws, why) => {
    expect(load(aws)).toEqual([expect.stringMatching(why)]);
  });
});
