import { createHash } from 'node:crypto';
import { sql, type Selectable } from 'kysely';
import type { PasskeyId, PersonId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at, isAnyOf } from './columns.ts';
import { isOfHuman } from './people.ts';
import type { ChallengePurpose } from './passkey-schema.ts';
import type { Db, Schema, Trx } from './schema.ts';

export interface PasskeyRecord {
  readonly id: PasskeyId;
  readonly person: PersonId;
  /** base64url. */
  readonly credentialId: string;
  /** Hex SHA-256 of the credential's id. */
  readonly credential: string;
  /** DER of the SubjectPublicKeyInfo in base64. */
  readonly publicKey: string;
  readonly counter: number;
  readonly name: string;
  readonly transports: readonly string[];
  readonly synced: boolean;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | null;
  readonly removedAt: Instant | null;
}

/** Writes a new passkey. Returns false when its credential is registered already, by whomever. */
export async function insertPasskey(trx: Trx, passkey: PasskeyRecord): Promise<boolean> {
  const result = await trx
    .insertInto('passkey')
    .values({
      id: passkey.id,
      person_id: passkey.person,
      credential_id: passkey.credentialId,
      credential_hash: passkey.credential,
      public_key: passkey.publicKey,
      counter: passkey.counter,
      name: passkey.name,
      transports: JSON.stringify(passkey.transports),
      synced: passkey.synced,
      created_at: toIso(passkey.createdAt),
    })
    .onConflict((conflict) => conflict.constraint('passkey_credential_is_registered_once').doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0n) === 1;
}

/** The passkeys that a person has now, oldest first. */
export async function passkeysOf(db: Db | Trx, person: PersonId): Promise<readonly PasskeyRecord[]> {
  const rows = await db
    .selectFrom('passkey')
    .selectAll()
    .where('person_id', '=', person)
    .where('removed_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(toPasskey);
}

/** Whether a human has, or ever had, a passkey, under whichever of their ids. */
export async function everHadPasskey(db: Db | Trx, person: PersonId): Promise<boolean> {
  return (await db.selectFrom('passkey').select('id').where(isOfHuman(person)).executeTakeFirst()) !== undefined;
}

/** Finds a passkey that somebody has now by the hash of its credential, and locks it: of two answers at once the second sees the first's counter. */
export async function lockPasskey(trx: Trx, person: PersonId, credential: string): Promise<PasskeyRecord | null> {
  const row = await trx
    .selectFrom('passkey')
    .selectAll()
    .where('credential_hash', '=', credential)
    .where('person_id', '=', person)
    .where('removed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : toPasskey(row);
}

/** Passkeys by the hashes of their credentials, also those that were removed. */
export async function findPasskeys(
  db: Db | Trx,
  credentials: readonly string[],
): Promise<ReadonlyMap<string, PasskeyRecord>> {
  if (credentials.length === 0) return new Map();
  const rows = await db.selectFrom('passkey').selectAll().where(isAnyOf('credential_hash', credentials)).execute();
  return new Map(rows.map((row) => [row.credential_hash, toPasskey(row)]));
}

/** Which of these directory keys belong to somebody who has a passkey. */
export async function holdersAmong(db: Db | Trx, keys: readonly string[]): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  const rows = await db
    .selectFrom('passkey')
    .innerJoin('person', 'person.id', 'passkey.person_id')
    .select('person.directory_key as key')
    .distinct()
    .where(isAnyOf('person.directory_key', keys))
    .where('removed_at', 'is', null)
    .execute();
  return new Set(rows.map((row) => row.key));
}

/** Notes that a passkey has signed. */
export async function notePasskeyUse(
  trx: Trx,
  id: PasskeyId,
  use: { readonly counter: number; readonly synced: boolean; readonly at: Instant },
): Promise<void> {
  await trx
    .updateTable('passkey')
    .set({ counter: use.counter, synced: use.synced, last_used_at: toIso(use.at) })
    .where('id', '=', id)
    .execute();
}

/** Gives a passkey another name. Returns it as it then is, or `null` when the person has no such passkey now. */
export async function renamePasskey(
  trx: Trx,
  person: PersonId,
  id: PasskeyId,
  name: string,
): Promise<PasskeyRecord | null> {
  return changed(trx, person, id, { name });
}

/** Removes a passkey: it signs nothing from now on. `null`: the person has no such passkey. */
export async function removePasskey(
  trx: Trx,
  person: PersonId,
  id: PasskeyId,
  now: Instant,
): Promise<PasskeyRecord | null> {
  return changed(trx, person, id, { removed_at: toIso(now) });
}

async function changed(
  trx: Trx,
  person: PersonId,
  id: PasskeyId,
  values: { readonly name: string } | { readonly removed_at: string },
): Promise<PasskeyRecord | null> {
  const row = await trx
    .updateTable('passkey')
    .set(values)
    .where('id', '=', id)
    .where('person_id', '=', person)
    .where('removed_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : toPasskey(row);
}

/** A question to an authenticator. `challenge` is base64url. */
export interface NewChallenge {
  readonly challenge: string;
  readonly purpose: ChallengePurpose;
  readonly person: PersonId;
  readonly signIn: string | null;
  readonly document: string | null;
  readonly commentSalt: Uint8Array | null;
  readonly expiresAt: Instant;
}

/** Remembers a question under the hash of its challenge, and forgets those that are over. */
export async function keepChallenge(trx: Trx, challenge: NewChallenge, now: Instant): Promise<void> {
  await trx.deleteFrom('passkey_challenge').where('expires_at', '<=', at(now)).execute();
  await trx
    .insertInto('passkey_challenge')
    .values({
      challenge_hash: hashOf(challenge.challenge),
      purpose: challenge.purpose,
      person_id: challenge.person,
      sign_in: challenge.signIn,
      document: challenge.document,
      comment_salt: challenge.commentSalt,
      expires_at: toIso(challenge.expiresAt),
    })
    .execute();
}

/**
 * Takes a question back: whoever gets it is the only one who ever does. `null`: it was never asked of this person for this purpose, was
 * taken before, or is over.
 */
export async function takeChallenge(
  trx: Trx,
  asked: Pick<NewChallenge, 'challenge' | 'purpose' | 'person' | 'signIn'>,
): Promise<{ readonly document: string | null; readonly commentSalt: Uint8Array | null } | null> {
  const row = await trx
    .deleteFrom('passkey_challenge')
    .where('challenge_hash', '=', hashOf(asked.challenge))
    .where('purpose', '=', asked.purpose)
    .where('person_id', '=', asked.person)
    .where(sql<boolean>`sign_in is not distinct from ${asked.signIn}`)
    .where(sql<boolean>`expires_at > app_now()`)
    .returning(['document', 'comment_salt as commentSalt'])
    .executeTakeFirst();
  return row ?? null;
}

/** Takes back every question that a person was asked, by whichever sign-in. */
export async function forgetChallenges(trx: Trx, person: PersonId): Promise<void> {
  await trx.deleteFrom('passkey_challenge').where('person_id', '=', person).execute();
}

function hashOf(challenge: string): string {
  return createHash('sha256').update(challenge, 'utf8').digest('hex');
}

function toPasskey(row: Selectable<Schema['passkey']>): PasskeyRecord {
  return {
    id: row.id,
    person: row.person_id,
    credentialId: row.credential_id,
    credential: row.credential_hash,
    publicKey: row.public_key,
    counter: row.counter,
    name: row.name,
    transports: row.transports,
    synced: row.synced,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    removedAt: row.removed_at,
  };
}
