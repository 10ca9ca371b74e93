import type { PasskeyId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import { credentialHash, keyOf } from '../ledger/assertion.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { SIGN_WITHIN_MS } from '../ledger/decision-document.ts';
import { newId } from '../platform/random.ts';
import { appNow } from '../store/database.ts';
import { closeRecovery, lockRecoveryOf, type RecoveryRecord } from '../store/passkey-recoveries.ts';
import {
  everHadPasskey,
  forgetChallenges,
  insertPasskey,
  keepChallenge,
  passkeysOf,
  removePasskey,
  renamePasskey,
  takeChallenge,
  type PasskeyRecord,
} from '../store/passkeys.ts';
import type { Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import type { Change } from './changes.ts';
import { freshSignIn } from './fresh-sign-in.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import {
  askForAssertion,
  newcomer,
  NOT_AVAILABLE,
  takeAssertion,
  type AssertionResponse,
  type RequestOptions,
} from './take-assertion.ts';
import type { Actor, NewCredential, World } from './world.ts';

/** A passkey as its owner sees it. */
export interface PasskeyView {
  readonly id: PasskeyId;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  /** Copied between the devices of its owner by whoever makes them. */
  readonly synced: boolean;
}

type Outcome<Value> = Promise<Result<Value, OperationRefusal>>;

/** The answer of a browser (`RegistrationResponseJSON`), as far as it is read here. */
export interface RegistrationAnswer {
  readonly response: { readonly clientDataJSON: string };
}

const MOST_PASSKEYS = 20;
const LONGEST_NAME = 60;

/** What somebody can sign with. */
export interface PasskeysView {
  readonly items: readonly PasskeyView[];
  /** They had one, under any of their ids, and have none: what takes one takes a recovery first. */
  readonly needsRecovery: boolean;
}

/** The passkeys that the actor has. */
export async function listPasskeys(world: World, actor: Actor): Outcome<PasskeysView> {
  const no = judge('listPasskeys', actor);
  if (no !== null) return refused(no);
  const items = (await passkeysOf(world.db, actor.person)).map(viewOf);
  return ok({ items, needsRecovery: items.length === 0 && (await everHadPasskey(world.db, actor.person)) });
}

/** Asks for an assertion by a passkey that the actor has, which is taken before they register another or link an account. */
export async function askForStepUp(world: World, actor: Actor): Outcome<RequestOptions> {
  const no = judge('askForStepUp', actor);
  if (no !== null) return refused(no);
  return world.db.transaction().execute(async (trx) => {
    const challenge = world.random.bytes(32).toString('base64url');
    const asked = { purpose: 'step-up', challenge, document: null, commentSalt: null } as const;
    return askForAssertion(world, trx, actor, asked, await appNow(trx));
  });
}

/**
 * Makes what a browser needs to create a passkey, for who may register one now (ADR 0022): somebody who never had one and has just signed
 * in; somebody who has one and shows it; somebody whom two others have vouched for. A sign-in alone never adds a key to somebody who has or
 * had one: else whoever takes over an account at the company's provider could sign in its owner's name.
 */
export async function passkeyOptions(
  world: World,
  actor: Actor,
  who: { readonly name: string; readonly displayName: string },
  shown?: { readonly response: AssertionResponse },
): Outcome<{ readonly options: object }> {
  const no = judge('passkeyOptions', actor);
  if (no !== null) return refused(no);
  const { rpId } = world.passkeys;
  if (rpId === null) return refused(NOT_AVAILABLE);
  const challenge = world.random.bytes(32).toString('base64url');
  const outcome = await world.db
    .transaction()
    .execute(async (trx): Promise<Result<readonly PasskeyRecord[], OperationRefusal>> => {
      const now = await appNow(trx);
      const own = await passkeysOf(trx, actor.person);
      if (own.length >= MOST_PASSKEYS)
        return refused({ code: 'passkey-refused', detail: `Nobody needs more than ${MOST_PASSKEYS} passkeys.` });
      const allowed = await mayRegister(world, trx, actor, own, shown, now);
      if (!allowed.ok) return allowed;
      const asked = {
        challenge,
        purpose: 'register',
        person: actor.person,
        document: null,
        commentSalt: null,
      } as const;
      const signIn = actor.signIn?.id ?? null;
      await keepChallenge(trx, { ...asked, signIn, expiresAt: after(now, SIGN_WITHIN_MS) }, now);
      return ok(own);
    });
  if (!outcome.ok) return outcome;
  const exclude = outcome.value.map(({ credentialId: id, transports }) => ({ id, transports }));
  return ok({ options: await world.passkeys.options({ challenge, person: actor.person, ...who, exclude }) });
}

/** Whether somebody who has a passkey has just used it, for what a sign-in alone must not give them. */
export async function showPasskey(
  world: World,
  trx: Trx,
  actor: Actor,
  shown: { readonly response: AssertionResponse } | undefined,
  now: Instant,
): Promise<Result<null, OperationRefusal>> {
  if (shown === undefined)
    return refused({
      code: 'step-up-required',
      detail: 'You have a passkey: use it once, and then go on.',
      hint: 'POST /v1/me/passkeys/step-up says what has to be signed.',
    });
  const challenge = challengeIn(shown.response.response.clientDataJSON);
  const taken = await takeAssertion(world, trx, actor, { purpose: 'step-up', challenge, ...shown }, now);
  return taken.ok ? ok(null) : taken;
}

async function mayRegister(
  world: World,
  trx: Trx,
  actor: Actor,
  own: readonly PasskeyRecord[],
  shown: { readonly response: AssertionResponse } | undefined,
  now: Instant,
): Promise<Result<null, OperationRefusal>> {
  if (own.length > 0) return showPasskey(world, trx, actor, shown, now);
  return mayRegisterFirst(world, trx, actor, await lockRecoveryOf(trx, actor.person), now);
}

/** The same for somebody who has no passkey now. */
async function mayRegisterFirst(
  world: World,
  trx: Trx,
  actor: Actor,
  recovery: RecoveryRecord | null,
  now: Instant,
): Promise<Result<null, OperationRefusal>> {
  if (isOpen(recovery, now)) return freshSignIn(actor, now);
  return newcomer(world, trx, actor, now);
}

function isOpen(recovery: RecoveryRecord | null, now: Instant): recovery is RecoveryRecord {
  return recovery !== null && recovery.openUntil !== null && now < recovery.openUntil;
}

/** Registers the passkey that a browser made from `passkeyOptions`. Its public key goes into the log: it verifies what the key will sign. */
export async function registerPasskey(
  world: World,
  actor: Actor,
  input: { readonly name: string; readonly response: RegistrationAnswer },
): Outcome<PasskeyView> {
  const no = judge('registerPasskey', actor);
  if (no !== null) return refused(no);
  const name = nameOf(input.name);
  if (!name.ok) return name;
  const challenge = challengeIn(input.response.response.clientDataJSON);
  const made = await world.passkeys.verify(input.response, challenge);
  let closed: Change | null = null;
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<PasskeyView, OperationRefusal>> => {
    const now = await appNow(trx);
    // First, so that this waits for a recovery that is being opened, and then finds its question gone.
    const recovery = await lockRecoveryOf(trx, actor.person);
    const asked = { challenge, purpose: 'register', person: actor.person } as const;
    const question = await takeChallenge(trx, { ...asked, signIn: actor.signIn?.id ?? null });
    if (question === null)
      return refused({
        code: 'challenge-over',
        detail: 'This question was answered before, is older than five minutes, or was asked of another sign-in.',
        hint: 'Begin again.',
      });
    // Whoever has a passkey showed one before they were asked: every change of somebody's passkeys takes back what they were asked.
    if ((await passkeysOf(trx, actor.person)).length === 0) {
      const allowed = await mayRegisterFirst(world, trx, actor, recovery, now);
      if (!allowed.ok) return allowed;
    }
    if (!made.ok) return refused({ code: 'passkey-refused', detail: `The passkey is not taken: ${made.refusal}.` });
    if (keyOf(made.value.publicKey) === null)
      return refused({
        code: 'passkey-refused',
        detail: 'The passkey is not taken: its key is of no kind that is taken.',
      });
    const passkey = recordOf(world, actor, name.value, made.value, now);
    if (!(await insertPasskey(trx, passkey)))
      return refused({ code: 'passkey-refused', detail: 'This passkey is registered already.' });
    await forgetChallenges(trx, actor.person);
    const entries = [registeredEntry(world, passkey, made.value, isOpen(recovery, now) ? recovery : null)];
    if (recovery !== null) {
      // Whether it was used or is not needed any more: from here on there is a passkey again.
      await closeRecovery(trx, recovery.id, now);
      entries.push(closedEntry(recovery, actor, 'registered', now));
      closed = { kind: 'recovery', id: recovery.id, at: now };
    }
    await world.append(trx, ...entries);
    return ok(viewOf(passkey));
  });
  if (closed !== null) world.changes.publish(closed);
  return outcome;
}

