import { describe, expect, test } from 'vitest';
import { acmeFiles, loadAcme } from '../../tests/acme-world.ts';
import { loadPolicy } from './load.ts';
import type { PolicyProblem, SourceFile } from './types.ts';

const { policy: acme } = loadAcme();
const { vocabulary } = acme;

const ROLE = `kind: role
name: reader
tier: 2
category: [database]
owner: group:security
description: A role that exists for tests
aws: { method: assume-role, role: curfew/reader }
`;
const POLICY = `kind: policy
name: plain
who: { groups: [data-engineers] }
roles: [reader]
targets: { env: prod }
`;

function problems(files: readonly SourceFile[]): readonly PolicyProblem[] {
  const loaded = loadPolicy(files, vocabulary);
  return loaded.ok ? [] : loaded.refusal;
}

/** Problems as a person reads them: `line:column message (hint)`. */
function refused(text: string, more: readonly SourceFile[] = []): readonly string[] {
  return problems([{ path: 'rules/a.yaml', text }, ...more]).map(shown);
}

function shown({ file, line, column, message, hint }: PolicyProblem): string {
  return `${file === 'rules/a.yaml' ? '' : `${file}:`}${line}:${column} ${message}${hint === undefined ? '' : ` (${hint})`}`;
}

const role = (line: string) => `${ROLE}${line}\n`;
const policy = (line: string) => `${ROLE}---\n${POLICY}${line}\n`;
const guardrail = (lines: string) => `${ROLE}---\nkind: guardrail\nname: g\n${lines}\n`;

