import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import { openBrowserSession, recogniseSession } from '../../src/operations/browser-sessions.ts';
import { cliSignInStands } from '../../src/operations/own-sessions.ts';
import {
  askForStepUp,
  listPasskeys,
  passkeyOptions,
  registerPasskey,
  removeOwnPasskey,
  renameOwnPasskey,
} from '../../src/operations/passkeys.ts';
import {
  askForRecovery,
  challengeRecovery,
  confirmRecovery,
  listRecoveries,
  withdrawRecovery,
} from '../../src/operations/recover-passkeys.ts';
import type { Actor } from '../../src/operations/world.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { appNow } from '../../src/store/database.ts';
import { saveOidcPayload } from '../../src/store/oidc-payloads.ts';
import { mergeHumans } from '../../src/store/people.ts';
import { softwareAuthenticator } from '../software-authenticator.ts';
import { ACME_ORIGIN, acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, tamper, verifyStored } from './ledger-under-test.ts';
import { optionsFor, register, withPasskey, type Signer } from './passkey-people.ts';
import { verifiedIdentity } from '../verified-identity.ts';

const MINUTE = 60_000;

/** Somebody who has just come from a provider that did not say when it asked who they are. */
const undated = ({ signIn, ...actor }: Actor): Actor => ({
  ...actor,
  ...(signIn && { signIn: { ...signIn, authenticatedAt: null } }),
});

