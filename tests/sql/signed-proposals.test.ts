import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { challengeOf, printDocument, type ProposalDocument } from '../../src/ledger/decision-document.ts';
import { LoggedApprovals } from '../../src/ledger/logged-approvals.ts';
import { listPasskeys, passkeyOptions, removeOwnPasskey } from '../../src/operations/passkeys.ts';
import { propose } from '../../src/operations/propose.ts';
import { challengeProposal, confirmProposal } from '../../src/operations/proposals.ts';
import { askForRecovery } from '../../src/operations/recover-passkeys.ts';
import { orderRevocation } from '../../src/operations/revoke-many.ts';
import type { Actor } from '../../src/operations/world.ts';
import { appNow } from '../../src/store/database.ts';
import { mergeHumans } from '../../src/store/people.ts';
import type { ProposalId } from '../../src/core/ids.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';
import { withPasskey, type Signer } from './passkey-people.ts';

interface Body {
  readonly kind: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** An order over somebody, which a merge would widen. */
async function orderOver(acme: AcmeOperations, person: string): Promise<void> {
  got(await orderRevocation(acme.world, await acme.as('ivo'), { person, reason: 'The laptop was stolen' }));
}

const BECAUSE = { reason: 'The team asked for it' };

eachDatabase('what an admin confirms with a passkey', (current) => {
  let acme: AcmeOperations;
  let eli: Actor;
  let fay: Signer;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    for (const key of ['eli', 'fay']) await giveRole(acme, key, 'admin');
    eli = await acme.as('eli');
    fay = await withPasskey(acme, 'fay');
  });

