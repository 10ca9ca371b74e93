import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RequestId } from '../../src/core/ids.ts';
import { challengeOf, printDocument, type ApprovalDocument } from '../../src/ledger/decision-document.ts';
import { LoggedApprovals } from '../../src/ledger/logged-approvals.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { removeOwnPasskey, listPasskeys } from '../../src/operations/passkeys.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { showGrant } from '../../src/operations/show-grants.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import { challengeDecision } from '../../src/operations/sign-decision.ts';
import type { Actor } from '../../src/operations/world.ts';
import { readEntries } from '../../src/store/ledger-entries.ts';
import { softwareAuthenticator } from '../software-authenticator.ts';
import { ACME_ORIGIN, acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, tamper, verifyStored } from './ledger-under-test.ts';
import { challenge, send, sign, withPasskey, type Signer } from './passkey-people.ts';

const MINUTE = 60_000;
const ELSEWHERE = 'access is given to something else than was signed: the role or the target is another one';
/** Tier 1, and one person of data and one of finance have to agree. */
const ASK = {
  items: [{ role: 'invoice-publisher', target: 'aws/prod' }],
  durationMs: 30 * MINUTE,
  reason: 'Correct the invoice of October',
  ticket: 'FIN-12',
};

eachDatabase('a signed approval', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Signer;
  let gus: Signer;
  let id: RequestId;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    ana = await acme.as('ana');
    bo = await withPasskey(acme, 'bo', 'ES256');
    gus = await withPasskey(acme, 'gus', 'EdDSA');
    id = got(await requestAccess(acme.world, ana, ASK)).id;
  });
  const seen = async () => got(await showRequest(acme.world, ana, id));
  const checked = async () => {
    await sequenceAll(current());
    const report = await verifyStored(current());
    return { ok: report.ok, ...report.approvals };
  };
  const started = async () => {
    await acme.engine.pass('starts');
    return (await seen()).grants[0];
  };

  test('two passkeys of two people: the access begins, and the log proves both years later', async () => {
    expect(got(await sign(acme, bo, id, { comment: 'The books are mine' })).status).toBe('pending');
    const view = got(await sign(acme, gus, id));
    expect(view).toMatchObject({
      status: 'approved',
      decisions: [
        { by: { key: 'bo' }, signed: true, comment: 'The books are mine' },
        { by: { key: 'gus' }, signed: true },
      ],
    });
    expect(await started()).toMatchObject({ status: 'active' });
    expect(await checked()).toEqual({ ok: true, verified: 2, unsigned: 0, faults: [] });
  });

  test('without a signature it is not approved, and the answer says where it can be', async () => {
    expect(await approveRequest(acme.world, bo.actor, id, {})).toMatchObject({
      refusal: { code: 'signature-required', hint: `${ACME_ORIGIN}/approvals/${id}` },
    });
    expect((await seen()).decisions).toEqual([]);
  });

  test('the shortest time that anybody approved is what is given', async () => {
    got(await sign(acme, bo, id, { durationMs: 20 * MINUTE }));
    const view = got(await sign(acme, gus, id, { durationMs: 15 * MINUTE }));
    expect(view).toMatchObject({
      durationMs: 30 * MINUTE,
      grantedDurationMs: 15 * MINUTE,
      grants: [{ durationMs: 15 * MINUTE }],
      decisions: [{ durationMs: 20 * MINUTE }, { durationMs: 15 * MINUTE }],
    });
    expect(await started()).toMatchObject({ status: 'active', durationMs: 15 * MINUTE });
    expect(await checked()).toMatchObject({ ok: true, verified: 2 });
  });

  describe('is refused', () => {
    test('a second time: a document is used once', async () => {
      const asked = await challenge(acme, bo, id);
      got(await send(acme, bo, id, asked));
      expect(code(await send(acme, bo, id, asked))).toBe('challenge-over');
    });

    test('a second time also when it was refused the first time', async () => {
      const asked = await challenge(acme, bo, id);
      expect(code(await send(acme, bo, id, asked, {}, { flags: 0x01 }))).toBe('signature-invalid');
      expect(code(await send(acme, bo, id, asked))).toBe('challenge-over');
    });

    test.each([
      ['another page', { origin: 'https://curfew.acme.example.evil.example' }],
      ['another server', { rpId: 'evil.example' }],
      ['without looking who it is', { flags: 0x01 }],
      ['another challenge', { client: { challenge: 'AAAA' } }],
      ['inside a foreign page', { client: { crossOrigin: true } }],
    ])('made on, for or with %s', async (_, lies) => {
      expect(code(await send(acme, bo, id, await challenge(acme, bo, id), {}, lies))).toBe('signature-invalid');
      expect((await seen()).decisions).toEqual([]);
    });

    test('for another request, duration or comment', async () => {
      const other = got(await requestAccess(acme.world, ana, ASK)).id;
      const given = await challenge(acme, bo, id);
      got(await send(acme, bo, id, given));
      // What was given and used, for the same thing once more.
      expect(code(await send(acme, bo, other, given))).toBe('challenge-over');
      expect(got(await showRequest(acme.world, ana, other)).decisions).toEqual([]);
      got(await sign(acme, gus, id));
      id = got(await requestAccess(acme.world, ana, ASK)).id;
      expect(code(await send(acme, bo, other, await challenge(acme, bo, id)))).toBe('signature-invalid');
      const asked = await challenge(acme, bo, id, { durationMs: 15 * MINUTE });
      expect(code(await send(acme, bo, id, asked, { durationMs: 20 * MINUTE }))).toBe('signature-invalid');
      const said = await challenge(acme, bo, id, { comment: 'Only this once' });
      expect(code(await send(acme, bo, id, said, { comment: 'Whenever you like' }))).toBe('signature-invalid');
      expect(code(await send(acme, bo, id, await challenge(acme, bo, id), { comment: 'And more' }))).toBe(
        'signature-invalid',
      );
    });

    test('a document that was changed', async () => {
      const asked = await challenge(acme, bo, id);
      const document = asked.document.replace('1800000', '3600000');
      expect(document).not.toBe(asked.document);
      expect(code(await send(acme, bo, id, { ...asked, document }))).toBe('challenge-over');
    });

    test('after five minutes', async () => {
      const asked = await challenge(acme, bo, id);
      await sql`update passkey_challenge set expires_at = app_now()`.execute(current().db);
      expect(code(await send(acme, bo, id, asked))).toBe('challenge-over');
    });

    test('by somebody else, and by a key that was removed', async () => {
      const asked = await challenge(acme, bo, id);
      expect(code(await send(acme, { ...gus, device: bo.device }, id, asked))).toBe('challenge-over');
      const own = await challenge(acme, gus, id);
      expect(code(await send(acme, { ...gus, device: bo.device }, id, own))).toBe('signature-invalid');
      const again = await challenge(acme, bo, id);
      for (const passkey of got(await listPasskeys(acme.world, bo.actor)).items)
        got(await removeOwnPasskey(acme.world, bo.actor, passkey.id));
      expect(code(await send(acme, bo, id, again))).toBe('challenge-over');
      expect(code(await challengeDecision(acme.world, bo.actor, id, {}))).toBe('recovery-required');
    });

    test('nor is a document made for whoever looks at what other rules said', async () => {
      const { rulesVersion: seen } = got(await showRequest(acme.world, bo.actor, id));
      got(await challengeDecision(acme.world, bo.actor, id, { seen }));
      acme.edit((file) => ({ ...file, text: file.text.replace('changes to the books', 'a change').concat('\n') }));
      await acme.reload();
      expect(code(await challengeDecision(acme.world, bo.actor, id, { seen }))).toBe('policy-changed');
    });

    test('after the approver was disabled between opening and deciding', async () => {
      const asked = await challenge(acme, bo, id);
      acme.edit((file) => ({ ...file, text: file.text.replace(/^( {2}bo:\n)/m, '$1    active: false\n') }));
      await acme.reload();
      expect(code(await send(acme, bo, id, asked))).toBe('not-an-approver');
      expect((await seen()).decisions).toEqual([]);
      expect(code(await challengeDecision(acme.world, bo.actor, id, {}))).toBe('not-an-approver');
    });

    test('after the rules changed in between: the approver has to look again', async () => {
      const asked = await challenge(acme, bo, id);
      acme.edit((file) => ({ ...file, text: file.text.replace('changes to the books', 'a change').concat('\n') }));
      await acme.reload();
      expect(code(await send(acme, bo, id, asked))).toBe('policy-changed');
      got(await sign(acme, bo, id));
    });

    test('with a counter that went back, and the log says so', async () => {
      const asked = await challenge(acme, bo, id);
      expect(code(await send(acme, bo, id, asked, {}, { counter: 1 }))).toBe('signature-invalid');
      const { rows } = await sql`select from ledger_outbox where body like '%"passkey.suspected"%'`.execute(
        current().db,
      );
      expect(rows).toHaveLength(1);
    });

    test('a longer time than was asked, also without a signature', async () => {
      expect(code(await challengeDecision(acme.world, bo.actor, id, { durationMs: 31 * MINUTE }))).toBe(
        'invalid-input',
      );
      const easy = { ...ASK, items: [{ role: 'invoice-reader', target: 'aws/prod' }] };
      const low = got(await requestAccess(acme.world, ana, easy)).id;
      for (const durationMs of [31 * MINUTE, 0, -1, 1.5, Number.NaN])
        expect(code(await approveRequest(acme.world, bo.actor, low, { durationMs })), `${durationMs}`).toBe(
          'invalid-input',
        );
      expect(got(await approveRequest(acme.world, bo.actor, low, { durationMs: 15 * MINUTE }))).toMatchObject({
        grantedDurationMs: 15 * MINUTE,
        grants: [{ durationMs: 15 * MINUTE }],
        decisions: [{ signed: false }],
      });
    });
  });

  describe('that somebody changed in the database', () => {
    const approved = async () => {
      got(await sign(acme, bo, id));
      got(await sign(acme, gus, id));
    };
    const flipped = (field: string) =>
      `update approval set assertion = jsonb_set(assertion, '{${field}}', to_jsonb(
        overlay(assertion ->> '${field}' placing (case when substr(assertion ->> '${field}', 30, 1) = 'A' then 'B' else 'A' end) from 30 for 1)))`;

    test.each([
      ['a byte of the signature', flipped('signature')],
      ['a byte of the authenticator data', flipped('authenticatorData')],
      ['a byte of the client data', flipped('clientDataJSON')],
      ['which key it was', flipped('credential')],
      ['the document', `update approval set document = replace(document, '1800000', '3600000')`],
      ['the signature is gone', `update approval set document = null, challenge = null, assertion = null`],
      ['whose key it is', `update passkey set person_id = (select id from person where directory_key = 'ana')`],
      ['the key', `update passkey set public_key = (select min(public_key) from passkey)`],
      [
        'whose request it is',
        `update request set person_id = (select id from person where directory_key = 'bo')`,
        `update "grant" set person_id = (select id from person where directory_key = 'bo')`,
      ],
      [
        'who is given the access',
        `update request set question = jsonb_set(question, '{requester}', '"cem"')`,
        `update "grant" set principal = 'cem'`,
      ],
      ['how long', `update "grant" set duration_ms = duration_ms + 1000`],
      [
        'where the target is',
        `update "grant" set definition = jsonb_set(definition, '{target,native}', '"999988887777"')`,
      ],
      ['what the role is', `update "grant" set definition = jsonb_set(definition, '{role,description}', '"more"')`],
      ['when it was registered', `update passkey set created_at = created_at + interval '1 hour'`],
      ['when it was removed', `update passkey set removed_at = created_at`],
    ])('%s: nothing is provisioned', async (_, ...statements) => {
      await approved();
      await tamper(current(), ...statements);
      await acme.engine.pass('starts');
      const { rows: grants } = await sql`select state, proof ->> 'kind' as proof from "grant"`.execute(current().db);
      expect(grants).toEqual([{ state: 'failed', proof: 'never-provisioned' }]);
      expect(acme.provider.calls.filter((call) => call.includes('provision'))).toEqual([]);
      const { rows } = await sql<{ body: string }>`
        select body from ledger_outbox where body like '%"finding.raised"%'`.execute(current().db);
      expect(rows.map(({ body }) => body).join()).toContain('approval-altered');
    });

    const forge = async (key: string) => {
      const { person } = await acme.as(key);
      await tamper(
        current(),
        `insert into approval (id, request_id, person_id, verdict, decided_at)
           select 'apr_aaaaaaaaaaaaaaaaaaaa', '${id}', '${person}', 'approve', app_now()`,
      );
    };

    test('an approval that only the database has, once it is decided', async () => {
      await approved();
      await forge('dia');
      expect(await started()).toMatchObject({ status: 'failed' });
    });

    test('an approval that only the database has, while it waits: it counts for nothing, and the log says so', async () => {
      await forge('hal');
      expect((await seen()).steps[0]).toMatchObject({ missing: 1, approvedBy: [] });
      got(await sign(acme, gus, id));
      expect((await seen()).status).toBe('pending');
      const { rows } = await sql`select from ledger_outbox where body like '%"approval.set-aside"%'`.execute(
        current().db,
      );
      expect(rows).toHaveLength(1);
      got(await sign(acme, bo, id));
      expect(await started()).toMatchObject({ status: 'active' });
    });

    test('a key that was removed after it signed still stands for what it signed', async () => {
      await approved();
      for (const passkey of got(await listPasskeys(acme.world, bo.actor)).items)
        got(await removeOwnPasskey(acme.world, bo.actor, passkey.id));
      expect(await started()).toMatchObject({ status: 'active' });
      expect(await checked()).toMatchObject({ ok: true, verified: 2 });
    });
  });

  describe('of a later end', () => {
    const operator = {
      items: [{ role: 'payments-db-operator', target: 'aws/prod' }],
      durationMs: 30 * MINUTE,
      reason: 'Restart the payments database',
      ticket: 'PAY-7',
    };
    const MORE = { durationMs: 20 * MINUTE, reason: 'The restart takes longer', ticket: 'PAY-7' };
    const extending = async (rami: Signer) => {
      const tom = await acme.as('tom');
      const asked = got(await requestAccess(acme.world, tom, operator));
      const { grants } = got(await sign(acme, rami, asked.id));
      await acme.engine.pass('starts');
      const grant = grants[0]?.id;
      if (grant === undefined) throw new Error('no grant');
      return { tom, grant, extension: got(await extendGrant(acme.world, tom, grant, MORE)) };
    };

    test('needs a signature as well, and may be shortened', async () => {
      const rami = await withPasskey(acme, 'rami');
      const { tom, grant, extension } = await extending(rami);
      expect(code(await approveRequest(acme.world, rami.actor, extension.id, {}))).toBe('signature-required');
      const before = Date.parse(got(await showGrant(acme.world, tom, grant)).endsAt ?? '');
      got(await sign(acme, rami, extension.id, { durationMs: 5 * MINUTE }));
      await acme.engine.pass('starts');
      const after = got(await showGrant(acme.world, tom, grant));
      expect([after.extended, Date.parse(after.endsAt ?? '') - before]).toEqual([1, 5 * MINUTE]);
      expect(await checked()).toMatchObject({ ok: true, verified: 2 });
      // Both were signed for the place in which the log says that the grant is.
      const judged = new LoggedApprovals();
      for (const { seq, body } of await readEntries(current().db, 0, 1_000))
        judged.learn(seq, body.replace(/"targetDefinition":"\w+"/, '"targetDefinition":"another"'));
      expect(judged.report().faults).toMatchObject([{ message: ELSEWHERE }, { message: ELSEWHERE }]);
    });

    test('that was changed in the database is not written into the cloud', async () => {
      const rami = await withPasskey(acme, 'rami');
      const { tom, grant, extension } = await extending(rami);
      const before = got(await showGrant(acme.world, tom, grant)).endsAt;
      got(await sign(acme, rami, extension.id));
      await tamper(
        current(),
        `update approval set document = replace(document, '1200000', '1200001') where request_id = '${extension.id}'`,
      );
      await acme.engine.pass('starts');
      expect(got(await showGrant(acme.world, tom, grant))).toMatchObject({ status: 'active', endsAt: before });
    });
  });

  /** Makes of an approval one by a broker from before documents said where their target is, in the rows and in the log. */
  const madeOlder = async ({ actor, device }: Signer) => {
    const { document } = await current()
      .db.selectFrom('approval')
      .select('document')
      .where('person_id', '=', actor.person)
      .executeTakeFirstOrThrow();
    const signed = JSON.parse(document ?? '') as ApprovalDocument;
    const items = signed.items.map(({ role, target, tier, definition }) => ({ role, target, tier, definition }));
    const text = printDocument({ ...signed, v: 1, items });
    const challenge = challengeOf(text);
    const { authenticatorData, clientDataJSON, signature } = device.assert({ challenge }).response;
    const answer = JSON.stringify({ authenticatorData, clientDataJSON, signature });
    await tamper(
      current(),
      `update approval set document = '${text}', challenge = '${challenge}', assertion = assertion || '${answer}'
         where person_id = '${actor.person}'`,
      `update ledger_outbox set body = replace(jsonb_set(body::jsonb, '{facts}', body::jsonb -> 'facts' || '${answer}'
         || jsonb_build_object('document', '${text}'))::text, '": ', '":')
         where body like '%"approval.given"%' and body::jsonb -> 'actor' ->> 'id' = '${actor.person}'`,
    );
  };

  test('from before it said where the target is still begins what was decided then, for its role alone', async () => {
    got(await sign(acme, bo, id));
    got(await sign(acme, gus, id));
    for (const signer of [bo, gus]) await madeOlder(signer);
    expect(await started()).toMatchObject({ status: 'active' });
    id = got(await requestAccess(acme.world, ana, ASK)).id;
    const [hal, bea] = [await withPasskey(acme, 'hal'), await withPasskey(acme, 'bea')];
    got(await sign(acme, hal, id));
    got(await sign(acme, bea, id));
    for (const signer of [hal, bea]) await madeOlder(signer);
    await tamper(
      current(),
      `update "grant" set definition = jsonb_set(definition, '{role,description}', '"more"') where request_id = '${id}'`,
    );
    expect(await started()).toMatchObject({ status: 'failed' });
  });

  test('keys of all three kinds sign', async () => {
    const hal = await withPasskey(acme, 'hal', 'RS256');
    got(await sign(acme, hal, id));
    got(await sign(acme, gus, id));
    expect(await started()).toMatchObject({ status: 'active' });
    expect(await checked()).toMatchObject({ ok: true, verified: 2 });
  });

  test('a key of nobody is not taken for theirs', async () => {
    const mine = softwareAuthenticator({ origin: ACME_ORIGIN });
    expect(code(await send(acme, { ...bo, device: mine }, id, await challenge(acme, bo, id)))).toBe(
      'signature-invalid',
    );
  });
});
