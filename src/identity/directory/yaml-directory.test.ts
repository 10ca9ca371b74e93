import { describe, expect, test } from 'vitest';
import { acmeFiles } from '../../../tests/acme-world.ts';
import { groupsOf, onCall } from '../../core/directory.ts';
import { instant } from '../../core/time.ts';
import { parseDirectory } from './yaml-directory.ts';

const NOW = instant(Date.parse('2026-11-19T14:00:00Z'));
const parse = (text: string, now = NOW) => parseDirectory([{ path: 'd.yaml', text: `kind: directory\n${text}` }], now);
const refused = (text: string): readonly string[] => {
  const parsed = parse(text);
  return parsed.ok
    ? []
    : parsed.refusal.map(
        ({ line, column, message, hint }) => `${line}:${column} ${message}${hint === undefined ? '' : ` (${hint})`}`,
      );
};
const read = (text: string, now = NOW) => {
  const parsed = parse(text, now);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusal));
  return parsed.value;
};

const PEOPLE = `people:
  ana: { name: Ana, email: ana@x.example, manager: bo }
  bo: { name: Bo, email: bo@x.example }
`;

describe('parseDirectory', () => {
  test('reads the demo company', () => {
    const parsed = parseDirectory(acmeFiles(), NOW);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusal));
    const directory = parsed.value;
    expect(directory.people.size).toBe(41);
    expect(directory.people.get('ana')).toEqual({
      key: 'ana',
      name: 'Ana Ribeiro',
      email: 'ana.ribeiro@acme.example',
      manager: 'bo',
      employment: 'employee',
      labels: { team: 'data', office: 'lisbon' },
      accounts: { aws: 'ana', azure: 'ana.ribeiro@acme.example', gcp: 'ana.ribeiro@acme.example' },
      active: true,
    });
    expect(directory.people.get('iris')?.active).toBe(false);
    expect(groupsOf(directory, 'mia')).toEqual(['engineers', 'platform', 'platform-leads', 'sre']);
    expect(onCall(directory, 'data', NOW)).toEqual(['bo']);
    expect(directory.takenAt).toBe(NOW);
  });

  test('a key has letters of one alphabet, and a name shows what is not seen in it', () => {
    // A Cyrillic \u0430 in the place of an a.
    expect(refused(`people:\n  \u0430na: { name: Ana, email: ana@evil.example }\n`)).toHaveLength(1);
    expect(refused(`${PEOPLE}groups:\n  le\u0430ds: { description: x, members: [bo] }\n`)).toHaveLength(1);
    const { people } = read(
      'people:\n  eve: { name: "Ana\\u200B Ribeiro\\u202E", email: eve@x.example }\n  ana: { name: Ana Ribeiro, email: ana@x.example }\n',
    );
    expect(people.get('eve')?.name).toBe('Ana\uFFFD Ribeiro\uFFFD');
  });

  test('resolves groups inside groups, at any depth and once', () => {
    const { groups } = read(`${PEOPLE}groups:
  outer: { description: o, groups: [inner, other] }
  inner: { description: i, members: [ana], groups: [core] }
  other: { description: t, groups: [core] }
  core: { description: c, members: [bo] }
`);
    expect([...(groups.get('outer')?.members ?? [])].sort()).toEqual(['ana', 'bo']);
    expect([...(groups.get('core')?.members ?? [])]).toEqual(['bo']);
  });

  test.each([
    [
      'an unknown manager',
      PEOPLE.replace('manager: bo', 'manager: boo'),
      '3:52 there is no person "boo" (did you mean "bo"?)',
    ],
    [
      'managers in a circle',
      PEOPLE.replace('email: bo@x.example', 'email: bo@x.example, manager: ana'),
      '3:52 "ana" is their own manager, directly or in a circle',
      '4:49 "bo" is their own manager, directly or in a circle',
    ],
    [
      'an unknown key',
      PEOPLE.replace('manager: bo', 'manger: bo'),
      '3:43 unknown key "manger" (did you mean "manager"?)',
    ],
    ['a person without e-mail', PEOPLE.replace(', email: bo@x.example', ''), '4:3 "people.bo" needs the key "email"'],
    ['an e-mail of two', PEOPLE.replace('bo@x', 'Ana@x'), '4:26 "ana@x.example" already belongs to "ana"'],
    [
      'an account of two',
      'people:\n  a1: { name: A, email: a@x, accounts: { aws: ana } }\n  a2: { name: B, email: b@x, accounts: { aws: ana } }\n',
      '4:47 "ana" already belongs to "a1"',
    ],
    [
      'an account that AWS cannot log',
      'people:\n  a1: { name: A, email: a@x, accounts: { aws: "a b" } }\n',
      `3:47 "people.a1.accounts.aws" must be a name for AWS's logs: 2 to 39 of letters, digits and _+=,.@-, not "a b"`,
    ],
    [
      'a key in capitals',
      'people:\n  Ana: { name: A, email: a@x }\n',
      '3:3 "Ana" cannot be a key here: it must be a key: lower-case letters, digits, dots, underscores and hyphens',
    ],
    [
      'an unknown member',
      `${PEOPLE}groups:\n  g: { description: g, members: [ana, bob] }\n`,
      '6:39 there is no person "bob" (did you mean "bo"?)',
    ],
    [
      'an unknown group',
      `${PEOPLE}groups:\n  g: { description: g, groups: [gg] }\n`,
      '6:33 there is no group "gg" (did you mean "g"?)',
    ],
    [
      'groups in a circle',
      `${PEOPLE}groups:\n  a: { description: a, groups: [b] }\n  b: { description: b, groups: [a] }\n`,
      '7:33 groups contain each other: a > b > a',
    ],
    [
      'a group in itself',
      `${PEOPLE}groups:\n  a: { description: a, groups: [a] }\n`,
      '6:33 groups contain each other: a > a',
    ],
    [
      'an unknown person on call',
      `${PEOPLE}rotations:\n  r: { anchor: 2026-11-02, people: [bo, cy] }\n`,
      '6:41 there is no person "cy"',
    ],
    [
      'an unknown zone',
      `${PEOPLE}rotations:\n  r: { anchor: 2026-11-02, zone: Europe/Lisbonn, people: [bo] }\n`,
      '6:34 there is no time zone "Europe/Lisbonn" (did you mean "Europe/Lisbon"?)',
    ],
    [
      'a day that is none',
      `${PEOPLE}rotations:\n  r: { anchor: 2026-02-30, people: [bo] }\n`,
      '6:16 2026-02-30 is not a day of the calendar',
    ],
    [
      'a label that is a number',
      'people:\n  a1: { name: A, email: a@x, labels: { floor: 5 } }\n',
      `3:47 "people.a1.labels.floor" must be a label's value, as text (put numbers in quotes), not 5`,
    ],
  ])('refuses %s', (_what, text, ...expected) => {
    expect(refused(text)).toEqual(expected);
  });

  test('refuses the same person in two files, and says where the other is', () => {
    const text = `kind: directory\n${PEOPLE}`;
    const parsed = parseDirectory(
      [
        { path: 'a.yaml', text },
        { path: 'b.yaml', text },
      ],
      NOW,
    );
    expect(parsed.ok ? [] : parsed.refusal.map(({ file, line, message }) => `${file}:${line} ${message}`)).toContain(
      'b.yaml:3 "ana" is already in people at a.yaml:3',
    );
  });

  test('has the same version for the same content, whatever the moment, the order and the comments', () => {
    const { version } = read(PEOPLE);
    const lines = PEOPLE.split('\n');
    expect(version).toMatch(/^[0-9a-f]{64}$/);
    expect(read(PEOPLE, instant(NOW + 1)).version).toBe(version);
    expect(read(`# people\n${[lines[0], lines[2], lines[1]].join('\n')}`).version).toBe(version);
    expect(read(PEOPLE.replace('Bo', 'Bob')).version).not.toBe(version);
  });
});