describe('a document is refused with its place and a hint', () => {
  test.each([
    [
      'an alias',
      'kind: &k role\nname: *k\n',
      '1:1 anchors and aliases are not allowed (write the value out where it is needed)',
    ],
    ['a list', '- kind: role\n', '1:1 a document must be a mapping that starts with "kind"'],
    [
      'no kind',
      'name: a\n',
      '1:1 the document does not say its kind (kinds are role, policy, guardrail, directory, targets, policy-test)',
    ],
    ['an unknown kind', 'kind: polcy\n', '1:7 unknown kind "polcy" (did you mean "policy"?)'],
    ['an unknown key', role('onwer: x'), '8:1 unknown key "onwer" (did you mean "owner"?)'],
    ['a sweeper of no time', role('require: { sweeper: 0m }'), '8:21 "require.sweeper" must be longer than nothing'],
    ['a missing key', ROLE.replace('tier: 2\n', ''), '1:1 role needs the key "tier"'],
    [
      'a wrong tier',
      ROLE.replace('tier: 2', 'tier: 4'),
      '3:7 "tier" must be 0 (can change who has access), 1 (production change), 2 (production read) or 3 (the rest), not 4',
    ],
    ['a role on no cloud', ROLE.replace(/aws: .*\n/, ''), '1:1 role needs at least one of aws, azure, gcp'],
    [
      'a role outside curfew/',
      ROLE.replace('role: curfew/reader', 'role: admin'),
      '7:35 "aws.role" must be the path and name of an IAM role below curfew/, such as curfew/invoice-reader, not "admin"',
    ],
    [
      'an unknown owner',
      ROLE.replace('group:security', 'group:secruity'),
      '5:8 there is no group "secruity" (did you mean "security"?)',
    ],
    [
      'an unknown group',
      policy('').replace('data-engineers', 'data-engineer'),
      '11:17 there is no group "data-engineer" (did you mean "data-engineers"?)',
    ],
    [
      'an unknown role',
      policy('').replace('roles: [reader]', 'roles: [raeder]'),
      '12:9 there is no role "raeder" (did you mean "reader"?)',
    ],
    [
      'an unknown category',
      policy('').replace('roles: [reader]', 'roles: { category: [databse] }'),
      '12:21 no role has the category "databse" (did you mean "database"?)',
    ],
    [
      'an unknown label',
      policy('').replace('env: prod', 'evn: prod'),
      '13:12 no target has the label "evn" (did you mean "env"?)',
    ],
    [
      'an unknown target',
      policy('').replace('env: prod', 'within: aws/acmee'),
      '13:20 there is no target "aws/acmee" (did you mean "aws/acme"?)',
    ],
    [
      'an unknown rotation',
      policy('approval: [{ from: [oncall:date] }]'),
      '14:21 there is no on-call rotation "date" (did you mean "data"?)',
    ],
    [
      'an unknown approver',
      policy('approval: [{ from: [group:data-leads, person:boo] }]'),
      '14:39 there is no person "boo" (did you mean "bo"?)',
    ],
    [
      'an approver of no kind',
      policy('approval: [{ from: [manager] }]'),
      '14:21 "approval.0.from.0" must be group:NAME, oncall:ROTATION, person:KEY, manager-of-requester or owner-of-target, not "manager"',
    ],
    [
      'approval by nobody',
      policy('approval: [{ from: [group:sre], count: 0 }]'),
      '14:40 "approval.0.count" must be how many different persons, from 1 to 10, not 0',
    ],
    [
      'a duration without a unit',
      policy('duration: { max: 15 }'),
      '14:18 "duration.max" must be a duration such as 15m, 2h or 1h30m, not 15',
    ],
    [
      'a duration in years',
      policy('duration: { max: 1.5y }'),
      '14:18 "duration.max" must be a duration such as 15m, 2h or 1h30m, not "1.5y"',
    ],
    [
      'a duration of nothing',
      policy('duration: { max: 0m, default: 0m }'),
      '14:18 "duration.max" must be longer than nothing',
      '14:31 "duration.default" must be longer than nothing',
    ],
    [
      'a default above the maximum',
      policy('duration: { default: 3h }'),
      '14:22 the default is longer than the maximum of 2h (no max is written, so it is 2h)',
    ],
    [
      'a condition that is not text',
      policy('when: true'),
      '14:7 "when" must be a CEL expression, or a list of them that must all be true, not true',
    ],
    [
      'bad CEL',
      policy('when: request.network = "vpn"'),
      '14:23 "when" is not a sound expression: Unexpected character: =',
    ],
    [
      'bad CEL in quotes',
      policy(`when: 'requester.grups == []'`),
      '14:18 "when" is not a sound expression: No such key: grups',
    ],
    [
      'bad CEL in a block',
      policy('when: |\n  role.tier == 2 &&\n    role.teir == 1'),
      '16:10 "when" is not a sound expression: No such key: teir',
    ],
    [
      'CEL of another type',
      policy('when: role.tier'),
      '14:7 "when" is not a sound expression: the expression yields int, not true or false (compare it with something: ==, !=, <, in)',
    ],
    [
      'CEL that mixes types',
      policy('when: role.tier == "0"'),
      '14:7 "when" is not a sound expression: no such overload: int == string',
    ],
    [
      'CEL with a pattern',
      policy('when: request.reason.matches("(a+)+$")'),
      '14:7 "when" is not a sound expression: matches() is not allowed (use startsWith, endsWith, contains, == or in)',
    ],
    [
      'CEL that is too long',
      policy(`when: ${Array(60).fill('role.tier == 1').join(' || ')}`),
      expect.stringContaining('Exceeded maxAstNodes (150)'),
    ],
    [
      'CEL with a loop in a loop',
      policy('when: requester.groups.all(a, requester.groups.exists(b, a == b))'),
      '14:31 "when" is not a sound expression: a loop inside a loop is not allowed (its cost grows with the square of the lists; use "in")',
    ],
    [
      'a zone of the machine',
      policy('when: now.getHours("Europe/Berlin") < 18'),
      '14:7 "when" is not a sound expression: getHours() with a time zone is not allowed (write now.local("Europe/Berlin").hour)',
    ],
    [
      'an unknown zone',
      policy('when: now.local("Europe/Berlni").hour < 18'),
      '14:17 there is no time zone "Europe/Berlni" (did you mean "Europe/Berlin"?)',
    ],
    [
      'an unknown group in CEL',
      policy(`when: '"sree" in requester.groups'`),
      '14:8 there is no group "sree" (did you mean "sre"?)',
    ],
    [
      'an unknown rotation in CEL',
      policy(`approval: [{ from: [group:sre], unless: 'requester.onCall("dta")' }]`),
      '14:59 there is no on-call rotation "dta" (did you mean "data"?)',
    ],
    [
      'an unknown label in CEL',
      policy('when: target.labels.evn == "prod"'),
      '14:7 no target has the label "evn" (did you mean "env"?)',
    ],
    ['yielding to nothing', policy('supersededBy: [other]'), '14:16 there is no policy "other"'],
    ['yielding to itself', policy('supersededBy: [plain]'), '14:16 a policy cannot yield to itself'],
    ['a guardrail that does nothing', guardrail(''), '9:1 guardrail needs at least one of deny, limit, require'],
    [
      'a guardrail whose condition has no use',
      guardrail('deny: "true"\nwhen: "true"'),
      '12:7 "when" belongs to a limit or a requirement, and there is none (write the condition into "deny", joined by &&)',
    ],
  ])('%s', (_what, text, ...expected) => {
    expect(refused(text)).toEqual(expected);
  });

  test('the same name twice, in two files', () => {
    const again = problems([
      { path: 'a.yaml', text: ROLE },
      { path: 'b.yaml', text: `# another\n${ROLE}` },
    ]);
    expect(again.map(shown)).toEqual(['b.yaml:3:7 there is another role "reader" at a.yaml:2']);
  });

  test('policies that yield in a circle', () => {
    const text = `${policy('supersededBy: [two]')}---\n${POLICY.replace('plain', 'two')}supersededBy: [plain]\n`;
    expect(refused(text)).toEqual([
      '14:15 policies yield in a circle: plain, two',
      '21:15 policies yield in a circle: plain, two',
    ]);
  });

  test('all problems of all files at once, in order, each once', () => {
    const text = `${policy('when: role.teir == 1').replace('data-engineers', 'nobodies')}---\nkind: rol\n`;
    expect(refused(text, [{ path: 'z.yaml', text: 'a: [' }])).toEqual([
      '11:17 there is no group "nobodies"',
      '14:12 "when" is not a sound expression: No such key: teir',
      '16:7 unknown kind "rol" (did you mean "role"?)',
      expect.stringMatching(/^z\.yaml:\d+:\d+ not valid YAML/),
    ]);
  });

  test('a role that is unsound is not reported as missing by the policies that name it', () => {
    expect(refused(policy('').replace('tier: 2', 'tier: 9'))).toHaveLength(1);
  });
});