  const appoint = async (person: string) =>
    got(await propose(acme.world, eli, { action: 'appoint', person, role: 'auditor', ...BECAUSE }));
  const signs = async ({ actor, device }: Signer, id: ProposalId, seen?: string) => {
    const { document, options } = got(await challengeProposal(acme.world, actor, id, { seen }));
    return { document, response: device.assert(options) };
  };
  const confirm = (id: ProposalId, assertion?: Awaited<ReturnType<typeof signs>>) =>
    confirmProposal(acme.world, fay.actor, id, assertion === undefined ? {} : { assertion });
  const bodies = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ body: string }>`select body from ledger_outbox order by id`.execute(current().db);
    return rows.map(({ body }) => body);
  };
  /** What somebody finds who has the log alone. */
  const verified = (log: readonly string[]) => {
    const approvals = new LoggedApprovals();
    for (const [seq, body] of log.entries()) approvals.learn(seq, body);
    return approvals.report();
  };
  /** Changes a proposal as only whoever owns the database can. */
  const overwrite = async (id: ProposalId, person: string, role: string): Promise<void> => {
    const { db } = current();
    await sql`alter table proposal disable trigger proposal_is_decided_once`.execute(db);
    await sql`update proposal set person_id = ${person}, role = ${role} where id = ${id}`.execute(db);
    await sql`alter table proposal enable trigger proposal_is_decided_once`.execute(db);
  };
  const confirmed = async () =>
    (await bodies())
      .map((body) => JSON.parse(body) as { kind: string; facts: Readonly<Record<string, unknown>> })
      .filter(({ kind }) => kind === 'administration.confirmed')
      .map(({ facts }) => facts);

  test('whoever has one confirms by it alone, and the log proves it without asking anybody', async () => {
    const { id, changesVersion } = await appoint('bo');
    // However fresh the sign-in is: whoever controls the company's provider has fresh ones of anybody.
    const refused = await confirm(id);
    expect(code(refused)).toBe('signature-required');
    expect(refused.ok ? '' : refused.refusal.hint).toMatch(/\/administration$/);
    expect(await confirmed()).toEqual([]);
    const assertion = await signs(fay, id, changesVersion);
    got(await confirm(id, assertion));
    expect(await confirmed()).toMatchObject([{ proposal: id, signed: true, document: assertion.document }]);
    expect(JSON.parse(assertion.document)).toMatchObject({
      kind: 'curfew.proposal',
      proposal: id,
      changes: changesVersion,
    });
    const log = await bodies();
    expect(verified(log)).toMatchObject({ verified: 1, faults: [] });
    const altered = log.map((body) =>
      body.includes('"administration.confirmed"') ? body.replaceAll(id, `prp_${'a'.repeat(20)}`) : body,
    );
    expect(verified(altered).faults).toHaveLength(1);
  });

  test('what is signed says what is changed, and the log proves that it was that', async () => {
    const { id } = await appoint('bo');
    const [bo, mallory] = [(await acme.as('bo')).person, (await acme.as('cem')).person];
    // Whoever writes the database shows one thing, and has another carried out.
    const shown = await signs(fay, id);
    const change = { action: 'appoint', person: bo, role: 'auditor' };
    expect(JSON.parse(shown.document)).toMatchObject({ v: 2, change });
    await overwrite(id, mallory, 'admin');
    expect(code(await confirm(id, shown))).toBe('proposal-changed');
    await overwrite(id, bo, 'auditor');
    got(await confirm(id, await signs(fay, id)));

    const log = await bodies();
    expect(verified(log)).toMatchObject({ verified: 1, faults: [] });
    const lies = (kinds: string, lie: (body: Body) => object) =>
      verified(
        log.map((text) => {
          const body = JSON.parse(text) as Body;
          return kinds.includes(body.kind) ? JSON.stringify({ ...body, ...lie(body) }) : text;
        }),
      ).faults.map(({ message }) => message);
    const [made, done] = ['administration.proposed', 'administration.confirmed'];
    const appointed = (role: string) => (body: Body) => ({
      subjects: { person: mallory },
      facts: { ...body.facts, role },
    });
    expect(lies(made + done, appointed('admin'))).toEqual(['what was signed is not what the entry says']);
    expect(lies(made, appointed('auditor'))).toEqual(['a change is decided that is another one than was proposed']);
    expect(lies(made, () => ({ actor: { kind: 'person', id: fay.actor.person } }))).toEqual([
      'an admin who had a passkey proposed without it',
      'a change is confirmed by whoever proposed it',
    ]);
    expect(lies(made, () => ({ kind: 'administration.else' }))).toEqual([
      'a change is decided that was never proposed',
    ]);
    const twice = verified([...log, ...log.filter((body) => body.includes('administration.confirmed'))]).faults;
    expect(twice).toMatchObject([{ message: 'a signature was used twice' }]);
  });

  test('what was signed before documents said what changes verifies for ever, and only what came before', async () => {
    const [one, two] = [await appoint('bo'), await appoint('cem')];
    for (const { id } of [one, two]) got(await confirm(id, await signs(fay, id)));
    const log = await bodies();
    /** The same log, with one or the other signed in version 1. */
    const signedIn = (versions: readonly (1 | 2)[]) => {
      const left = [...versions];
      return verified(
        log.map((text) => {
          const body = JSON.parse(text) as Body;
          if (body.kind !== 'administration.confirmed') return text;
          const said = JSON.parse(String(body.facts['document'])) as ProposalDocument;
          const { change: _, ...older } = said;
          const document = printDocument(left.shift() === 1 ? { ...older, v: 1 } : said);
          const { response } = fay.device.assert({ challenge: challengeOf(document) });
          return JSON.stringify({ ...body, facts: { ...body.facts, ...response, document } });
        }),
      );
    };
    expect(signedIn([1, 1])).toMatchObject({ verified: 2, faults: [] });
    expect(signedIn([1, 2])).toMatchObject({ verified: 2, faults: [] });
    const silent = { message: 'what was signed does not say what it changes' };
    expect(signedIn([2, 1]).faults).toMatchObject([silent]);
  });

  test('the log proves what a merge ends, and who become one', async () => {
    const merge = { action: 'merge', person: 'bo', other: 'finn', grants: 'keep', ...BECAUSE } as const;
    const { id } = got(await propose(acme.world, eli, merge));
    const assertion = await signs(fay, id);
    const [bo, finn] = [(await acme.as('bo')).person, (await acme.as('finn')).person];
    expect(JSON.parse(assertion.document)).toMatchObject({
      change: { action: 'merge', person: bo, other: finn, grants: 'keep' },
    });
    got(await confirm(id, assertion));
    const log = await bodies();
    expect(verified(log).faults).toEqual([]);
    const altered = (kind: string, from: string, to: string) =>
      verified(log.map((body) => (body.includes(kind) ? body.replaceAll(from, to) : body))).faults;
    expect(altered('"person.merged"', finn, eli.person)).toMatchObject([
      { message: 'two persons are merged, and nobody confirmed it' },
    ]);
    expect(altered('"administration.', '"keep"', '"end"')).toHaveLength(2);
  });

  test('a signature is good for one proposal, once, as its own', async () => {
    const [one, two] = [await appoint('bo'), await appoint('cem')];
    expect(code(await confirm(two.id, await signs(fay, one.id)))).toBe('signature-invalid');
    const used = await signs(fay, one.id);
    got(await confirm(one.id, used));
    expect(code(await confirm(two.id, used))).toBe('challenge-over');
    const asked = got(await challengeProposal(acme.world, fay.actor, two.id));
    const other = await withPasskey(acme, 'ada');
    const answer = { document: asked.document, response: other.device.assert(asked.options) };
    expect(code(await confirm(two.id, answer))).toBe('signature-invalid');
    expect(code(await challengeProposal(acme.world, fay.actor, two.id, { seen: 'another' }))).toBe('proposal-changed');
    expect(code(await challengeProposal(acme.world, eli, two.id))).toBe('self-approval');
    expect(await confirmed()).toHaveLength(1);
  });

  test('what changed after it was signed is not what was signed', async () => {
    const merge = { action: 'merge', person: 'bo', other: 'finn', grants: 'keep', ...BECAUSE } as const;
    const { id } = got(await propose(acme.world, eli, merge));
    const assertion = await signs(fay, id);
    await orderOver(acme, 'bo');
    expect(code(await confirm(id, assertion))).toBe('proposal-changed');
    // Neither is it confirmed by what was seen then, with a signature over what it is now.
    const { document, response } = await signs(fay, id);
    expect(
      code(await confirmProposal(acme.world, fay.actor, id, { seen: 'then', assertion: { document, response } })),
    ).toBe('proposal-changed');
    got(await confirm(id, await signs(fay, id)));
  });

  test('who never had one confirms by a fresh sign-in, which the log says; who removed theirs does not', async () => {
    const ada = await acme.as('ada');
    await giveRole(acme, 'ada', 'admin');
    got(await confirmProposal(acme.world, ada, (await appoint('bo')).id));
    expect(await confirmed()).toMatchObject([{ signed: false }]);
    expect(verified(await bodies()).faults).toEqual([]);
    // A sign-in alone removes a passkey, so that who has one no more is not who never had one.
    const { id } = await appoint('cem');
    const [passkey] = got(await listPasskeys(acme.world, fay.actor)).items;
    if (passkey === undefined) throw new Error('there is one');
    got(await removeOwnPasskey(acme.world, fay.actor, passkey.id));
    expect(code(await confirm(id))).toBe('recovery-required');
    // Nor is it a human who had theirs under another id, whom a newcomer's sign-in would make one.
    const other = await acme.as('bea');
    await giveRole(acme, 'bea', 'admin');
    await acme.world.db.transaction().execute(async (trx) => {
      const merging = { keep: fay.actor.person, merge: other.person, by: eli.person, confirmedBy: ada.person };
      await mergeHumans(trx, { ...merging, now: await appNow(trx) });
    });
    expect(code(await confirmProposal(acme.world, other, id))).toBe('recovery-required');
    const who = { name: 'bea', displayName: 'bea' };
    expect(code(await passkeyOptions(acme.world, other, who))).toBe('recovery-required');
    // Which they can ask for, under either.
    got(await askForRecovery(acme.world, other));
    // A broker that says otherwise of somebody who has one is found out.
    const { person } = (await withPasskey(acme, 'gus')).actor;
    const lie = (await bodies()).map((body) => body.replaceAll(ada.person, person));
    const order = [
      ...lie.filter((body) => body.includes('"passkey.')),
      ...lie.filter((body) => body.includes('"administration.')),
    ];
    expect(verified(order).faults).toMatchObject([{ message: 'an admin who had a passkey confirmed without it' }]);
  });
});
