import { describe, expect, test } from 'vitest';
import { loadAcme } from '../../tests/acme-world.ts';
import { loadPolicy } from './load.ts';

const { vocabulary } = loadAcme().policy;
const ARN = 'arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef';

/** What the loader says to roles with these definitions on AWS; a role that loads comes out as it was understood. */
function load(...definitions: readonly string[]) {
  const files = definitions.map((aws, index) => ({
    path: `${index}.yaml`,
    text: `kind: role\nname: reader-${index}\ntier: 2\nowner: group:security\ndescription: A role that exists for tests\naws: ${aws}\n`,
  }));
  const loaded = loadPolicy(files, vocabulary);
  if (loaded.ok) return [...loaded.value.roles.values()].map(({ aws }) => aws);
  return loaded.refusal.map((each) => `${each.file}:${each.line}:${each.column} ${each.message} (${each.hint ?? ''})`);
}

describe('a role with method identity-center', () => {
  test('loads by name, and by its ARN it is refused: one set under two names would be two slots', () => {
    expect(load('{ method: identity-center, permissionSet: invoice-reader }')).toEqual([
      { method: 'identity-center', permissionSet: 'invoice-reader' },
    ]);
    expect(load(`{ method: identity-center, permissionSet: "${ARN}" }`)).toEqual([
      expect.stringMatching(
        /^0\.yaml:6:\d+ .*permissionSet.*not its ARN, whose name aws sso-admin describe-permission-set/,
      ),
    ]);
  });

  test('needs its permission set, in a form that AWS knows, and takes no key of another method', () => {
    expect(load('{ method: identity-center }')).toEqual([expect.stringMatching(/needs the key "permissionSet"/)]);
    expect(load('{ method: identity-center, permissionSet: "two words" }')).toEqual([
      expect.stringMatching(/^0\.yaml:6:\d+ .*permissionSet/),
    ]);
    expect(load('{ method: identity-center, permissionSet: reader, allows: [pass-role] }')).toEqual([
      expect.stringMatching(
        /^0\.yaml:6:\d+ "allows" does not belong to method identity-center \(.* knows permissionSet/,
      ),
    ]);
    expect(load('{ method: assume-role, role: curfew/reader, permissionSet: reader }')).toEqual([
      expect.stringMatching(/"permissionSet" does not belong to method assume-role/),
    ]);
  });

  test('says "tombstone: true" or nothing, as all roles of one permission set do', () => {
    const [plain, cut] = [
      '{ method: identity-center, permissionSet: reader }',
      '{ method: identity-center, permissionSet: reader, tombstone: true }',
    ] as const;
    expect(load(cut, cut)).toEqual([
      { method: 'identity-center', permissionSet: 'reader', tombstone: true },
      { method: 'identity-center', permissionSet: 'reader', tombstone: true },
    ]);
    expect(load(cut, '{ method: identity-center, permissionSet: other }')).toHaveLength(2);
    expect(load(plain, cut)).toEqual([
      expect.stringMatching(
        /^1\.yaml:6:\d+ roles differ about tombstones in reader \(all roles of a permission set say/,
      ),
    ]);
    for (const wrong of ['false', 'yes', '1'])
      expect(load(`{ method: identity-center, permissionSet: reader, tombstone: ${wrong} }`)).toEqual([
        expect.stringMatching(/^0\.yaml:6:\d+ .*tombstone.*true/),
      ]);
    expect(load('{ method: assume-role, role: curfew/reader, tombstone: true }')).toEqual([
      expect.stringMatching(/"tombstone" does not belong to method assume-role/),
    ]);
  });
});
