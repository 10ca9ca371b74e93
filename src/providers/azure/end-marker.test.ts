import { expect, test } from 'vitest';
import type { GrantId } from '../../core/ids.ts';
import { instant } from '../../core/time.ts';
import { makeEd25519Pem } from '../../platform/key-files.ts';
import { createEndSigner, createEndVerifier } from '../signed-end.ts';
import { endCondition, isSameCondition } from './condition.ts';
import { describeEnd, readEndMarker } from './end-marker.ts';

const GRANT = 'grt_abcdefghijklmnopqrst' as GrantId;
const OTHER = 'grt_bbcdefghijklmnopqrst' as GrantId;
const PLACE = ['aaaaaaaa-1111-4111-8111-111111111111', 'acdd72a7-3385-48ef-bd42-f606fba81ae7', '/subscriptions/s'];
const END = instant(Date.UTC(2026, 10, 23, 10, 0, 0) + 999);
const signer = createEndSigner(makeEd25519Pem());
const verifier = createEndVerifier([signer.publicKey]);

test('a description says to people when it ends, and to us that we said so', () => {
  const text = describeEnd(signer, 'rbac', PLACE, GRANT, END);
  expect(text).toMatch(
    /^Given by Curfew until 2026-11-23T10:00:00Z, and taken away by it then\. Do not edit\. \[curfew-end 1 /,
  );
  expect(Buffer.byteLength(text)).toBeLessThan(2_048);
  // Never later than what was promised.
  const endsAt = instant(Date.UTC(2026, 10, 23, 10));
  expect(readEndMarker(text, 'rbac', PLACE, verifier)).toEqual({ kind: 'signed', endsAt, grant: GRANT });
});

test.each([
  ['a later end', (text: string) => text.replaceAll('10:00:00Z', '11:00:00Z')],
  ['another grant', (text: string) => text.replace(GRANT, OTHER)],
  ['another signature', (text: string) => text.replace(/ [\w-]{86}\]/, ` ${'A'.repeat(86)}]`)],
  ['a part of it', (text: string) => text.slice(0, -10)],
  ['no time', (text: string) => text.replace('1 2026-11-23T10', '1 2026-99-23T10')],
])('with %s it is bad', (_, edit) => {
  expect(readEndMarker(edit(describeEnd(signer, 'rbac', PLACE, GRANT, END)), 'rbac', PLACE, verifier)).toEqual({
    kind: 'bad',
  });
});

test('it is bad on another place and under another key, and whatever says nothing of it has none', () => {
  const text = describeEnd(signer, 'rbac', PLACE, GRANT, END);
  expect(readEndMarker(text, 'rbac', [...PLACE.slice(0, 2), '/subscriptions/t'], verifier)).toEqual({ kind: 'bad' });
  const another = createEndVerifier([createEndSigner(makeEd25519Pem()).publicKey]);
  expect(readEndMarker(text, 'rbac', PLACE, another)).toEqual({ kind: 'bad' });
  expect(readEndMarker('Ana needs this', 'rbac', PLACE, verifier)).toEqual({ kind: 'none' });
  // A sentence of ours that somebody moved a word in is read by its marker.
  expect(readEndMarker(text.replace('Given', 'Was given'), 'rbac', PLACE, verifier)).toMatchObject({ kind: 'signed' });
});

test('a condition names every data action, and compares with the whole second', () => {
  const condition = endCondition({ actions: ['a/read', 'a/write'] }, END);
  expect(condition).toBe(
    "((!(ActionMatches{'a/read'}) AND !(ActionMatches{'a/write'})) OR (@Environment[UtcNow] DateTimeLessThan '2026-11-23T10:00:00.0Z'))",
  );
  expect(isSameCondition(condition, condition.replaceAll(' ', '\n '))).toBe(true);
  expect(isSameCondition(condition, condition.replace('10:00', '11:00'))).toBe(false);
  expect([isSameCondition(condition, null), isSameCondition(null, null)]).toEqual([false, true]);
});
