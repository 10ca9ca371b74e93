import { describe, expect, test } from 'vitest';
import { loadAcme } from '../../tests/acme-world.ts';
import { loadPolicy } from './load.ts';

const { vocabulary } = loadAcme().policy;

/** What the loader says to a role with this definition on AWS and this file beside it; empty: it loads. */
function refused(aws: string, document: string): readonly string[] {
  const text = `kind: role\nname: reader\ntier: 2\nowner: group:security\ndescription: A role that exists for tests\naws: ${aws}\n`;
  const files = [
    { path: 'a.yaml', text },
    { path: 'p.json', text: document },
  ];
  const loaded = loadPolicy(files, vocabulary);
  const found = loaded.ok ? [] : loaded.refusal;
  return found.map((each) => `${each.file}:${each.line}:${each.column} ${each.message} (${each.hint ?? ''})`);
}

const TIMED = '{ method: timed-policy, attachTo: user, path: people/, policy: ./p.json }';
const READ = `{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }
  ]
}`;

describe('a role with method timed-policy', () => {
  test('loads', () => expect(refused(TIMED, READ)).toEqual([]));

  test('is refused at the line of the statement that could lift its own end', () => {
    expect(refused(TIMED, READ.replace('s3:GetObject', 'iam:PutUserPolicy'))).toEqual([
      expect.stringMatching(
        /^p\.json:4:26 "iam:PutUserPolicy" can change who has access.*\(Of iam a timed policy takes/,
      ),
    ]);
    expect(refused(TIMED, READ.replace('"Action"', '"NotAction"'))).toEqual([
      expect.stringMatching(/^p\.json:4:\d+ a timed policy names its actions/),
    ]);
    expect(refused(TIMED, READ.replace('Allow', 'Deny'))).toEqual([
      expect.stringMatching(/^p\.json:4:\d+ a timed policy has no Deny/),
    ]);
  });

  test('takes a dangerous action only with the ability declared', () => {
    const pass = READ.replace('s3:GetObject', 'iam:PassRole');
    expect(refused(TIMED, pass)).toEqual([expect.stringMatching(/declare it with "allows: \[pass-role\]"/)]);
    expect(refused(TIMED.replace(' }', ', allows: [pass-role] }'), pass)).toEqual([]);
  });

  test('is refused with the count when it can never fit, which depends on what it is put on', () => {
    const long = READ.replace('"*"', `"arn:aws:s3:::${'x'.repeat(2_000)}"`);
    expect(refused(TIMED, long)).toEqual([
      expect.stringMatching(/^p\.json:1:1 with its times the policy has 2,\d{3} characters; AWS takes 2,048/),
    ]);
    expect(refused(TIMED.replace('user', 'role'), long)).toEqual([]);
  });

  test('needs its own keys, and takes none of another method', () => {
    expect(refused('{ method: timed-policy, attachTo: user }', READ)).toEqual([
      expect.stringMatching(/needs the key "path"/),
      expect.stringMatching(/needs the key "policy"/),
    ]);
    expect(refused(TIMED.replace(' }', ', role: curfew/reader }'), READ)).toEqual([
      expect.stringMatching(/"role" does not belong to method timed-policy/),
    ]);
    expect(refused('{ method: assume-role }', READ)).toEqual([expect.stringMatching(/needs the key "role"/)]);
  });

  test.each(['curfew/', 'aws-reserved/', 'people', '/people/', ''])('may not lie under "%s"', (path) => {
    expect(refused(TIMED.replace('people/', `'${path}'`), READ)).toEqual([
      expect.stringMatching(/"aws\.path" must be the path below which people's own identities lie/),
    ]);
  });
});
