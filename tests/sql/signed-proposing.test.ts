import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import type { ProposalId } from '../../src/core/ids.ts';
import { LoggedApprovals } from '../../src/ledger/logged-approvals.ts';
import { listPasskeys, removeOwnPasskey } from '../../src/operations/passkeys.ts';
import { challengeProposing, propose, type ProposalInput } from '../../src/operations/propose.ts';
import { challengeProposal, confirmProposal, refuseProposal } from '../../src/operations/proposals.ts';
import type { SignedInput } from '../../src/operations/sign-decision.ts';
import type { Actor } from '../../src/operations/world.ts';
import { appNow } from '../../src/store/database.ts';
import { mergeHumans } from '../../src/store/people.ts';
import { accountBeside } from './account-beside.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';
import { withPasskey, type Signer } from './passkey-people.ts';

const BECAUSE = { reason: 'The team asked for it' };
const appointing = (person: string, role: 'admin' | 'auditor' = 'auditor'): ProposalInput => ({
  ...{ action: 'appoint', person, role, ...BECAUSE },
});

interface Body {
  readonly kind: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

eachDatabase('what an admin proposes with a passkey', (current) => {
  let acme: AcmeOperations;
  let eli: Signer;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    await giveRole(acme, 'eli', 'admin');
    eli = await withPasskey(acme, 'eli');
  });