describe('a rotation', () => {
  const rotation = (fields: string, now: string) =>
    read(
      `${PEOPLE}  cy: { name: Cy, email: cy@x.example }\nrotations:\n  r: { ${fields} }\n`,
      instant(Date.parse(now)),
    );

  test('passes on at the hour of the clock, across the end of summer time', () => {
    const fields = "anchor: 2026-10-19, handover: '09:00', zone: Europe/Berlin, people: [ana, bo, cy]";
    const directory = rotation(fields, '2026-10-25T08:00:00Z');
    const at = (iso: string) => onCall(directory, 'r', instant(Date.parse(iso)));
    expect(at('2026-10-19T06:59:59.999Z')).toEqual(['cy']);
    expect(at('2026-10-19T07:00:00Z')).toEqual(['ana']);
    expect(at('2026-10-26T07:59:59.999Z')).toEqual(['ana']);
    expect(at('2026-10-26T08:00:00Z')).toEqual(['bo']);
    expect(at('2026-11-09T08:00:00Z')).toEqual(['ana']);
  });

  test('runs for weeks at a time, and backwards before its anchor', () => {
    const directory = rotation('anchor: 2027-01-04, weeks: 2, people: [ana, bo]', '2026-12-21T12:00:00Z');
    const at = (iso: string) => onCall(directory, 'r', instant(Date.parse(iso)));
    expect(at('2026-12-21T12:00:00Z')).toEqual(['bo']);
    expect(at('2027-01-04T08:59:00Z')).toEqual(['bo']);
    expect(at('2027-01-04T09:00:00Z')).toEqual(['ana']);
  });

  test('leaves no gap and no overlap from a week before to sixty days after', () => {
    const now = Date.parse('2026-11-19T14:00:00Z');
    const directory = rotation('anchor: 2026-01-05, zone: America/New_York, people: [ana, bo]', '2026-11-19T14:00:00Z');
    for (let day = -7; day <= 60; day += 0.25) {
      expect(onCall(directory, 'r', instant(now + day * 86_400_000 - (day === 60 ? 1 : 0)))).toHaveLength(1);
    }
  });
});
