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
