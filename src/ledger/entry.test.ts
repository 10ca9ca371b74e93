import { expect, test } from 'vitest';
import { newId, systemRandom } from '../platform/random.ts';
import { instant } from '../core/time.ts';
import { EVENTS, unclassified, type EventKind, type NewEntry } from './entry.ts';

const KINDS = Object.keys(EVENTS) as EventKind[];
const entryOf = (kind: EventKind, rest: Partial<NewEntry> = {}): NewEntry => ({
  kind,
  at: instant(0),
  actor: { kind: 'system', id: 'test' },
  subjects: {},
  facts: {},
  ...rest,
});

test.each(KINDS)('%s: each field has one class, and a field without one is refused', (kind) => {
  const { public: clear, personal } = EVENTS[kind];
  const names: readonly string[] = [...clear, ...personal];
  expect(new Set(names).size).toBe(names.length);
  const subject = newId(systemRandom, 'per');
  const facts = Object.fromEntries(clear.map((name) => [name, 1]));
  const values = Object.fromEntries(personal.map((name) => [name, { subject, value: 'x' }]));
  expect(unclassified(entryOf(kind, { facts, personal: values }))).toBeNull();
  expect(unclassified(entryOf(kind, { facts: { ...facts, surprise: 1 } }))).toBe('surprise');
  expect(unclassified(entryOf(kind, { personal: { surprise: { subject, value: 'x' } } }))).toBe('surprise');
});

test('what is personal cannot be written in clear, nor what is public be sealed away', () => {
  expect(unclassified(entryOf('request.submitted', { facts: { reason: 'my reason' } }))).toBe('reason');
  const subject = newId(systemRandom, 'per');
  expect(unclassified(entryOf('request.submitted', { personal: { items: { subject, value: 'x' } } }))).toBe('items');
});
