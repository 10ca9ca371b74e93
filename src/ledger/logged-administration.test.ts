import { expect, test } from 'vitest';
import { LoggedApprovals } from './logged-approvals.ts';

const [ADA, BO, CEM] = ['per_ada', 'per_bo', 'per_cem'];

interface Said {
  readonly by?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly subjects?: Readonly<Record<string, unknown>>;
}

/** An entry about a proposal that makes Cem an auditor, which Ada makes and Bo decides. */
function entry(what: string, { by, facts = {}, subjects = { person: CEM } }: Said = {}): string {
  return JSON.stringify({
    kind: what.includes('.') ? what : `administration.${what}`,
    at: '2026-11-03T09:00:00Z',
    actor: { kind: 'person', id: by ?? (what === 'proposed' ? ADA : BO) },
    subjects,
    facts: { proposal: 'prp_1', action: 'appoint', role: 'auditor', ...facts },
  });
}

/** What is wrong with a log; `null` is an entry that is not shown. */
function faultsOf(log: readonly (string | null)[]): readonly string[] {
  const approvals = new LoggedApprovals();
  for (const [seq, body] of log.entries()) {
    if (body === null) approvals.withhold();
    else approvals.learn(seq, body);
  }
  return approvals.report().faults.map(({ message }) => message);
}

test('a change is proposed once, and decided once by another', () => {
  expect(faultsOf([entry('proposed'), entry('confirmed')])).toEqual([]);
  expect(faultsOf([entry('proposed'), entry('withdrawn', { by: ADA })])).toEqual([]);
  expect(faultsOf([entry('proposed'), entry('confirmed', { by: ADA })])).toEqual([
    'a change is confirmed by whoever proposed it',
  ]);
  for (const first of ['confirmed', 'refused', 'withdrawn'])
    expect(faultsOf([entry('proposed'), entry(first), entry('confirmed')]), first).toEqual([
      'a change that was proposed is decided twice',
    ]);
  expect(faultsOf([entry('proposed'), entry('proposed', { by: CEM })])).toEqual(['a change is proposed twice']);
});

test('what is decided is what was proposed', () => {
  const others = [{ facts: { role: 'admin' } }, { facts: { action: 'dismiss' } }, { subjects: { person: ADA } }];
  for (const other of others)
    expect(faultsOf([entry('proposed'), entry('confirmed', other)]), JSON.stringify(other)).toEqual([
      'a change is decided that is another one than was proposed',
    ]);
});

test('what was never proposed is noticed by whoever reads all of it', () => {
  expect(faultsOf([entry('confirmed')])).toEqual(['a change is decided that was never proposed']);
  expect(faultsOf([null, entry('confirmed')])).toEqual([]);
});

/** A passkey of somebody, as an entry has it. */
const passkey = (what: 'registered' | 'removed', person: string) =>
  entry(`passkey.${what}`, { by: person, facts: { credential: 'c', publicKey: 'k', origin: 'https://curfew.test' } });
const unsigned = entry('confirmed', { facts: { signed: false } });
const WITHOUT = 'an admin who had a passkey confirmed without it';

test('who ever had a passkey confirms with one, and removing it changes nothing', () => {
  const had = passkey('registered', BO);
  expect(faultsOf([entry('proposed'), unsigned, had])).toEqual([]);
  expect(faultsOf([had, entry('proposed'), unsigned])).toEqual([WITHOUT]);
  expect(faultsOf([had, passkey('removed', BO), entry('proposed'), unsigned])).toEqual([WITHOUT]);
});

test('since it was once said whether a change is signed, it is always said', () => {
  const second = { facts: { proposal: 'prp_2' } };
  const [asked, silent] = [entry('proposed', second), entry('confirmed', second)];
  expect(faultsOf([asked, silent, entry('proposed'), unsigned])).toEqual([]);
  const fault = 'a change is confirmed, and nothing says whether it was signed';
  expect(faultsOf([entry('proposed'), unsigned, asked, silent])).toEqual([fault]);
  // What is neither is as good as nothing.
  const odd = entry('confirmed', { facts: { ...second.facts, signed: 'yes' } });
  expect(faultsOf([entry('proposed'), unsigned, asked, odd])).toEqual([fault]);
});

test('a human under two ids is one: as somebody who had a passkey, and as who proposed', () => {
  const dan = 'per_dan';
  const merge = (person: string, other: string) =>
    entry('person.merged', { subjects: { person }, facts: { proposal: undefined, with: other } });
  const had = passkey('registered', dan);
  expect(faultsOf([had, entry('proposed'), unsigned])).toEqual([]);
  // One through another, whichever was merged first.
  for (const merges of [
    [merge(BO, CEM), merge(CEM, dan)],
    [merge(CEM, dan), merge(CEM, BO)],
  ])
    expect(faultsOf([had, ...merges, entry('proposed'), unsigned])).toEqual([WITHOUT]);
  expect(faultsOf([merge(ADA, BO), entry('proposed'), unsigned])).toEqual([
    'a change is confirmed by whoever proposed it',
  ]);
});

test('two persons become one as it was confirmed; alone, an admin did that before changes were proposed', () => {
  const merge = { facts: { action: 'merge', with: BO, grants: 'end' } };
  const asked = entry('proposed', merge);
  const merged = (facts: object) => entry('person.merged', { facts: { ...merge.facts, ...facts } });
  const before = merged({ proposal: undefined });
  expect(faultsOf([before, asked, entry('confirmed', merge), merged({})])).toEqual([]);
  const never = ['two persons are merged, and nobody confirmed it'];
  expect(faultsOf([asked, before])).toEqual(never);
  expect(faultsOf([asked, merged({})])).toEqual(never);
  expect(faultsOf([asked, entry('refused', merge), merged({})])).toEqual(never);
  expect(faultsOf([asked, entry('confirmed', merge), merged({ with: ADA })])).toEqual(never);
});
