import { refused, ok, type Result } from '../core/result.ts';
import { after, type Instant } from '../core/time.ts';
import { counterWentBack, credentialHash, verifyAssertion, type Assertion } from '../ledger/assertion.ts';
import { SIGN_WITHIN_MS } from '../ledger/decision-document.ts';
import type { ChallengePurpose } from '../store/passkey-schema.ts';
import {
  everHadPasskey,
  keepChallenge,
  lockPasskey,
  notePasskeyUse,
  passkeysOf,
  takeChallenge,
  type PasskeyRecord,
} from '../store/passkeys.ts';
import type { Trx } from '../store/schema.ts';
import { freshSignIn } from './fresh-sign-in.ts';
import type { OperationRefusal } from './refusal.ts';
import type { Actor, World } from './world.ts';

/** The answer of a browser (`AuthenticationResponseJSON`), as far as it is read. Everything is base64url. */
export interface AssertionResponse {
  readonly id: string;
  readonly response: {
    readonly authenticatorData: string;
    readonly clientDataJSON: string;
    readonly signature: string;
  };
}

/** What a browser is asked to sign with (`PublicKeyCredentialRequestOptionsJSON`). */
export interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
  readonly timeout: number;
  readonly userVerification: 'required';
  readonly allowCredentials: readonly {
    readonly id: string;
    readonly type: 'public-key';
    readonly transports: readonly string[];
  }[];
}

/** A question that may be answered once, by one person, for one purpose. */
interface Asked {
  readonly purpose: Exclude<ChallengePurpose, 'register'>;
  readonly challenge: string;
  readonly document: string | null;
  readonly commentSalt: Uint8Array | null;
}

/** What people hear who have no passkey to sign with. */
function passkeyRequired({ passkeys }: Pick<World, 'passkeys'>): OperationRefusal {
  return { code: 'passkey-required', detail: 'You have no passkey.', hint: `Register one: ${passkeys.origin}/me` };
}

/** The same for those who had one: a sign-in alone removes a passkey, so that it must not do what takes one, nor give another. */
function recoveryRequired({ passkeys }: Pick<World, 'passkeys'>): OperationRefusal {
  return {
    code: 'recovery-required',
    detail:
      'You had a passkey, perhaps under another name, and have none now under this one: a sign-in alone is not enough.',
    hint: `Ask for a recovery, in which two others confirm that it is you: ${passkeys.origin}/recovery`,
  };
}

/**
 * Whether somebody who has no passkey is one who never had one, under any of their ids. Whoever takes over an account at the company's provider
 * would otherwise remove its owner's passkey first.
 */
export async function neverHadPasskey(world: World, trx: Trx, actor: Actor): Promise<Result<null, OperationRefusal>> {
  return (await everHadPasskey(trx, actor.person)) ? refused(recoveryRequired(world)) : ok(null);
}

/** Whether somebody who has no passkey may do by a sign-in of a moment ago what others show theirs for: whoever never had one. */
export async function newcomer(
  world: World,
  trx: Trx,
  actor: Actor,
  now: Instant,
): Promise<Result<null, OperationRefusal>> {
  const never = await neverHadPasskey(world, trx, actor);
  return never.ok ? freshSignIn(actor, now) : never;
}

const OVER: OperationRefusal = {
  code: 'challenge-over',
  detail: 'This question was answered before, is older than five minutes, or was asked of somebody else.',
  hint: 'Look at it again, and sign again.',
};

/** Only what is signed alone belongs to the person; anything else belongs to the sign-in that asked for it as well. */
function signInOf(purpose: ChallengePurpose, actor: Actor): string | null {
  return purpose === 'register' || purpose === 'step-up' ? (actor.signIn?.id ?? null) : null;
}

/** Remembers a question and makes what the browser needs to ask it. */
export async function askForAssertion(
  world: World,
  trx: Trx,
  actor: Actor,
  asked: Asked,
  now: Instant,
): Promise<Result<RequestOptions, OperationRefusal>> {
  const rpId = world.passkeys.rpId;
  if (rpId === null) return refused(NOT_AVAILABLE);
  const own = await passkeysOf(trx, actor.person);
  if (own.length === 0)
    return refused((await everHadPasskey(trx, actor.person)) ? recoveryRequired(world) : passkeyRequired(world));
  const person = actor.person;
  const expiresAt = after(now, SIGN_WITHIN_MS);
  await keepChallenge(trx, { ...asked, person, signIn: signInOf(asked.purpose, actor), expiresAt }, now);
  return ok({
    challenge: asked.challenge,
    rpId,
    timeout: SIGN_WITHIN_MS,
    userVerification: 'required',
    allowCredentials: own.map(({ credentialId: id, transports }) => ({ id, type: 'public-key', transports })),
  });
}

export const NOT_AVAILABLE: OperationRefusal = {
  code: 'passkeys-not-available',
  detail: 'This broker is known by a number and not by a name, and browsers keep no passkeys for numbers.',
  hint: 'Whoever runs it sets CURFEW_BASE_URL to an address with a host name.',
};

/** An assertion that holds, and the question that it answers. */
export interface TakenAssertion {
  readonly assertion: Assertion;
  readonly passkey: PasskeyRecord;
  readonly document: string | null;
  readonly commentSalt: Uint8Array | null;
}

/**
 * Takes the answer to a question: the question is used up whatever the answer is worth, the key must be the actor's own and stand, and
 * its counter must not have gone back. A counter that did means that somebody has a copy of the key: it is refused, and said in the log.
 */
export async function takeAssertion(
  world: World,
  trx: Trx,
  actor: Actor,
  answer: { readonly purpose: Asked['purpose']; readonly challenge: string; readonly response: AssertionResponse },
  now: Instant,
): Promise<Result<TakenAssertion, OperationRefusal>> {
  const { purpose, challenge, response } = answer;
  const signIn = signInOf(purpose, actor);
  const question = await takeChallenge(trx, { challenge, purpose, person: actor.person, signIn });
  if (question === null) return refused(OVER);
  const { authenticatorData, clientDataJSON, signature } = response.response;
  const credential = credentialHash(response.id);
  const passkey = await lockPasskey(trx, actor.person, credential);
  if (passkey === null) return refused(invalid('it was made by a key that is not yours, or that was removed'));
  const assertion = { credential, authenticatorData, clientDataJSON, signature };
  const { origin } = world.passkeys;
  const verified = verifyAssertion(assertion, { publicKey: passkey.publicKey, challenge, origin });
  if (!verified.ok) return refused(invalid(verified.refusal));
  const { counter, synced } = verified.value;
  if (counterWentBack(passkey.counter, counter)) {
    await suspect(world, trx, passkey, counter, now);
    return refused(invalid('its counter went back, which a copy of your passkey would do; remove it'));
  }
  await notePasskeyUse(trx, passkey.id, { counter, synced, at: now });
  return ok({ assertion, passkey, ...question });
}

/** What somebody hears whose signature is not believed. */
export function invalid(why: string): OperationRefusal {
  return { code: 'signature-invalid', detail: `The signature is not believed: ${why}.` };
}

async function suspect(world: World, trx: Trx, passkey: PasskeyRecord, counter: number, now: Instant): Promise<void> {
  const { person, credential, counter: lastCounter } = passkey;
  world.log.error({ person, credential, counter, lastCounter }, 'the counter of a passkey went back: it may be copied');
  await world.append(trx, {
    kind: 'passkey.suspected',
    at: now,
    actor: { kind: 'person', id: person },
    subjects: { person },
    facts: { credential, counter, lastCounter },
  });
}