export function closedEntry(recovery: RecoveryRecord, actor: Actor, because: string, now: Instant): NewEntry {
  return {
    kind: 'passkey.recovery-closed',
    at: now,
    actor: { kind: 'person', id: actor.person },
    subjects: { person: recovery.person },
    facts: { recovery: recovery.id, because },
  };
}

function recordOf(world: World, { person }: Actor, name: string, made: NewCredential, now: Instant): PasskeyRecord {
  const { id: credentialId, publicKey, counter, synced, transports } = made;
  const credential = credentialHash(credentialId);
  const kept = { credentialId, credential, publicKey, counter, synced, transports };
  return { id: newId(world.random, 'pky'), person, name, ...kept, createdAt: now, lastUsedAt: null, removedAt: null };
}

function registeredEntry(
  world: World,
  passkey: PasskeyRecord,
  { attestation }: NewCredential,
  recovery: RecoveryRecord | null,
): NewEntry {
  const { person, credential, publicKey, synced, name, createdAt } = passkey;
  return {
    kind: 'passkey.registered',
    at: createdAt,
    actor: { kind: 'person', id: person },
    subjects: { person },
    facts: {
      credential,
      publicKey,
      origin: world.passkeys.origin,
      synced,
      ...(attestation === null ? {} : { attestation: attestation.format, aaguid: attestation.aaguid }),
      ...(recovery === null ? {} : { because: 'recovery', recovery: recovery.id }),
    },
    personal: { name: { subject: person, value: name } },
  };
}

