import { expect, test } from 'vitest';
import { softwareAuthenticator } from '../../tests/software-authenticator.ts';
import { credentialHash } from './assertion.ts';
import { challengeOf, hashOf, printDocument } from './decision-document.ts';
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

test('who ever had a passkey proposes with one, too, and removing it changes nothing', () => {
  const had = passkey('registered', ADA);
  const silent = entry('proposed', { facts: { signed: false } });
  const without = ['an admin who had a passkey proposed without it'];
  expect(faultsOf([silent, had])).toEqual([]);
  expect(faultsOf([had, silent])).toEqual(without);
  expect(faultsOf([had, passkey('removed', ADA), silent])).toEqual(without);
  // Whoever confirmed had none, and nothing is wrong with that.
  expect(faultsOf([had, silent, unsigned])).toEqual(without);
  // Entries of before say nothing of it, and say it once one does.
  expect(faultsOf([had, entry('proposed')])).toEqual([]);
  const other = { by: BO, facts: { proposal: 'prp_2', signed: false } };
  expect(faultsOf([entry('proposed', other), entry('proposed')])).toEqual([
    'a change is proposed, and nothing says whether it was signed',
  ]);
});

const HOST = 'https://curfew.test';
const device = softwareAuthenticator({ origin: HOST });
const credential = credentialHash(device.credentialId);
const registered = entry('passkey.registered', {
  by: ADA,
  facts: { credential, publicKey: device.spki, origin: HOST },
});

/** What Ada signed, as an entry has it: `said` is what the document says otherwise than the entry. */
function signature(said: object = {}, kind = 'curfew.proposing') {
  const change = { action: 'appoint', person: CEM, role: 'auditor' };
  const times = { issuedAt: '2026-11-03T08:59:00Z', expiresAt: '2026-11-03T09:04:00Z' };
  const who = { approver: ADA, verdict: 'approve', origin: HOST, nonce: 'n', ...times };
  const of = kind === 'curfew.proposing' ? { v: 1 } : { v: 2, changes: hashOf({}) };
  const document = printDocument({ kind, proposal: 'prp_1', change, ...of, ...who, ...said } as never);
  const { response } = device.assert({ challenge: challengeOf(document) });
  return { ...response, credential, document, signed: true };
}

test('what is signed is what is proposed, by whoever proposes it, and nothing else', () => {
  const signed = entry('proposed', { facts: signature() });
  expect(faultsOf([registered, signed, unsigned])).toEqual([]);
  const elsewhere = 'what was signed is not what the entry says';
  for (const said of [
    { proposal: 'prp_2' },
    { change: { action: 'appoint', person: CEM, role: 'admin' } },
    { change: { action: 'dismiss', person: CEM, role: 'auditor' } },
    { change: { action: 'appoint', person: BO, role: 'auditor' } },
  ])
    expect(faultsOf([registered, entry('proposed', { facts: signature(said) })]), JSON.stringify(said)).toEqual([
      elsewhere,
    ]);
  const facts = signature();
  const altered = { ...facts, document: facts.document.replace('"auditor"', '"auditos"') };
  expect(faultsOf([registered, entry('proposed', { facts: altered })])).toEqual([
    expect.stringMatching(/^a signature does not hold/),
  ]);
  // An entry, a document or a key that is another person's.
  for (const [by, approver] of [
    [BO, ADA],
    [ADA, BO],
    [BO, BO],
  ] as const)
    expect(faultsOf([registered, entry('proposed', { by, facts: signature({ approver }) })]), by + approver).toEqual([
      'the key of a signature was not that of the approver',
    ]);
  const late = { issuedAt: '2026-11-03T08:50:00Z', expiresAt: '2026-11-03T08:55:00Z' };
  expect(faultsOf([registered, entry('proposed', { facts: signature(late) })])).toEqual([
    'it was signed at another time than the entry says',
  ]);
});

test('what somebody signed to propose confirms nothing, nor the other way round', () => {
  const unread = 'the document that was signed cannot be read';
  const ofAnother = entry('proposed', { by: BO, facts: { signed: false } });
  const confirmed = (kind: string) => entry('confirmed', { by: ADA, facts: signature({}, kind) });
  expect(faultsOf([registered, ofAnother, confirmed('curfew.proposal')])).toEqual([]);
  expect(faultsOf([registered, ofAnother, confirmed('curfew.proposing')])).toEqual([unread]);
  const proposed = entry('proposed', { facts: signature({}, 'curfew.proposal') });
  expect(faultsOf([registered, proposed])).toEqual([unread]);
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
  const silent = entry('proposed', { facts: { signed: false } });
  expect(faultsOf([had, merge(ADA, dan), silent])).toEqual(['an admin who had a passkey proposed without it']);
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
