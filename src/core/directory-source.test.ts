import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lossBetween, type SourceSummary } from './directory-source.ts';

const of = (people: readonly string[], groups: Readonly<Record<string, readonly string[]>> = {}): SourceSummary => ({
  people: new Set(people),
  groups: new Map(Object.entries(groups).map(([name, members]) => [name, new Set(members)])),
  accounts: new Map(),
  managed: new Set(),
  contractors: new Set(),
});
const withAccounts = (people: readonly string[], provider: string, prefix = 'sub'): SourceSummary => ({
  ...of(people),
  accounts: new Map([[provider, new Map(people.map((key) => [key, `${prefix}-${key}`]))]]),
});
const withManagers = (people: readonly string[], managed: readonly string[]): SourceSummary => ({
  ...of(people),
  managed: new Set(managed),
});
const withContractors = (people: readonly string[], contractors: readonly string[]): SourceSummary => ({
  ...of(people),
  contractors: new Set(contractors),
});
const many = (count: number) => Array.from({ length: count }, (_, n) => `p${n}`);

describe('lossBetween', () => {
  test.each([
    ['nobody left', many(10), many(10), false],
    ['one of three left', many(3), many(2), false],
    ['four of five left', many(5), many(1), false],
    ['all three left', many(3), [], true],
    ['five of 25 left, a fifth', many(25), many(20), false],
    ['five of 24 left, more than a fifth', many(24), many(19), true],
    ['six of 25 left', many(25), many(19), true],
    ['twenty of a hundred left', many(100), many(80), false],
    ['a hundred came', many(1), many(101), false],
    ['the first ones came', [], many(9), false],
  ])('%s', (_what, before, next, isLoss) => {
    expect(lossBetween(of(before), of(next)) !== null).toBe(isLoss);
  });

  test('a group that loses all members who are still there is a loss; one whose members left is not', () => {
    const before = of(['a', 'b', 'c'], { leads: ['a', 'b'] });
    expect(lossBetween(before, of(['a', 'b', 'c'], { leads: [] }))).toMatchObject({ lost: [], emptied: ['leads'] });
    expect(lossBetween(before, of(['a', 'b', 'c']))).toMatchObject({ lost: [], emptied: ['leads'] });
    expect(lossBetween(before, of(['a', 'c'], { leads: [] }))?.emptied).toEqual(['leads']);
    expect(lossBetween(before, of(['c'], { leads: [] }))).toBeNull();
    expect(lossBetween(before, of(['a', 'b', 'c'], { leads: ['b'] }))).toBeNull();
  });

  test.each([
    ['49 of 50', 50, 1, ['leads']],
    ['six of ten', 10, 4, ['leads']],
    ['half of ten', 10, 5, []],
    ['four of five', 5, 1, []],
    ['half of fifty', 50, 25, []],
  ])('a group that loses %s who are still there', (_what, had, keeps, shrunk) => {
    const here = many(60);
    const loss = lossBetween(of(here, { leads: many(had) }), of(here, { leads: many(keeps) }));
    expect([...(loss?.shrunk.keys() ?? [])]).toEqual(shrunk);
    if (loss !== null) expect(loss.shrunk.get('leads')).toMatchObject({ from: { length: had - keeps }, of: had });
  });

  test('a group loses people of another source as it loses its own', () => {
    const groups = (keeps: number) => of([], { leads: many(keeps) });
    expect(lossBetween(groups(50), groups(1))?.shrunk.get('leads')).toMatchObject({ from: { length: 49 }, of: 50 });
    expect(lossBetween(groups(50), groups(25))).toBeNull();
  });

  test.each([
    ['six of 20', 20, 14, true],
    ['four of 20', 20, 16, false],
    ['all four', 4, 0, false],
    ['none', 20, 20, false],
  ])('of contractors %s become employees', (_what, had, stay, isLoss) => {
    const loss = lossBetween(withContractors(many(30), many(had)), withContractors(many(30), many(stay)));
    expect(loss !== null).toBe(isLoss);
    if (isLoss) expect(loss?.contractors).toMatchObject({ from: { length: had - stay }, of: had });
  });

  test('a contractor who left is no employee', () => {
    const before = withContractors(many(60), many(10));
    const next = withContractors(many(60).slice(6), many(10).slice(6));
    expect(lossBetween(before, next)).toBeNull();
  });

  test('a group shrinks by those who are still there, and not by those who left', () => {
    const before = of(many(60), { leads: many(10) });
    const left = many(60).slice(6);
    expect(lossBetween(before, of(left, { leads: many(10).slice(6) }))).toBeNull();
  });

  test('accounts of too many who are still there are a loss, gone or changed, each provider by itself', () => {
    const before = withAccounts(many(24), 'oidc');
    expect(lossBetween(before, of(many(24)))?.accounts.get('oidc')).toMatchObject({ of: 24 });
    expect(lossBetween(before, withAccounts(many(24), 'oidc', 'other'))?.accounts.get('oidc')?.from).toHaveLength(24);
    const few = new Map([['oidc', new Map([...(before.accounts.get('oidc') ?? [])].slice(4))]]);
    expect(lossBetween(before, { ...before, accounts: few })).toBeNull();
    const five = new Map([['oidc', new Map([...(before.accounts.get('oidc') ?? [])].slice(5))]]);
    expect(lossBetween(before, { ...before, accounts: five })?.accounts.get('oidc')?.from).toHaveLength(5);
    // Five accounts at an agency are few of all that there are, and all that there are of it.
    const agency = withAccounts(many(5), 'agency').accounts;
    const both = { ...before, accounts: new Map([...before.accounts, ...agency]) };
    expect([...(lossBetween(both, before)?.accounts.keys() ?? [])]).toEqual(['agency']);
    expect(lossBetween(before, both)).toBeNull();
    // Whoever left has lost nothing by it.
    expect(lossBetween(withAccounts(many(25), 'oidc'), withAccounts(many(20), 'oidc'))).toBeNull();
  });

  test('managers of too many who are still there are a loss; another manager is none', () => {
    const before = withManagers(many(24), many(24));
    expect(lossBetween(before, withManagers(many(24), many(24).slice(5)))?.managers?.from).toHaveLength(5);
    expect(lossBetween(before, withManagers(many(24), many(24).slice(4)))).toBeNull();
    expect(lossBetween(withManagers(many(24), []), before)).toBeNull();
  });

  test('whatever comes, at most four people, or a fifth, go unconfirmed, and never all', () => {
    const keys = fc.uniqueArray(fc.constantFrom(...many(40)));
    fc.assert(
      fc.property(keys, keys, (before, next) => {
        if (lossBetween(of(before), of(next)) !== null) return;
        const lost = before.filter((key) => !next.includes(key)).length;
        expect(lost <= 4 || lost <= before.length / 5).toBe(true);
        expect(before.length === 0 || next.length > 0).toBe(true);
      }),
    );
  });
});
