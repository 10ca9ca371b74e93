import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { approveRequest, denyRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { returnGrant, revokeGrant } from '../../src/operations/end-grant.ts';
import { issueCredential } from '../../src/operations/issue-credential.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { searchCatalogue } from '../../src/operations/search-catalogue.ts';
import { listLive, showGrant } from '../../src/operations/show-grants.ts';
import { explainRequest, listRequests, showRequest } from '../../src/operations/show-requests.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import type { RequestView } from '../../src/operations/views.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { takePlaces } from '../../src/store/quotas.ts';
import { acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { verifiedIdentity } from '../verified-identity.ts';

const ITEM = { role: 'invoice-reader', target: 'aws/prod' };
const REASON = 'Check the invoice export';
const ASK = { items: [ITEM], durationMs: 900_000, reason: REASON };

eachDatabase('operations', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  const count = async (table: string): Promise<number> => {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(current().db);
    return rows[0]?.n ?? -1;
  };
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
  const active = async (): Promise<RequestView> => {
    const view = await approved();
    await acme.engine.pass('starts');
    return got(await showRequest(acme.world, await acme.as('ana'), view.id));
  };

  describe('asking', () => {
    test.each([
      ['an unknown role', { ...ASK, items: [{ role: 'invoice-raeder', target: 'aws/prod' }] }, 'unknown-role'],
      [
        'a role that only looks known',
        { ...ASK, items: [{ role: 'invoice-re\u0430der', target: 'aws/prod' }] },
        'unknown-role',
      ],
      ['an unknown target', { ...ASK, items: [{ role: 'invoice-reader', target: 'aws/prd' }] }, 'unknown-target'],
      ['longer than the rule allows', { ...ASK, durationMs: 90 * 60_000 }, 'duration-too-long'],
      ['for no time at all', { ...ASK, durationMs: 0 }, 'invalid-input'],
      ['for less than no time', { ...ASK, durationMs: -60_000 }, 'invalid-input'],
      ['for longer than anything may be', { ...ASK, durationMs: 400 * 86_400_000 }, 'duration-too-long'],
      ['without a reason', { items: [ITEM] }, 'reason-required'],
      ['with an empty reason', { ...ASK, reason: '' }, 'reason-required'],
      ['with a reason of 100 kB', { ...ASK, reason: 'x'.repeat(100_000) }, 'invalid-input'],
      ['for nothing', { ...ASK, items: [] }, 'invalid-input'],
      ['for one thing twice', { ...ASK, items: [ITEM, ITEM] }, 'invalid-input'],
      [
        'for what no rule offers',
        { ...ASK, items: [{ role: 'access-admin', target: 'aws/prod' }] },
        'no-matching-policy',
      ],
      [
        'for a cloud that does not exist yet',
        { ...ASK, items: [{ role: 'warehouse-reader', target: 'gcp/analytics' }] },
        'provider-not-available',
      ],
    ])('%s is refused, and leaves no request behind', async (_, input, wanted) => {
      const outcome = await requestAccess(acme.world, await acme.as('ana'), input);
      expect(code(outcome)).toBe(wanted);
      if (!outcome.ok) expect(outcome.refusal.detail).not.toBe('');
      expect(await count('request')).toBe(0);
    });

    test('a rule that needs nobody approves at once, and says so in the ledger', async () => {
      const view = got(
        await requestAccess(acme.world, await acme.as('ana'), {
          items: [{ role: 'build-log-reader', target: 'aws/staging' }],
          reason: 'Why did the nightly build fail?',
        }),
      );
      expect(view.status).toBe('approved');
      expect(await kinds()).toEqual([
        'account.linked',
        'person.signed-in',
        'request.submitted',
        'request.approved',
        'grant.scheduled',
      ]);
    });

    test('reason and ticket stand in the ledger as commitments, and nowhere in it in clear', async () => {
      got(await requestAccess(acme.world, await acme.as('ana'), { ...ASK, ticket: 'FIN-4711' }));
      const { rows } = await sql<{
        body: string;
      }>`select body from ledger_outbox where body like '%request.submitted%'`.execute(current().db);
      const { commitments } = JSON.parse(rows[0]?.body ?? '{}') as { commitments: object };
      expect(Object.keys(commitments).sort()).toEqual(['reason', 'ticket']);
      expect(rows[0]?.body).not.toMatch(/FIN-4711|invoice export/);
    });

    test('nobody wears approvers down: only so many wait at once', async () => {
      const ana = await acme.as('ana');
      for (let n = 0; n < 3; n += 1) got(await requestAccess(acme.world, ana, ASK));
      expect(code(await requestAccess(acme.world, ana, ASK))).toBe('too-many-pending');
      // What needs nobody's approval still goes through.
      const automatic = { items: [{ role: 'build-log-reader', target: 'aws/staging' }], reason: 'Why did it fail?' };
      expect(got(await requestAccess(acme.world, ana, automatic))).toMatchObject({
        status: 'approved',
        grants: [{ status: 'scheduled' }],
      });
    });

    test('somebody who is not in the directory, or has left, cannot sign in', async () => {
      expect(
        code(
          await signIn(acme.world, {
            ...verifiedIdentity(ISSUER, 'nobody'),
            email: 'ana.ribeiro@acme.example',
            emailVerified: true,
          }),
        ),
      ).toBe('unknown-person');
      const left = [...acme.rules.current().directory.people.values()].find((person) => !person.active);
      expect(left).toBeDefined();
      expect(code(await signIn(acme.world, verifiedIdentity(ISSUER, left?.key ?? '')))).toBe('unknown-person');
    });
  });

  describe('deciding', () => {
    test('nobody approves their own request', async () => {
      const ana = await acme.as('ana');
      const { id } = got(await requestAccess(acme.world, ana, ASK));
      expect(code(await approveRequest(acme.world, ana, id, {}))).toBe('self-approval');
      expect(await count('"grant"'.replaceAll('"', ''))).toBe(0);
    });

    test('whoever the rules do not name sees nothing, and decides nothing', async () => {
      const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      const other = await acme.as('gus');
      expect(code(await showRequest(acme.world, other, id))).toBe('not-found');
      expect(code(await approveRequest(acme.world, other, id, {}))).toBe('not-found');
      expect(code(await denyRequest(acme.world, other, id, { comment: 'no' }))).toBe('not-found');
      expect(code(await withdrawRequest(acme.world, other, id))).toBe('not-found');
      expect(code(await explainRequest(acme.world, other, id))).toBe('not-found');
      expect(got(await listRequests(acme.world, other, { scope: 'all', cursor: null, limit: 20 })).items).toEqual([]);
    });

    test('twice, after a withdrawal, after a denial and after it lapsed: each is refused', async () => {
      const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
      const one = got(await requestAccess(acme.world, ana, ASK));
      got(await approveRequest(acme.world, bo, one.id, {}));
      expect(code(await approveRequest(acme.world, bo, one.id, {}))).toBe('already-decided');
      const two = got(await requestAccess(acme.world, ana, ASK));
      got(await withdrawRequest(acme.world, ana, two.id));
      expect(code(await approveRequest(acme.world, bo, two.id, {}))).toBe('already-decided');
      const three = got(await requestAccess(acme.world, ana, ASK));
      got(await denyRequest(acme.world, bo, three.id, { comment: 'not today' }));
      expect(code(await approveRequest(acme.world, bo, three.id, {}))).toBe('already-decided');
      const four = got(await requestAccess(acme.world, ana, ASK));
      await sql`update request set lapses_at = app_now(), due_at = app_now() where id = ${four.id}`.execute(
        current().db,
      );
      expect(code(await approveRequest(acme.world, bo, four.id, {}))).toBe('request-lapsed');
      expect(await acme.engine.lapse()).toBe(1);
      expect(got(await showRequest(acme.world, ana, four.id)).status).toBe('lapsed');
      expect(await count('grant')).toBe(1);
    });

    test('only the requester withdraws', async () => {
      const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      expect(code(await withdrawRequest(acme.world, await acme.as('bo'), id))).toBe('not-your-request');
    });

    test('two approvers at the same instant: one decision, one grant', async () => {
      const { id, steps } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      const approvers = await Promise.all(steps[0]?.eligible.slice(0, 2).map((person) => acme.as(person.key)) ?? []);
      expect(approvers).toHaveLength(2);
      const outcomes = await Promise.all(approvers.map((approver) => approveRequest(acme.world, approver, id, {})));
      expect(outcomes.map(code).sort()).toEqual(['already-decided', 'ok']);
      expect(await count('grant')).toBe(1);
      expect((await kinds()).filter((kind) => kind === 'request.approved')).toHaveLength(1);
    });

    test('a rule that was tightened while the request waited closes it', async () => {
      const ana = await acme.as('ana');
      const { id } = got(await requestAccess(acme.world, ana, ASK));
      acme.edit((file) =>
        file.path === 'policies/data.yaml'
          ? {
              ...file,
              text: file.text
                .replace(
                  'max: 1h, extensions: 1 }\nrequire: { reason: { min: 10 } }\napproval:\n  - from: [oncall',
                  'max: 10m }\nrequire: { reason: { min: 10 } }\napproval:\n  - from: [oncall',
                )
                .replace('default: 15m', 'default: 5m'),
            }
          : file,
      );
      expect(await acme.reload()).toBe(true);
      const outcome = await approveRequest(acme.world, await acme.as('bo'), id, {});
      expect(outcome.ok ? 'ok' : outcome.refusal.code).toBe('policy-tightened');
      expect(got(await showRequest(acme.world, ana, id))).toMatchObject({ status: 'denied', deniedBy: 'policy' });
    });
  });

  describe('using and ending', () => {
    test('only its holder takes a credential, only while it is active, and its fingerprint is in the ledger', async () => {
      const waiting = await approved();
      const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
      const grant = waiting.grants[0]?.id ?? ('' as never);
      expect(code(await issueCredential(acme.world, ana, grant))).toBe('grant-not-active');
      await acme.engine.pass('starts');
      expect(code(await issueCredential(acme.world, bo, grant))).toBe('not-found');
      expect(got(await issueCredential(acme.world, ana, grant)).secret.accessKeyId).toBe('ASIAEXAMPLE');
      expect(await kinds()).toContain('credential.issued');
      const { rows } = await sql<{ text: string }>`
        select string_agg(body, ' ') || (select coalesce(string_agg(c::text, ' '), '') from credential c) as text from ledger_outbox`.execute(
        current().db,
      );
      expect(rows[0]?.text).not.toContain('ASIAEXAMPLE');
      got(await returnGrant(acme.world, ana, grant));
      expect(code(await issueCredential(acme.world, ana, grant))).toBe('grant-ended');
    });

    test('a start that waits for a rate of the cloud says until when, and that is no fault', async () => {
      const view = await approved();
      const grant = view.grants[0]?.id ?? ('' as never);
      const rate = { key: 'cloud', perSecond: 0.1, burst: 0, calls: 1 };
      Object.assign(acme.provider, { quota: () => [rate] });
      await takePlaces(acme.world.db, [rate]);
      await acme.engine.pass('starts');
      const seen = got(await showGrant(acme.world, await acme.as('gus'), grant));
      expect(seen).toMatchObject({ status: 'scheduled', activatedAt: null, lastFault: null });
      expect(seen.waits?.why).toBe('the cloud takes only so many calls');
      const waitsMs = Date.parse(seen.waits?.until ?? '') - Date.parse(seen.serverTime);
      expect(waitsMs).toBeGreaterThan(5_000);
      expect(waitsMs).toBeLessThan(11_000);
    });

    test('what the cloud said about a fault is for whom the access concerns; others see its kind', async () => {
      const view = await approved();
      const grant = view.grants[0]?.id ?? ('' as never);
      const text = 'arn:aws:iam::111111111111:role/curfew/invoice-reader';
      acme.provider.faults.push({ call: 'provision', fault: new ProviderFault('throttled', text) });
      await acme.engine.pass('starts');
      expect(got(await showGrant(acme.world, await acme.as('ana'), grant)).lastFault).toContain(text);
      expect(got(await showGrant(acme.world, await acme.as('gus'), grant)).lastFault).toBe('throttled');
      expect(
        got(await listLive(acme.world, null, { cursor: null, limit: 10 })).items.map((one) => one.lastFault),
      ).toEqual(['throttled']);
      const inRequest = async (who: string) =>
        got(await showRequest(acme.world, await acme.as(who), view.id)).grants[0]?.lastFault;
      // The log says it to them too.
      for (const who of ['bo', 'ana']) expect(await inRequest(who)).toContain(text);
    });

    test('a credential that the cloud gives while the grant ends is dropped, not handed out', async () => {
      const view = await active();
      const ana = await acme.as('ana');
      const grant = view.grants[0]?.id ?? ('' as never);
      const honest = acme.provider.issueCredential;
      Object.assign(acme.provider, {
        issueCredential: async (...args: Parameters<typeof honest>) => {
          got(await returnGrant(acme.world, ana, grant));
          return honest(...args);
        },
      });
      expect(code(await issueCredential(acme.world, ana, grant))).toBe('grant-ended');
      expect(await kinds()).not.toContain('credential.issued');
    });

    test.each([
      ['throttled', 'provider-throttled'],
      ['unreachable', 'provider-unreachable'],
      ['unknown-outcome', 'provider-unreachable'],
      ['forbidden-to-us', 'provider-fault'],
    ] as const)('a cloud that is %s says so, and nothing is handed out', async (kind, wanted) => {
      const view = await active();
      Object.assign(acme.provider, {
        issueCredential: async () => {
          throw new ProviderFault(kind, 'no');
        },
      });
      expect(code(await issueCredential(acme.world, await acme.as('ana'), view.grants[0]?.id ?? ('' as never)))).toBe(
        wanted,
      );
      expect(await kinds()).not.toContain('credential.issued');
    });

    test('its holder returns it, approvers revoke it with a reason, nobody else can', async () => {
      const view = await active();
      const grant = view.grants[0]?.id ?? ('' as never);
      expect(code(await returnGrant(acme.world, await acme.as('bo'), grant))).toBe('not-your-grant');
      expect(code(await revokeGrant(acme.world, await acme.as('gus'), grant, { reason: 'because' }))).toBe(
        'not-allowed-to-revoke',
      );
      expect(code(await revokeGrant(acme.world, await acme.as('bo'), grant, { reason: ' ' }))).toBe('invalid-input');
      expect(
        got(await revokeGrant(acme.world, await acme.as('bo'), grant, { reason: 'The laptop was lost' })).status,
      ).toBe('ending');
      expect(code(await returnGrant(acme.world, await acme.as('ana'), grant))).toBe('grant-ended');
    });

    test('while the database takes no writes, a return takes the access away in the cloud and is recorded late', async () => {
      const view = await active();
      const grant = view.grants[0]?.id ?? ('' as never);
      const ana = await acme.as('ana');
      await sql`create or replace function no_space() returns trigger language plpgsql as $$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`.execute(
        current().db,
      );
      await sql`create trigger no_space before insert on ledger_outbox for each statement execute function no_space()`.execute(
        current().db,
      );
      try {
        expect(code(await returnGrant(acme.world, ana, grant))).toBe('recorded-late');
        expect(acme.provider.held.size).toBe(0);
        await expect(requestAccess(acme.world, ana, ASK)).rejects.toThrow('No space left');
      } finally {
        await sql`drop trigger no_space on ledger_outbox`.execute(current().db);
      }
      await acme.engine.pass('ends');
      expect((await kinds()).filter((kind) => kind === 'grant.ending')).toHaveLength(1);
      expect(await count('request')).toBe(1);
      const { rows } = await sql<{ body: { actor: object; late: boolean } }>`
        select body::jsonb as body from ledger_outbox where body like '%grant.ending%'`.execute(current().db);
      expect(rows[0]?.body).toMatchObject({ late: true, actor: { kind: 'person', id: ana.person } });
    });
  });

  test('the catalogue lists what can be had first, and says how', async () => {
    const found = got(searchCatalogue(acme.world, await acme.as('ana'), { q: 'invoice', limit: 20 }));
    expect(found.items[0]).toMatchObject({
      role: 'invoice-reader',
      target: 'aws/prod',
      requestable: true,
      path: 'approval',
    });
    expect(found.items.every((item) => item.why !== '')).toBe(true);
  });
});