eachDatabase('a passkey', (current) => {
  let acme: AcmeOperations;
  let bo: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    bo = await acme.as('bo');
  });
  const laptop = () => softwareAuthenticator({ origin: ACME_ORIGIN });
  const entries = async (kind: string) => {
    const { rows } = await sql<{ body: string }>`
      select body from ledger_outbox where body::jsonb ->> 'kind' = ${kind} order by id`.execute(current().db);
    return rows.map(({ body }) => JSON.parse(body) as { facts: Record<string, unknown>; actor: { id: string } });
  };
  const signedIn = (actor: Actor, agoMs: number, mfaAgoMs?: number): Actor => {
    const { signIn } = actor;
    if (signIn?.authenticatedAt == null) throw new Error('nobody signed in');
    const ago = (ms: number) => after(signIn.authenticatedAt ?? acme.world.clock.now(), -ms);
    const mfa = mfaAgoMs === undefined ? {} : { mfaAt: ago(mfaAgoMs) };
    return { ...actor, context: { ...actor.context, ...mfa }, signIn: { ...signIn, authenticatedAt: ago(agoMs) } };
  };

  describe('the first one', () => {
    test('takes a fresh sign-in, and its key stands in the log', async () => {
      const device = laptop();
      await register(acme, bo, device);
      expect(got(await listPasskeys(acme.world, bo)).items).toMatchObject([
        { name: 'laptop', synced: false, lastUsedAt: null },
      ]);
      const [entry] = await entries('passkey.registered');
      expect(entry).toMatchObject({ actor: { id: bo.person }, facts: { publicKey: device.spki, origin: ACME_ORIGIN } });
      expect(JSON.stringify(entry)).not.toMatch(new RegExp(`laptop|${device.credentialId}`));
    });

    test.each([
      ['of eleven minutes ago', (actor: Actor) => signedIn(actor, 11 * MINUTE)],
      ['whose second factor is old', (actor: Actor) => signedIn(actor, MINUTE, 11 * MINUTE)],
      ['that nobody knows', ({ signIn: _, ...actor }: Actor): Actor => actor],
      ['of which the provider said no time', (actor: Actor): Actor => undated(actor)],
    ])('is refused to a sign-in %s', async (_, made) => {
      expect(await optionsFor(acme, made(bo))).toMatchObject({ refusal: { code: 'sign-in-too-old' } });
    });

    test('is offered with what was promised: verified person, kept on the device, no statement about the device', async () => {
      expect(got(await optionsFor(acme, bo))).toMatchObject({
        rp: { id: 'curfew.acme.example' },
        attestation: 'none',
        authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
        pubKeyCredParams: [{ alg: -7 }, { alg: -8 }, { alg: -257 }],
      });
    });

    test.each([
      ['made on another page', { origin: 'https://evil.example' }],
      ['made for another server', { rpId: 'evil.example' }],
      ['made without looking who it is', { flags: 0x41 }],
      ['that is no new key', { type: 'webauthn.get' }],
    ])('is refused when it was %s', async (_, lies) => {
      const options = got(await optionsFor(acme, bo));
      const response = laptop().register(options, lies);
      expect(code(await registerPasskey(acme.world, bo, { name: 'x', response }))).toBe('passkey-refused');
      expect(got(await listPasskeys(acme.world, bo)).items).toEqual([]);
    });

    test('answers one question, once, soon, of the same person and sign-in', async () => {
      const send = async (actor: Actor, response: object) =>
        code(await registerPasskey(acme.world, actor, { name: 'x', response: response as never }));
      const options = got(await optionsFor(acme, bo));
      expect(await send(await acme.as('bo'), laptop().register(options))).toBe('challenge-over');
      expect(await send(await acme.as('gus'), laptop().register(options))).toBe('challenge-over');
      expect(await send(bo, laptop().register(options))).toBe('ok');
      expect(await send(bo, laptop().register(options))).toBe('challenge-over');
      const gus = await acme.as('gus');
      const late = got(await optionsFor(acme, gus));
      await sql`update passkey_challenge set expires_at = app_now()`.execute(current().db);
      expect(await send(gus, laptop().register(late))).toBe('challenge-over');
    });
  });

  describe('another one', () => {
    test('takes an assertion by one that is there; a fresh sign-in is not enough', async () => {
      const first = await withPasskey(acme, 'bo');
      const stranger: Signer = { actor: first.actor, device: laptop() };
      expect(await optionsFor(acme, first.actor)).toMatchObject({ refusal: { code: 'step-up-required' } });
      expect(await optionsFor(acme, first.actor, stranger)).toMatchObject({ refusal: { code: 'signature-invalid' } });
      await register(acme, first.actor, laptop(), first);
      expect(got(await listPasskeys(acme.world, first.actor)).items).toHaveLength(2);
    });

    test('an assertion is good for one more passkey, and is not one that was asked for something else', async () => {
      const first = await withPasskey(acme, 'bo');
      const who = { name: 'bo', displayName: 'bo' };
      const response = first.device.assert(got(await askForStepUp(acme.world, first.actor)));
      got(await passkeyOptions(acme.world, first.actor, who, { response }));
      expect(code(await passkeyOptions(acme.world, first.actor, who, { response }))).toBe('challenge-over');
    });

    test('that is registered already is refused, also to somebody else', async () => {
      const first = await withPasskey(acme, 'bo');
      const gus = await acme.as('gus');
      const options = got(await optionsFor(acme, gus));
      const response = first.device.register(options);
      expect(code(await registerPasskey(acme.world, gus, { name: 'x', response }))).toBe('passkey-refused');
    });

    test('is not given for a sign-in to somebody who removed all of theirs', async () => {
      const first = await withPasskey(acme, 'bo');
      for (const { id } of got(await listPasskeys(acme.world, first.actor)).items)
        got(await removeOwnPasskey(acme.world, first.actor, id));
      expect(await optionsFor(acme, first.actor)).toMatchObject({ refusal: { code: 'recovery-required' } });
    });
  });

  test('a question that was asked before the keys changed adds none, whoever answers it', async () => {
    const send = async (actor: Actor, response: object) =>
      code(await registerPasskey(acme.world, actor, { name: 'x', response: response as never }));
    // Asked of the thief's sign-in before the owner had a passkey.
    const thief = await acme.as('bo');
    const early = laptop().register(got(await optionsFor(acme, thief)));
    const owner = await withPasskey(acme, 'bo');
    expect(await send(thief, early)).toBe('challenge-over');
    // Asked of whoever has the laptop with its passkey, which the owner then removes.
    const stolen: Signer = { actor: thief, device: owner.device };
    const late = laptop().register(got(await optionsFor(acme, thief, stolen)));
    const [passkey] = got(await listPasskeys(acme.world, owner.actor)).items;
    got(await removeOwnPasskey(acme.world, owner.actor, passkey?.id ?? ('' as never)));
    expect(await send(thief, late)).toBe('challenge-over');
    expect(got(await listPasskeys(acme.world, owner.actor)).items).toEqual([]);
  });

  test('who may register one is judged again when it comes', async () => {
    const options = got(await optionsFor(acme, bo));
    const response = laptop().register(options);
    const old = signedIn(bo, 11 * MINUTE);
    expect(code(await registerPasskey(acme.world, old, { name: 'x', response }))).toBe('sign-in-too-old');
    expect(got(await listPasskeys(acme.world, bo)).items).toEqual([]);
  });

  test('is renamed and removed by its owner alone, and the log has both', async () => {
    const first = await withPasskey(acme, 'bo');
    const [passkey] = got(await listPasskeys(acme.world, first.actor)).items;
    if (passkey === undefined) throw new Error('no passkey');
    const gus = await acme.as('gus');
    expect(code(await renameOwnPasskey(acme.world, gus, passkey.id, 'mine'))).toBe('not-found');
    expect(code(await removeOwnPasskey(acme.world, gus, passkey.id))).toBe('not-found');
    const old = signedIn(first.actor, 11 * MINUTE);
    expect(code(await removeOwnPasskey(acme.world, old, passkey.id))).toBe('sign-in-too-old');
    expect(code(await renameOwnPasskey(acme.world, first.actor, passkey.id, '   '))).toBe('invalid-input');
    expect(got(await renameOwnPasskey(acme.world, first.actor, passkey.id, ' key ring ')).name).toBe('key ring');
    got(await removeOwnPasskey(acme.world, first.actor, passkey.id));
    expect(code(await removeOwnPasskey(acme.world, first.actor, passkey.id))).toBe('not-found');
    expect([(await entries('passkey.renamed')).length, (await entries('passkey.removed')).length]).toEqual([1, 1]);
  });

  test('stays what it is: not even the program can give it to somebody else or bring it back', async () => {
    await withPasskey(acme, 'bo');
    const broken = (statement: string) => sql.raw(statement).execute(current().db);
    const constraint = { code: '23514', constraint: 'passkey_stays_what_it_is' };
    const other = (await acme.as('gus')).person;
    await expect(broken(`update passkey set person_id = '${other}'`)).rejects.toMatchObject(constraint);
    await expect(broken(`update passkey set public_key = 'x'`)).rejects.toMatchObject(constraint);
    await broken(`update passkey set removed_at = app_now()`);
    await expect(broken(`update passkey set removed_at = null`)).rejects.toMatchObject(constraint);
  });

  describe('a recovery', () => {
    const confirm = async ({ actor, device }: Signer, id: never) => {
      const asked = await challengeRecovery(acme.world, actor, id);
      if (!asked.ok) return asked;
      const { document, options } = asked.value;
      return confirmRecovery(acme.world, actor, id, { document, response: device.assert(options) });
    };

    test('two others confirm with their passkeys, the old ones go, and a new one is registered within the hour', async () => {
      const lost = await withPasskey(acme, 'bo');
      const [fay, gus] = [await withPasskey(acme, 'fay'), await withPasskey(acme, 'gus')];
      const { id, missing, confirmers } = got(await askForRecovery(acme.world, lost.actor));
      expect(missing).toBe(2);
      expect(confirmers.map(({ key }) => key)).toEqual(expect.arrayContaining(['fay', 'gus', 'hal']));
      expect(confirmers.map(({ key }) => key)).not.toContain('bo');
      expect(code(await askForRecovery(acme.world, lost.actor))).toBe('recovery-pending');
      expect(got(await confirm(fay, id as never))).toMatchObject({ missing: 1, openUntil: null });
      expect(code(await confirm(fay, id as never))).toBe('already-decided-by-you');
      expect(await optionsFor(acme, lost.actor)).toMatchObject({ refusal: { code: 'step-up-required' } });
      expect(got(await confirm(gus, id as never)).openUntil).not.toBeNull();
      expect(got(await listPasskeys(acme.world, lost.actor)).items).toEqual([]);
      await register(acme, lost.actor, laptop());
      // It is good for one passkey.
      expect(await optionsFor(acme, lost.actor)).toMatchObject({ refusal: { code: 'step-up-required' } });
      for (const kind of ['asked', 'opened', 'closed'])
        expect(await entries(`passkey.recovery-${kind}`)).toHaveLength(1);
      await sequenceAll(current());
      expect((await verifyStored(current())).approvals).toMatchObject({ verified: 2, faults: [] });
    });

    test('ends what a thief of the laptop has begun: the question, and every sign-in', async () => {
      const lost = await withPasskey(acme, 'bo');
      const [fay, gus] = [await withPasskey(acme, 'fay'), await withPasskey(acme, 'gus')];
      const identity = verifiedIdentity(ISSUER, 'bo');
      const browser = { authenticatedAt: null, mfaAt: null, agent: 'Firefox', formerToken: null };
      const { token } = got(await openBrowserSession(acme.world, { ...identity, ...browser }));
      const signIn = newId(systemRandom, 'ses');
      const artifact = { idHash: 'a'.repeat(64), sealed: 'x', grantId: null, uid: null, userCodeHash: null };
      const now = acme.world.clock.now();
      const whose = { person: lost.actor.person, signIn, savedAt: now, expiresAt: after(now, MINUTE) };
      await saveOidcPayload(acme.world.db, { model: 'Grant', ...artifact, ...whose });
      const { id } = got(await askForRecovery(acme.world, lost.actor));
      const response = laptop().register(got(await optionsFor(acme, lost.actor, lost)));
      got(await confirm(fay, id as never));
      expect(await cliSignInStands(acme.world, signIn)).toBe(true);
      got(await confirm(gus, id as never));
      expect(code(await registerPasskey(acme.world, lost.actor, { name: 'x', response }))).toBe('challenge-over');
      expect(await recogniseSession(acme.world, token)).toMatchObject({ refusal: 'unknown session' });
      expect(await cliSignInStands(acme.world, signIn)).toBe(false);
      const ended = await entries('session.ended');
      expect(ended.map(({ facts }) => facts['cause'])).toEqual(['recovery', 'recovery']);
      await register(acme, await acme.as('bo'), laptop());
    });

    test('is confirmed by two other humans: one under two ids is one, and nobody confirms their own', async () => {
      const lost = await withPasskey(acme, 'bo');
      const [fay, gus, hal] = [
        await withPasskey(acme, 'fay'),
        await withPasskey(acme, 'gus'),
        await withPasskey(acme, 'hal'),
      ];
      const { id } = got(await askForRecovery(acme.world, lost.actor));
      const merged = (keep: Signer, merge: Signer) =>
        current()
          .db.transaction()
          .execute(async (trx) =>
            mergeHumans(trx, {
              keep: keep.actor.person,
              merge: merge.actor.person,
              by: bo.person,
              confirmedBy: hal.actor.person,
              now: await appNow(trx),
            }),
          );
      got(await confirm(fay, id as never));
      await merged(gus, fay);
      expect(code(await confirm(gus, id as never))).toBe('already-decided-by-you');
      // One who confirmed turns out to be who asked: what they said does not count.
      await merged(lost, gus);
      expect(code(await confirm(gus, id as never))).toBe('self-approval');
      expect(got(await confirm(hal, id as never))).toMatchObject({ missing: 1, openUntil: null });
    });

    test('counts whoever confirmed for as long as they might: not with a passkey that was removed, nor after they left', async () => {
      const lost = await withPasskey(acme, 'bo');
      const [fay, gus, hal] = [
        await withPasskey(acme, 'fay'),
        await withPasskey(acme, 'gus'),
        await withPasskey(acme, 'hal'),
      ];
      const { id } = got(await askForRecovery(acme.world, lost.actor));
      expect(got(await confirm(fay, id as never))).toMatchObject({ missing: 1 });
      for (const passkey of got(await listPasskeys(acme.world, fay.actor)).items)
        got(await removeOwnPasskey(acme.world, fay.actor, passkey.id));
      expect(got(await confirm(gus, id as never))).toMatchObject({ missing: 1, openUntil: null });
      acme.edit((file) => ({ ...file, text: file.text.replace(/^( {2}gus:\n)/m, '$1    active: false\n') }));
      await acme.reload();
      expect(got(await confirm(hal, id as never))).toMatchObject({ missing: 1, openUntil: null });
    });

    test('is confirmed anew by whoever did it with a passkey that is gone, and not twice by anybody', async () => {
      const lost = await withPasskey(acme, 'bo');
      const [fay, gus] = [await withPasskey(acme, 'fay'), await withPasskey(acme, 'gus')];
      const [removed] = got(await listPasskeys(acme.world, fay.actor)).items;
      const other: Signer = { actor: fay.actor, device: laptop() };
      await register(acme, fay.actor, other.device, fay);
      const { id } = got(await askForRecovery(acme.world, lost.actor));
      expect(got(await confirm(fay, id as never))).toMatchObject({ missing: 1 });
      expect(code(await confirm(other, id as never))).toBe('already-decided-by-you');
      got(await removeOwnPasskey(acme.world, fay.actor, removed?.id ?? ('' as never)));
      expect(got(await confirm(other, id as never))).toMatchObject({ missing: 1, openUntil: null });
      expect(code(await confirm(other, id as never))).toBe('already-decided-by-you');
      expect(got(await confirm(gus, id as never)).openUntil).not.toBeNull();
      expect(await entries('passkey.recovery-confirmed')).toHaveLength(3);
      await sequenceAll(current());
      expect((await verifyStored(current())).approvals).toMatchObject({ verified: 3, faults: [] });
    });

    test('takes two other persons with passkeys whom the rules trust with the most sensitive approvals', async () => {
      const lost = await withPasskey(acme, 'bo');
      const { id } = got(await askForRecovery(acme.world, lost.actor));
      expect(code(await confirm(lost, id as never))).toBe('self-approval');
      expect(code(await confirm(await withPasskey(acme, 'jan'), id as never))).toBe('not-found');
      const admin = { ...(await withPasskey(acme, 'hana')).actor, roles: ['admin' as const] };
      expect(code(await challengeRecovery(acme.world, admin, id))).toBe('not-found');
      expect(code(await challengeRecovery(acme.world, await acme.as('gus'), id))).toBe('passkey-required');
      expect(got(await listRecoveries(acme.world, await acme.as('gus')))).toHaveLength(1);
      expect(got(await listRecoveries(acme.world, await acme.as('jan')))).toEqual([]);
    });

    test('is over after its hour, lapses after a day, and can be taken back', async () => {
      const lost = await withPasskey(acme, 'bo');
      const [fay, gus] = [await withPasskey(acme, 'fay'), await withPasskey(acme, 'gus')];
      const first = got(await askForRecovery(acme.world, lost.actor)).id;
      got(await withdrawRecovery(acme.world, lost.actor));
      expect(code(await confirm(fay, first as never))).toBe('already-confirmed');
      const { id } = got(await askForRecovery(acme.world, lost.actor));
      await tamper(current(), `update passkey_recovery set lapses_at = app_now() where closed_at is null`);
      expect(code(await confirm(fay, id as never))).toBe('request-lapsed');
      const again = got(await askForRecovery(acme.world, lost.actor)).id;
      got(await confirm(fay, again as never));
      got(await confirm(gus, again as never));
      // Its owner finds it while it is open, and nobody else has anything to do with it any more.
      const [own] = got(await listRecoveries(acme.world, lost.actor));
      expect(own).toMatchObject({ id: again, missing: 0, openUntil: expect.any(String) as string });
      expect(got(await listRecoveries(acme.world, await acme.as('hal')))).toEqual([]);
      await tamper(
        current(),
        `update passkey_recovery set open_until = app_now() - interval '1 second' where closed_at is null`,
      );
      expect(got(await listRecoveries(acme.world, lost.actor))).toEqual([]);
      expect(await optionsFor(acme, lost.actor)).toMatchObject({ refusal: { code: 'recovery-required' } });
    });

    test('is not for somebody who never had one, nor for an old sign-in', async () => {
      expect(code(await askForRecovery(acme.world, bo))).toBe('passkey-required');
      const { actor } = await withPasskey(acme, 'bo');
      expect(code(await askForRecovery(acme.world, signedIn(actor, 11 * MINUTE)))).toBe('sign-in-too-old');
    });
  });
});
