import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { after } from '../../src/core/time.ts';
import { parseDirectory } from '../../src/identity/directory/yaml-directory.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { recheckGrant } from '../../src/operations/recheck-grant.ts';
import { noteLoaded, openRules } from '../../src/operations/reload-rules.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { explainRequest } from '../../src/operations/show-requests.ts';
import type { RequestView } from '../../src/operations/views.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { parseTargets } from '../../src/posture/inventory.ts';
import { findGrant } from '../../src/store/grants.ts';
import { lastPolicySources } from '../../src/store/policy-versions.ts';
import { acmeFiles } from '../acme-world.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('operations', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  const kinds = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{
      kind: string;
    }>`select body::jsonb ->> 'kind' as kind from ledger_outbox order by id`.execute(current().db);
    return rows.map((row) => row.kind);
  };
  /** Asks as Ana and approves as Bo; the grant is scheduled. */
  const approved = async (): Promise<RequestView> => {
    const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    return got(await approveRequest(acme.world, await acme.as('bo'), id, {}));
  };

  describe('rules that change while running', () => {
    test('a syntax error leaves the old version in force, and everybody who should know sees it', async () => {
      const before = acme.rules.current().policy.version;
      acme.edit((file) =>
        file.path === 'policies/data.yaml'
          ? { ...file, text: `${file.text}\n---\nkind: policy\nname: [broken\n` }
          : file,
      );
      expect(await acme.reload()).toBe(false);
      const { policy, problems } = acme.rules.current();
      expect(policy.version).toBe(before);
      expect(problems[0]).toMatchObject({ file: 'policies/data.yaml' });
      expect(problems[0]?.line).toBeGreaterThan(1);
      expect(await kinds()).toContain('policy.refused');
      expect(got(await requestAccess(acme.world, await acme.as('ana'), ASK)).policyVersion).toBe(before);
      await acme.reload();
      expect((await kinds()).filter((kind) => kind === 'policy.refused')).toHaveLength(1);
    });

    test('whoever leaves is gone, and whoever is on call stays on call, while a rule beside them is broken', async () => {
      acme.edit((file) =>
        file.path === 'policies/data.yaml'
          ? { ...file, text: `${file.text}\n---\nkind: policy\nname: [broken\n` }
          : file,
      );
      await acme.reload();
      acme.edit((file) => ({ ...file, text: file.text.replace(/^( {2}bo:\n)/m, '$1    active: false\n') }));
      await acme.reload();
      const { directory, problems } = acme.rules.current();
      expect(directory.people.get('bo')?.active).toBe(false);
      expect(problems).toHaveLength(1);
    });

    test('nothing but departures is taken from documents that are refused', async () => {
      const before = acme.rules.current().directory;
      acme.edit((file) => ({ ...file, text: file.text.replace(/^( {2})data-leads:$/m, '$1data-bosses:') }));
      expect(await acme.reload()).toBe(false);
      expect(acme.rules.current().problems).not.toEqual([]);
      expect([...acme.rules.current().directory.groups.keys()]).toEqual([...before.groups.keys()]);
    });

    test('a directory that is missing for a moment locks nobody out', async () => {
      const active = () => [...acme.rules.current().directory.people.values()].filter((person) => person.active).length;
      const before = active();
      acme.edit((file) => (file.path === 'directory.yaml' ? { ...file, text: '' } : file));
      expect(await acme.reload()).toBe(false);
      expect(active()).toBe(before);
    });

    test('documents that stay broken are refused once, not again and again', async () => {
      let at = systemClock.now();
      let files = acmeFiles();
      const sources = {
        parseTargets,
        parseDirectory,
        available: new Set(['aws' as const]),
        lastInForce: async () => null,
      };
      const rules = got(await openRules({ ...sources, read: async () => files }, () => at));
      files = files.map((file) => (file.path === 'directory.yaml' ? { ...file, text: 'kind: [directory' } : file));
      for (let n = 0; n < 4; n += 1) {
        await rules.reload(acme.world);
        at = after(at, 7_200_000);
      }
      expect((await kinds()).filter((kind) => kind === 'policy.refused')).toHaveLength(1);
    });

    test('a start with a broken directory ends what is due and starts nothing, and loses no grant', async () => {
      const view = await approved();
      await noteLoaded(acme.world, acme.rules.current());
      const files = acmeFiles().map((file) =>
        file.path === 'directory.yaml' ? { ...file, text: 'kind: [directory' } : file,
      );
      const sources = { read: async () => files, parseTargets, parseDirectory, available: new Set(['aws' as const]) };
      const rules = got(
        await openRules({ ...sources, lastInForce: () => lastPolicySources(current().db) }, () => systemClock.now()),
      );
      expect(rules.current().directory.people.size).toBe(0);
      expect(rules.current().problems[0]).toMatchObject({ file: 'directory.yaml' });
      const grant = await findGrant(current().db, view.grants[0]?.id ?? ('' as never));
      if (grant === null) throw new Error('the grant is there');
      await expect(recheckGrant({ ...acme.world, rules }, grant)).rejects.toThrow('directory');
    });

    test('rules are in force only after the ledger says so, however often that fails', async () => {
      const before = acme.rules.current().policy.version;
      acme.edit((file) =>
        file.path === 'policies/data.yaml' ? { ...file, text: file.text.replace('default: 15m', 'default: 5m') } : file,
      );
      const broken = { ...acme.world, append: () => Promise.reject(new Error('No space left on device')) };
      await expect(acme.rules.reload(broken)).rejects.toThrow('No space left');
      expect(acme.rules.current().policy.version).toBe(before);
      expect(await acme.reload()).toBe(true);
      expect((await kinds()).filter((kind) => kind === 'policy.loaded')).toHaveLength(1);
    });

    test('what a broken file says does not reach the ledger, only where it is broken', async () => {
      acme.edit((file) => ({
        ...file,
        text: file.text.replace(/email: ana\.\S+/, 'email: bo.sandberg@acme.example'),
      }));
      expect(await acme.reload()).toBe(false);
      const { rows } = await sql<{
        body: string;
      }>`select body from ledger_outbox where body like '%policy.refused%'`.execute(current().db);
      expect(rows).toHaveLength(1);
      expect(rows[0]?.body).not.toContain('@acme.example');
    });

    test('shifts of rotations are worked out anew although nothing was edited', async () => {
      let at = systemClock.now();
      const opened = await openRules(
        {
          read: async () => acmeFiles(),
          parseTargets,
          parseDirectory,
          available: new Set(['aws']),
          lastInForce: async () => null,
        },
        () => at,
      );
      const rules = got(opened);
      at = after(at, 90 * 86_400_000);
      expect(await rules.reload(acme.world)).toBe(false);
      const shifts = [...rules.current().directory.rotations.values()].flatMap((rotation) => rotation.shifts);
      expect(shifts.some((shift) => shift.from <= at && at < shift.until)).toBe(true);
    });

    test('a start with broken rules goes on with the ones that were in force last, and says what is wrong', async () => {
      await noteLoaded(acme.world, acme.rules.current());
      const files = acmeFiles().map((file) =>
        file.path === 'policies/data.yaml' ? { ...file, text: 'kind: policy\nname: [broken\n' } : file,
      );
      const sources = { read: async () => files, parseTargets, parseDirectory, available: new Set(['aws' as const]) };
      const none = await openRules({ ...sources, lastInForce: async () => null }, () => systemClock.now());
      expect(none.ok).toBe(false);
      const rules = got(
        await openRules({ ...sources, lastInForce: () => lastPolicySources(current().db) }, () => systemClock.now()),
      );
      expect(rules.current().policy.version).toBe(acme.rules.current().policy.version);
      expect(rules.current().problems[0]).toMatchObject({ file: 'policies/data.yaml' });
      await rules.reload(acme.world);
      expect(await kinds()).toContain('policy.refused');
    });

    test('a role that was edited after its approval is refused at the start', async () => {
      const view = await approved();
      acme.edit((file) =>
        file.path === 'roles/aws.yaml'
          ? { ...file, text: file.text.replace('role: curfew/invoice-reader', 'role: curfew/access-admin') }
          : file,
      );
      expect(await acme.reload()).toBe(true);
      await acme.engine.pass('starts');
      const after = got(await explainRequest(acme.world, await acme.as('ana'), view.id));
      expect(after.request.grants[0]?.status).toBe('failed');
      expect(after.timeline.at(-1)?.text).toContain('changed after it was approved');
      expect(acme.provider.calls).toEqual([]);
    });
  });
});