describe('session policies', () => {
  const attached = (json: string, path = 'rules/session/reader.json') =>
    refused(ROLE.replace(' }', ', sessionPolicy: ./session/reader.json }'), [{ path, text: json }]).map((each) =>
      each.replace('rules/session/reader.json:', ''),
    );
  const statement = (more: object) =>
    JSON.stringify(
      { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...more }] },
      null,
      1,
    );

  test('are found beside the document or beside a folder above it', () => {
    expect(attached(statement({}))).toEqual([]);
    expect(attached(statement({}), 'session/reader.json')).toEqual([]);
    expect(attached(statement({}), 'session/raeder.json')).toEqual([
      '7:65 there is no file "./session/reader.json" (did you mean "./session/raeder.json"?)',
    ]);
  });

  test.each([
    ['broken JSON', '{\n "Version": \n}', /^3:1 not valid JSON: /],
    [
      'an old version',
      '{"Version":"2008-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
      /^1:2 "Version" must be "2012-10-17"$/,
    ],
    ['no statement', '{"Version":"2012-10-17"}', /a policy needs at least one statement$/],
    ['an unknown key', statement({ Actions: 'x' }), /^8:4 unknown key "Actions" \(did you mean "Action"\?\)$/],
    ['no effect', statement({ Effect: 'allow' }), /^5:4 "Effect" must be "Allow" or "Deny"$/],
    [
      'an action without service',
      statement({ Action: ['GetObject'] }),
      /"GetObject" is not an action \(write service:Action, such as s3:GetObject\)$/,
    ],
    ['both actions', statement({ NotAction: 's3:*' }), /a statement needs either "Action" or "NotAction"$/],
    ['no ARN', statement({ Resource: 'acme-invoices' }), /"acme-invoices" is not an ARN$/],
    ['a principal', statement({ Principal: '*' }), /a session policy names no principal$/],
    [
      'a flat condition',
      statement({ Condition: { Bool: 'true' } }),
      /"Condition" is an object of operators, each an object of keys$/,
    ],
    [
      'everything on everything',
      statement({ Action: '*' }),
      /^6:4 a session policy that allows everything narrows nothing/,
    ],
    [
      'more than AWS takes',
      statement({ Resource: Array.from({ length: 60 }, (_, i) => `arn:aws:s3:::acme-bucket-with-a-name-${i}/*`) }),
      /the session policy has 2,\d\d\d characters; AWS takes 2,048/,
    ],
  ])('are refused with %s', (_what, json, expected) => {
    const found = attached(json);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  test('that come near the limit are warned about with their length', () => {
    const text = statement({
      Resource: Array.from({ length: 44 }, (_, i) => `arn:aws:s3:::acme-bucket-with-a-name-${i}/*`),
    });
    const length = JSON.stringify(JSON.parse(text)).length;
    expect(length).toBeGreaterThan(1_800);
    const loaded = loadPolicy(
      [
        { path: 'a.yaml', text: ROLE.replace(' }', ', sessionPolicy: ./s.json }') },
        { path: 's.json', text },
      ],
      vocabulary,
    );
    expect(loaded.ok ? loaded.value.warnings.map(({ message }) => message) : loaded.refusal).toEqual([
      expect.stringContaining(`the session policy has ${length.toLocaleString('en-US')} characters`),
    ]);
  });
});

