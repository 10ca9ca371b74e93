import { expect, test } from 'vitest';
import { bodyOf, missingOf, NOTHING } from './draft.ts';

test('nothing is chosen beforehand, and each action asks for its own', () => {
  expect(Object.keys(missingOf(NOTHING))).toEqual(['action', 'reason']);
  expect(Object.keys(missingOf({ ...NOTHING, action: 'appoint', reason: 'x' }))).toEqual(['role', 'person']);
  expect(Object.keys(missingOf({ ...NOTHING, action: 'merge', reason: 'x' }))).toEqual(['person', 'other', 'grants']);
  expect(Object.keys(missingOf({ ...NOTHING, action: 'release', account: 'ana', reason: 'x' }))).toEqual(['account']);
  expect(bodyOf(NOTHING)).toBeNull();
});

test('what belongs to another action is not sent', () => {
  const all = { ...NOTHING, role: 'admin', person: ' ana ', other: 'bo', grants: 'keep', reason: ' why ' } as const;
  expect(bodyOf({ ...all, action: 'dismiss' })).toEqual({
    action: 'dismiss',
    person: 'ana',
    role: 'admin',
    reason: 'why',
  });
  expect(bodyOf({ ...all, action: 'merge' })).toEqual({
    action: 'merge',
    person: 'ana',
    other: 'bo',
    grants: 'keep',
    reason: 'why',
  });
  expect(bodyOf({ ...all, action: 'release', account: 'lnk_abc' })).toEqual({
    action: 'release',
    account: 'lnk_abc',
    reason: 'why',
  });
});