  const signs = async (input: ProposalInput, { actor, device }: Signer = eli): Promise<SignedInput> => {
    const { document, options } = got(await challengeProposing(acme.world, actor, input));
    return { document, response: device.assert(options) };
  };
  const proposes = (input: ProposalInput, assertion?: SignedInput, { actor }: { readonly actor: Actor } = eli) =>
    propose(acme.world, actor, input, assertion);
  const bodies = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ body: string }>`select body from ledger_outbox order by id`.execute(current().db);
    return rows.map(({ body }) => body);
  };
  const proposed = async (): Promise<readonly Body['facts'][]> =>
    (await bodies())
      .map((body) => JSON.parse(body) as Body)
      .filter(({ kind }) => kind === 'administration.proposed')
      .map(({ facts }) => facts);
  /** What somebody finds who has the log alone. */
  const verified = (log: readonly string[]) => {
    const approvals = new LoggedApprovals();
    for (const [seq, body] of log.entries()) approvals.learn(seq, body);
    return approvals.report();
  };

  test('whoever signs in as the only admin appoints nobody who never had a passkey', async () => {
    // As fresh as it gets: whoever controls the company's provider has a sign-in of anybody.
    const [thief, mallory] = [await acme.as('eli'), await acme.as('hal')];
    const input = appointing('hal', 'admin');
    const refused = await proposes(input, undefined, { actor: thief });
    expect(code(refused)).toBe('signature-required');
    expect(refused.ok ? '' : refused.refusal.hint).toMatch(/\/administration$/);
    const { document } = got(await challengeProposing(acme.world, thief, input));
    const device = (await withPasskey(acme, 'hal')).device;
    const { options } = got(await challengeProposing(acme.world, thief, input));
    expect(code(await proposes(input, { document, response: device.assert(options) }, { actor: thief }))).toBe(
      'signature-invalid',
    );
    expect(await proposed()).toEqual([]);
    expect(code(await challengeProposing(acme.world, mallory, input))).toBe('not-an-admin');
  });

  test('every kind of change takes it, and the log proves each without asking anybody', async () => {
    await giveRole(acme, 'fay', 'admin');
    await giveRole(acme, 'gia', 'auditor');
    const inputs: readonly ProposalInput[] = [
      appointing('bo'),
      { action: 'dismiss', person: 'gia', role: 'auditor', ...BECAUSE },
      { action: 'merge', person: 'cem', other: 'finn', grants: 'keep', ...BECAUSE },
      { action: 'release', account: await accountBeside(acme, current(), ''), ...BECAUSE },
    ];
    const made: ProposalId[] = [];
    for (const input of inputs) {
      expect([input.action, code(await proposes(input))]).toEqual([input.action, 'signature-required']);
      const assertion = await signs(input);
      const { id } = got(await proposes(input, assertion));
      expect(JSON.parse(assertion.document)).toMatchObject({
        ...{
          v: 1,
          kind: 'curfew.proposing',
          approver: eli.actor.person,
          proposal: id,
          change: { action: input.action },
        },
      });
      expect((await proposed()).at(-1)).toMatchObject({ proposal: id, signed: true, document: assertion.document });
      made.push(id);
    }
    expect(new Set(made).size).toBe(inputs.length);
    expect(verified(await bodies())).toMatchObject({ verified: inputs.length, faults: [] });
    // Its second person, who never had one, confirms by a sign-in, and the log has no fault in that.
    got(await confirmProposal(acme.world, await acme.as('fay'), made[0] as ProposalId));
    expect(verified(await bodies()).faults).toEqual([]);
  });

  test('the log shows what was not signed as it says, to whoever has it alone', async () => {
    const assertion = await signs(appointing('bo'));
    got(await proposes(appointing('bo'), assertion));
    const log = await bodies();
    expect(verified(log)).toMatchObject({ verified: 1, faults: [] });
    const lies = (lie: (body: Body) => object) =>
      verified(
        log.map((text) => {
          const body = JSON.parse(text) as Body;
          return body.kind === 'administration.proposed' ? JSON.stringify({ ...body, ...lie(body) }) : text;
        }),
      ).faults.map(({ message }) => message);
    const says = (facts: object) => (body: Body) => ({ facts: { ...body.facts, ...facts } });
    expect(lies(says({ signed: false }))).toEqual(['an admin who had a passkey proposed without it']);
    for (const facts of [{ role: 'admin' }, { action: 'dismiss' }, { proposal: `prp_${'a'.repeat(20)}` }])
      expect(lies(says(facts)), JSON.stringify(facts)).toEqual(['what was signed is not what the entry says']);
    const other = await acme.as('gus');
    expect(lies(() => ({ subjects: { person: other.person } }))).toEqual([
      'what was signed is not what the entry says',
    ]);
    expect(lies(() => ({ actor: { kind: 'person', id: other.person } }))).toEqual([
      'the key of a signature was not that of the approver',
    ]);
    const [byte] = lies(says({ document: assertion.document.replace('"auditor"', '"admin"') }));
    expect(byte).toMatch(/^a signature does not hold/);
  });

  test('a signature is good for one change, once, in five minutes, and as its own', async () => {
    const used = await signs(appointing('bo'));
    const { id } = got(await proposes(appointing('bo'), used));
    got(await refuseProposal(acme.world, eli.actor, id));
    expect(code(await proposes(appointing('bo'), used))).toBe('challenge-over');
    expect(code(await proposes(appointing('cem'), await signs(appointing('bo'))))).toBe('signature-invalid');
    const late = await signs(appointing('bo'));
    await sql`update passkey_challenge set expires_at = app_now()`.execute(current().db);
    expect(code(await proposes(appointing('bo'), late))).toBe('challenge-over');
    // One that was asked of another admin, answered by either.
    await giveRole(acme, 'fay', 'admin');
    const fay = await withPasskey(acme, 'fay');
    expect(code(await proposes(appointing('bo'), await signs(appointing('bo'), fay)))).toBe('challenge-over');
    const asked = got(await challengeProposing(acme.world, eli.actor, appointing('bo')));
    const answer = { document: asked.document, response: fay.device.assert(asked.options) };
    expect(code(await proposes(appointing('bo'), answer))).toBe('signature-invalid');
    expect(await proposed()).toHaveLength(1);
  });

  test('what was signed to propose confirms nothing, nor does a confirmation propose', async () => {
    await giveRole(acme, 'fay', 'admin');
    const fay = await withPasskey(acme, 'fay');
    const { id } = got(await proposes(appointing('bo'), await signs(appointing('bo'))));
    const proposing = await signs(appointing('cem'), fay);
    expect(code(await confirmProposal(acme.world, fay.actor, id, { assertion: proposing }))).toBe('signature-invalid');
    const { document, options } = got(await challengeProposal(acme.world, fay.actor, id));
    const confirming = { document, response: fay.device.assert(options) };
    expect(code(await proposes(appointing('cem'), confirming, fay))).toBe('signature-invalid');
    expect(await proposed()).toHaveLength(1);
    // Nor in a log that somebody wrote: the proposal of one admin is no confirmation by them of another's.
    const log = await bodies();
    const [text = ''] = log.filter((body) => body.includes('"administration.proposed"'));
    const body = JSON.parse(text) as Body;
    const lie = [
      {
        ...body,
        actor: { kind: 'person', id: (await acme.as('gus')).person },
        facts: { ...body.facts, signed: false },
      },
      { ...body, kind: 'administration.confirmed' },
    ].map((one) => JSON.stringify(one));
    expect(verified([...log.filter((one) => one !== text), ...lie]).faults).toMatchObject([
      { message: 'the document that was signed cannot be read' },
    ]);
  });

  test('what could not be proposed is asked of nobody', async () => {
    const challenged = async (input: ProposalInput) => code(await challengeProposing(acme.world, eli.actor, input));
    expect(await challenged({ ...appointing('bo'), reason: ' ' })).toBe('invalid-input');
    expect(await challenged(appointing('eli', 'admin'))).toBe('role-unchanged');
    got(await proposes(appointing('bo'), await signs(appointing('bo'))));
    expect(await challenged(appointing('bo'))).toBe('already-proposed');
  });

  test('who never had one proposes by a sign-in, which the log says; who removed theirs does not', async () => {
    await giveRole(acme, 'fay', 'admin');
    const fay = await acme.as('fay');
    got(await proposes(appointing('bo'), undefined, { actor: fay }));
    expect(await proposed()).toMatchObject([{ signed: false }]);
    expect((await proposed())[0]).not.toHaveProperty('document');
    expect(verified(await bodies()).faults).toEqual([]);
    expect(code(await challengeProposing(acme.world, fay, appointing('cem')))).toBe('passkey-required');
    // A sign-in alone removes a passkey, so that who has one no more is not who never had one.
    for (const { id } of got(await listPasskeys(acme.world, eli.actor)).items)
      got(await removeOwnPasskey(acme.world, eli.actor, id));
    expect(got(await listPasskeys(acme.world, eli.actor))).toEqual({ items: [], needsRecovery: true });
    expect(got(await listPasskeys(acme.world, fay)).needsRecovery).toBe(false);
    expect(code(await proposes(appointing('cem')))).toBe('recovery-required');
    expect(code(await challengeProposing(acme.world, eli.actor, appointing('cem')))).toBe('recovery-required');
    // Nor is it a human who had theirs under another id.
    const [by, confirmedBy] = [(await acme.as('gia')).person, (await acme.as('gus')).person];
    await acme.world.db.transaction().execute(async (trx) => {
      const merging = { keep: eli.actor.person, merge: fay.person, by, confirmedBy };
      await mergeHumans(trx, { ...merging, now: await appNow(trx) });
    });
    expect(code(await proposes(appointing('cem'), undefined, { actor: fay }))).toBe('recovery-required');
    expect(await proposed()).toHaveLength(1);
  });
});
