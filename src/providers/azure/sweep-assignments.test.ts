import { expect, test } from 'vitest';
import type { GrantId } from '../../core/ids.ts';
import { after, instant } from '../../core/time.ts';
import { systemClock } from '../../platform/clock.ts';
import { makeEd25519Pem } from '../../platform/key-files.ts';
import { createEndSigner, createEndVerifier } from '../signed-end.ts';
import type { SweepPorts } from '../sweep-calls.ts';
import { createNotes } from '../sweep-report.ts';
import { describeEnd } from './end-marker.ts';
import { stableGuid } from './names.ts';
import type { Assignment, RoleAssignments } from './rbac-assignments.ts';
import { sweepAssignments } from './sweep-assignments.ts';

const NOW = instant(Date.UTC(2026, 10, 23, 10));
const SCOPE = '/subscriptions/33333333-3333-4333-8333-333333333333';
const signer = createEndSigner(makeEd25519Pem());

/** Our own assignment to somebody, with an end so long after now. */
function ending(inMs: number, scope = SCOPE): Assignment {
  const [principalId, roleDefinition] = [
    'aaaaaaaa-1111-4111-8111-111111111111',
    'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  ];
  const native = [principalId, roleDefinition, scope.toLowerCase()];
  const description = describeEnd(signer, 'rbac', native, 'grt_abcdefghijklmnopqrst' as GrantId, after(NOW, inMs));
  const name = stableGuid(signer.keyId, ...native);
  return { name, scope, principalId, roleDefinition, description, condition: null, createdBy: '' };
}

/** A sweep of what is listed, where reading each by its name finds something else. */
async function sweepOf(listed: readonly Assignment[], found: Assignment | null) {
  const removed: string[] = [];
  const calls: RoleAssignments = {
    listAll: async () => listed,
    list: async () => listed,
    read: async (_scope, name) => ({ found: found?.name === name ? found : null, cloudNow: NOW }),
    put: async () => 'written',
    remove: async (_scope, name) => void removed.push(name),
  };
  const notes = createNotes();
  const clock = { ...systemClock, now: () => NOW, sleep: async () => {} };
  const signal = new AbortController().signal;
  const verifier = createEndVerifier([signer.publicKey]);
  const ports: SweepPorts = { clock, notes, signal, verifier, dryRun: false, turn: 0, until: after(NOW, 60_000) };
  await sweepAssignments(ports, calls, SCOPE);
  return { removed, ...notes.report({ dryRun: false, version: '0' }, NOW, NOW) };
}

test('a later end that was written since the list was made counts', async () => {
  const { removed, events } = await sweepOf([ending(-60_000)], ending(60_000));
  expect(removed).toEqual([]);
  expect(events).toEqual([]);
});

test('what is still shown after it was deleted has failed, and is not called gone', async () => {
  const overdue = ending(-60_000);
  const { removed, events } = await sweepOf([overdue], overdue);
  expect(removed).toEqual([overdue.name]);
  expect(events).toEqual([expect.objectContaining({ kind: 'failed', message: 'Deleted, but Azure shows it still.' })]);
});

test('what comes from above the scope, or stands beside it, is left to whoever sweeps there', async () => {
  const elsewhere = ['/providers/Microsoft.Management/managementGroups/all', `${SCOPE}0`];
  const { counts, removed } = await sweepOf(
    elsewhere.map((scope) => ending(-60_000, scope)),
    null,
  );
  expect(counts.seen).toBe(0);
  expect(removed).toEqual([]);
});