/** Gives one of the actor's passkeys another name. */
export async function renameOwnPasskey(
  world: World,
  actor: Actor,
  id: PasskeyId,
  wanted: string,
): Outcome<PasskeyView> {
  const no = judge('renamePasskey', actor);
  if (no !== null) return refused(no);
  const name = nameOf(wanted);
  if (!name.ok) return name;
  return world.db.transaction().execute(async (trx): Promise<Result<PasskeyView, OperationRefusal>> => {
    const passkey = await renamePasskey(trx, actor.person, id, name.value);
    if (passkey === null) return refused(NOT_FOUND);
    await world.append(trx, {
      kind: 'passkey.renamed',
      at: await appNow(trx),
      actor: { kind: 'person', id: actor.person },
      subjects: { person: actor.person },
      facts: { credential: passkey.credential },
      personal: { name: { subject: actor.person, value: name.value } },
    });
    return ok(viewOf(passkey));
  });
}

/**
 * Removes one of the actor's passkeys. It takes nothing but a sign-in of just now, also for the last one: somebody whose device was stolen
 * must not have to find it first, and a cookie that was stolen must not be enough. What it signed stays valid, because it was the actor's then.
 */
export async function removeOwnPasskey(world: World, actor: Actor, id: PasskeyId): Outcome<null> {
  const no = judge('removePasskey', actor);
  if (no !== null) return refused(no);
  return world.db.transaction().execute(async (trx): Promise<Result<null, OperationRefusal>> => {
    const now = await appNow(trx);
    const fresh = freshSignIn(actor, now);
    if (!fresh.ok) return fresh;
    const passkey = await removePasskey(trx, actor.person, id, now);
    if (passkey === null) return refused(NOT_FOUND);
    // A question that was asked after a look at this passkey: whoever has the device must not answer it after this.
    await forgetChallenges(trx, actor.person);
    await world.append(trx, removedEntry(passkey, actor, now, null));
    return ok(null);
  });
}

/** What the log says about a passkey that is removed, by its owner or by a recovery. */
export function removedEntry(
  { person, credential }: PasskeyRecord,
  actor: Actor,
  now: Instant,
  recovery: RecoveryRecord | null,
): NewEntry {
  return {
    kind: 'passkey.removed',
    at: now,
    actor: { kind: 'person', id: actor.person },
    subjects: { person },
    facts: { credential, ...(recovery === null ? {} : { because: 'recovery', recovery: recovery.id }) },
  };
}

/** The challenge that an answer says it answers; whether it was ever asked is judged by whoever takes it. */
export function challengeIn(clientDataJSON: string): string {
  try {
    const read = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')) as {
      challenge?: unknown;
    } | null;
    return typeof read?.challenge === 'string' ? read.challenge : '';
  } catch {
    return '';
  }
}

function nameOf(text: string): Result<string, OperationRefusal> {
  const name = text.trim();
  if (name !== '' && name.length <= LONGEST_NAME) return ok(name);
  return refused({
    code: 'invalid-input',
    detail: `A passkey has a name of at most ${LONGEST_NAME} characters.`,
    hint: 'Name the device: "work laptop".',
  });
}

function viewOf({ id, name, createdAt, lastUsedAt, synced }: PasskeyRecord): PasskeyView {
  return {
    id,
    name,
    createdAt: toIso(createdAt),
    lastUsedAt: lastUsedAt === null ? null : toIso(lastUsedAt),
    synced,
  };
}