describe('warnings, which do not refuse', () => {
  test.each([
    [
      'a selector that matches no target',
      policy('').replace('env: prod', 'env: moon'),
      'no target matches today, so the policy does nothing',
    ],
    [
      'tier 0 that asks nobody',
      policy('').replace('tier: 2', 'tier: 0'),
      '"reader" is of tier 0, which is never approved by rule alone, and this policy asks nobody',
    ],
    [
      'a working day of production change',
      policy('duration: { max: 8h }').replace('tier: 2', 'tier: 1'),
      '8h is long for "reader" of tier 1',
    ],
    ['an approver who has left', policy('approval: [{ from: [person:iris, group:sre] }]'), '"iris" has left'],
  ])('%s', (_what, text, message) => {
    const loaded = loadPolicy([{ path: 'a.yaml', text }], vocabulary);
    expect(loaded.ok ? loaded.value.warnings.map((each) => each.message) : loaded.refusal).toEqual([message]);
  });
});

describe('the version', () => {
  const versionOf = (files: readonly SourceFile[], words = vocabulary) => {
    const loaded = loadPolicy(files, words);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal));
    return loaded.value.version;
  };

  test('depends on neither the order of the files, nor line ends, nor where the folder lies', () => {
    expect(acme.version).toMatch(/^[0-9a-f]{64}$/);
    expect(versionOf([...acmeFiles()].reverse())).toBe(acme.version);
    expect(
      versionOf(acmeFiles().map(({ path, text }) => ({ path, text: `\uFEFF${text.replaceAll('\n', '\r\n')}` }))),
    ).toBe(acme.version);
    expect(versionOf(acmeFiles().map(({ path, text }) => ({ path: `/etc/curfew/${path}`, text })))).toBe(acme.version);
  });

  test('is the same when the stored documents are loaded again', () => {
    expect(versionOf(acme.sources)).toBe(acme.version);
    expect(acme.sources.map(({ path }) => path)).not.toContain('directory.yaml');
  });

  test('changes with a rule, a session policy, a target and the clouds that are available', () => {
    const edited = (name: string, from: string, to: string) =>
      versionOf(
        acmeFiles().map((file) => (file.path === name ? { ...file, text: file.text.replace(from, to) } : file)),
      );
    const versions = [
      acme.version,
      edited('policies/data.yaml', 'max: 1h', 'max: 2h'),
      edited('session/invoice-reader.json', 'acme-invoices/*', 'acme-invoices/2026*'),
      edited('targets.yaml', 'data: confidential', 'data: public'),
      versionOf(acmeFiles(), { ...vocabulary, available: new Set(['aws', 'gcp']) }),
      versionOf(acmeFiles(), {
        ...vocabulary,
        targets: new Map([...vocabulary.targets].map(([key, each]) => [key, { ...each, owners: [] }])),
      }),
    ];
    expect(new Set(versions).size).toBe(versions.length);
  });
});
