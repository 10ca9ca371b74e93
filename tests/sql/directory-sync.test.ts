import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DirectorySource, SourceStatus } from '../../src/core/directory-source.ts';
import { after, toIso, type Instant } from '../../src/core/time.ts';
import { exportFile } from '../../src/identity/directory/export-file.ts';
import { keptPeople } from '../../src/identity/directory/sources.ts';
import { parseDirectory } from '../../src/identity/directory/yaml-directory.ts';
import { openRules, type RulesHolder } from '../../src/operations/reload-rules.ts';
import { policyStatus } from '../../src/operations/show-policy.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { SourceFile } from '../../src/policy/types.ts';
import { parseTargets } from '../../src/posture/inventory.ts';
import { lastPolicySources } from '../../src/store/policy-versions.ts';
import { acmeFiles } from '../acme-world.ts';
import { acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { verifiedIdentity } from '../verified-identity.ts';

const KEY = Buffer.alloc(32, 5);
const START = systemClock.now();
const PARTNERS = ['x0', 'x1', 'x2', 'x3', 'x4', 'x5'];

eachDatabase('operations', (current) => {
  let acme: AcmeOperations;
  let at: Instant;
  let files: readonly SourceFile[];
  let exported: string | Error;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    at = after(START, 0);
    files = acmeFiles();
    exported = people(12);
  });

  /** An export of `count` people, `x0` to …, the first six of whom are partners. */
  const people = (count: number, more: object = {}, partners: readonly string[] = PARTNERS): string =>
    JSON.stringify({
      kind: 'directory',
      takenAt: toIso(at),
      people: Object.fromEntries(
        Array.from({ length: count }, (_, n) => [`x${n}`, { name: `Partner ${n}`, email: `x${n}@partner.example` }]),
      ),
      groups: { partners: { description: 'Partners', members: partners } },
      ...more,
    });
  const source = (): DirectorySource =>
    exportFile('export', 86_400_000, () =>
      exported instanceof Error ? Promise.reject(exported) : Promise.resolve(exported),
    );
  const start = async (): Promise<RulesHolder> => {
    const rules = got(
      await openRules(
        {
          read: () => Promise.resolve(files),
          parseTargets,
          parseDirectory,
          available: new Set(['aws' as const]),
          lastInForce: () => lastPolicySources(current().db),
          directories: [source()],
          snapshots: keptPeople(current().db, KEY, systemRandom),
        },
        () => at,
      ),
    );
    await rules.begin(acme.world);
    return rules;
  };
  const active = (rules: RulesHolder): readonly string[] =>
    [...rules.current().directory.people.values()].filter((person) => person.active).map((person) => person.key);
  const later = () => void (at = after(at, 60_000));
  const enter = (rules: RulesHolder, subject: string) =>
    signIn({ ...acme.world, rules }, verifiedIdentity(ISSUER, subject));
  const kinds = async (prefix: string): Promise<readonly string[]> => {
    const { rows } = await sql<{ kind: string }>`
      select body::jsonb ->> 'kind' as kind from ledger_outbox
      where body::jsonb ->> 'kind' like ${`${prefix}%`} order by id`.execute(current().db);
    return rows.map((row) => row.kind);
  };
  const status = (rules: RulesHolder): SourceStatus | undefined =>
    rules.current().sources?.find(({ name }) => name === 'export');
  const edit = (path: string, from: string | RegExp, to: string) =>
    void (files = files.map((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file)));

  describe('an export of people beside the rules', () => {
    test('its people, groups and managers are known, and can sign in', async () => {
      const rules = await start();
      expect(active(rules)).toContain('x11');
      expect([...(rules.current().directory.groups.get('partners')?.members ?? [])]).toEqual(PARTNERS);
      got(await enter(rules, 'x3'));
      expect(status(rules)).toMatchObject({ failure: null, held: null, stale: false, takenAt: START });
    });

    const broken: readonly (readonly [string, () => string | Error, string | null])[] = [
      ['it is not there', () => new Error('gone'), 'unreadable'],
      ['it is cut off', () => people(12).slice(0, 300), 'not-json'],
      ['it is empty text', () => '', 'not-json'],
      ['it does not say when it was taken', () => people(12, { takenAt: undefined }), 'no-time'],
      ['it was taken tomorrow', () => people(12, { takenAt: toIso(after(at, 86_400_000)) }), 'from-the-future'],
      ['it is older than the one before', () => people(11, { takenAt: toIso(after(START, -1)) }), 'older'],
      ['it is no directory', () => people(12, { kind: 'policy' }), 'unsound'],
      [
        'it has somebody of the rules',
        () => people(12, { people: { ana: { name: 'A', email: 'a@x.example' } } }),
        null,
      ],
      ['it gives one account to two', () => people(12).replace('x1@partner', 'x0@partner'), 'unsound'],
      ['it brings a rule as well', () => people(12).replace('kind', 'name').replace('directory', 'x'), 'unsound'],
      ['it confirms its own loss', () => people(12, { confirm: ['abcdef123456'] }), 'unsound'],
    ];
    test.each(broken)('changes nothing and alarms once when %s', async (_what, write, cause) => {
      const rules = await start();
      const before = active(rules);
      later();
      exported = write();
      for (let n = 0; n < 3; n += 1) await rules.reload(acme.world);
      expect(active(rules)).toEqual(before);
      expect(rules.current().problems).toEqual([]);
      if (cause !== null) {
        expect(status(rules)?.failure).toBe(cause);
        expect(await kinds('directory.')).toEqual(['directory.failed']);
      }
      // Everything else goes on: a rule beside it still changes.
      edit('policies/data.yaml', 'default: 15m', 'default: 5m');
      expect(await rules.reload(acme.world)).toBe(true);
      later();
      exported = people(13);
      await rules.reload(acme.world);
      expect(active(rules)).toHaveLength(before.length + 1);
      expect(status(rules)?.failure).toBeNull();
    });

    test.each([
      ['nobody', () => people(0, { groups: {} }), 12, [], []],
      ['fewer than four fifths', () => people(7), 5, [], []],
      ['a group without its members', () => people(12, {}, []), 0, ['partners'], []],
      [
        'a group with one of its members',
        () => people(12, {}, ['x0']),
        0,
        [],
        [{ what: 'group', group: 'partners', from: 5, of: 6 }],
      ],
    ] as const)(
      'one with %s is held until somebody confirms it by the word of the alarm',
      async (_what, less, lost, emptied, taken) => {
        const rules = await start();
        const before = active(rules);
        later();
        exported = less();
        await rules.reload(acme.world);
        await rules.reload(acme.world);
        expect(active(rules)).toEqual(before);
        expect(status(rules)?.held).toMatchObject({ lost, of: 12, emptied, taken });
        expect(await kinds('directory.')).toEqual(['directory.held']);
        edit('directory.yaml', 'kind: directory\n', `kind: directory\nconfirm: ['000000000000']\n`);
        await rules.reload(acme.world);
        expect(active(rules)).toEqual(before);
        const word = status(rules)?.held?.confirm ?? '';
        edit('directory.yaml', '000000000000', word);
        await rules.reload(acme.world);
        expect(active(rules)).toHaveLength(before.length - lost);
        expect(status(rules)?.held).toBeNull();
        expect(await kinds('directory.')).toEqual(['directory.held', 'directory.confirmed']);
      },
    );

    test('one without the accounts or the managers of people who are still there, or that they are contractors, is held, and they sign in as before', async () => {
      const whole = (accounts: boolean, managers: boolean, contractors: boolean) =>
        people(12, {
          people: Object.fromEntries(
            Array.from({ length: 12 }, (_, n) => [
              `x${n}`,
              {
                ...{ name: `Partner ${n}`, email: `x${n}@partner.example` },
                ...(accounts ? { accounts: { oidc: `sub-${n}` } } : {}),
                ...(managers && n > 0 ? { manager: 'x0' } : {}),
                ...(contractors && n > 5 ? { employment: 'contractor' } : {}),
              },
            ]),
          ),
        });
      exported = whole(true, true, true);
      const rules = await start();
      got(await enter(rules, 'sub-3'));
      for (const [accounts, managers, contractors, words] of [
        [true, true, false, 'they would make 6 of 6 contractors employees'],
        [false, true, true, 'they would take or change the account "oidc" of 12 of 12 people'],
        [true, false, true, 'they would take the manager from 11 of 11 people'],
      ] as const) {
        later();
        exported = whole(accounts, managers, contractors);
        await rules.reload(acme.world);
        expect(policyStatus({ rules }).directory?.sources.find(({ name }) => name === 'export')?.problem).toContain(
          words,
        );
        got(await enter(rules, 'sub-3'));
        expect(rules.current().directory.people.get('x3')?.manager).toBe('x0');
        expect(rules.current().directory.people.get('x8')?.employment).toBe('contractor');
      }
      expect(await kinds('directory.')).toEqual(['directory.held', 'directory.held', 'directory.held']);
      const word = status(rules)?.held?.confirm ?? '';
      edit('directory.yaml', 'kind: directory\n', `kind: directory\nconfirm: ['${word}']\n`);
      await rules.reload(acme.world);
      expect(rules.current().directory.people.get('x3')?.manager).toBeNull();
      expect(status(rules)?.held).toBeNull();
    });

    test('what was confirmed once is not confirmed for ever', async () => {
      const rules = await start();
      later();
      exported = people(7);
      await rules.reload(acme.world);
      edit('directory.yaml', 'kind: directory\n', `kind: directory\nconfirm: ['${status(rules)?.held?.confirm}']\n`);
      await rules.reload(acme.world);
      later();
      exported = people(14);
      await rules.reload(acme.world);
      later();
      exported = people(7);
      await rules.reload(acme.world);
      expect(status(rules)?.held).toMatchObject({ lost: 7 });
    });

    test('a start while it fails goes on with the last good one, whose age shows, and keeps nobody in clear', async () => {
      const before = active(await start());
      exported = new Error('gone');
      at = after(at, 2 * 86_400_000);
      const rules = await start();
      expect(active(rules)).toEqual(before);
      expect(status(rules)).toMatchObject({ failure: 'unreadable', takenAt: START, stale: true });
      const { rows } = await sql<{ sealed: string }>`select sealed from directory_snapshot`.execute(current().db);
      expect(rows).toHaveLength(2);
      for (const { sealed } of rows) expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('Partner');
    });

    test('a start with an export that lost many is held too', async () => {
      const before = active(await start());
      later();
      exported = people(2);
      const rules = await start();
      expect(active(rules)).toEqual(before);
    });
  });

  describe('the people beside the rules', () => {
    test('too many who leave at once are held with everything written beside them, and the problem says how to go on', async () => {
      const rules = await start();
      const before = active(rules);
      const all = files.find((file) => file.path === 'directory.yaml')?.text ?? '';
      edit('directory.yaml', /^ {4}active: false.*\n/m, '');
      edit('directory.yaml', /^( {4}email: .*)$/gm, '$1\n    active: false');
      await rules.reload(acme.world);
      expect(active(rules)).toEqual(before);
      const [problem] = rules.current().problems;
      expect(problem?.message).toContain('are not taken over');
      const word = /\[([0-9a-f]{12})\]/.exec(problem?.hint ?? '')?.[1] ?? '';
      edit('directory.yaml', 'kind: directory\n', `kind: directory\nconfirm: ['${word}']\n`);
      await rules.reload(acme.world);
      expect(rules.current().problems).toEqual([]);
      expect(active(rules)).toHaveLength(12);
      files = files.map((file) => (file.path === 'directory.yaml' ? { ...file, text: all } : file));
      await rules.reload(acme.world);
      expect(active(rules)).toEqual(before);
    });

    test('a start with a broken directory goes on with the last good people', async () => {
      const before = active(await start());
      edit('directory.yaml', /^kind: directory/m, 'kind: [directory');
      const rules = await start();
      expect([...active(rules)].sort()).toEqual([...before].sort());
      expect(rules.current().problems[0]).toMatchObject({ file: 'directory.yaml' });
      got(await enter(rules, 'ana'));
    });
  });

  test('whatever syncs come, no empty one removes anybody, and nobody who is in no snapshot signs in', async () => {
    const rules = await start();
    const sync = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 16 }).map((count) => ({ kind: 'people', count }) as const) },
      fc.constantFrom({ kind: 'cut' } as const, { kind: 'gone' } as const, { kind: 'empty' } as const),
    );
    const ever = new Set(active(rules));
    await fc.assert(
      fc.asyncProperty(fc.array(sync, { maxLength: 6 }), async (syncs) => {
        for (const one of syncs) {
          later();
          const before = active(rules).filter((key) => key.startsWith('x'));
          if (one.kind === 'people') {
            exported = people(one.count, {}, one.count > 0 ? ['x0'] : []);
            for (let n = 0; n < one.count; n += 1) ever.add(`x${n}`);
          } else
            exported =
              one.kind === 'cut'
                ? people(12).slice(0, 99)
                : one.kind === 'gone'
                  ? new Error('')
                  : people(0, { groups: {} });
          await rules.reload(acme.world);
          const now = new Set(active(rules));
          const lost = before.filter((key) => !now.has(key)).length;
          expect(now.has('x0') && now.has('ana')).toBe(true);
          expect(lost <= 4 || lost <= before.length / 5).toBe(true);
          for (const key of ['x0', 'x7', 'x15', 'x16'])
            expect((await enter(rules, key)).ok).toBe(now.has(key) && ever.has(key));
        }
      }),
      { numRuns: 12 },
    );
    expect(code(await enter(rules, 'x99'))).toBe('unknown-person');
  }, 60_000);
});
