import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { PersonId } from '../core/ids.ts';
import { invariant } from '../core/result.ts';
import type { Random } from '../platform/random.ts';
import { findSubjectKeys, keepSubjectKeys, personalOf, type SealedField } from '../store/ledger-personal.ts';
import type { Db, Trx } from '../store/schema.ts';
import { commitmentTo } from './commitment.ts';

interface Keys {
  /** 32 bytes from a key file; never in the database. */
  readonly masterKey: Uint8Array;
  readonly random: Random;
}

interface PersonalValue {
  readonly entryId: string;
  readonly field: string;
  readonly subject: PersonId;
  readonly salt: Uint8Array;
  readonly value: string;
}

const NONCE = 12;
const TAG = 16;
const SALT = 32;

/** The keys of some persons, opened; whoever has none gets one. Three statements, unless they are very many. */
export async function subjectKeys(
  trx: Trx,
  { masterKey, random }: Keys,
  persons: readonly PersonId[],
): Promise<ReadonlyMap<PersonId, Uint8Array>> {
  const subjects = [...new Set(persons)];
  const wrapped = new Map(await findSubjectKeys(trx, subjects));
  const without = subjects.filter((person) => !wrapped.has(person));
  if (without.length > 0) {
    const wrap = (person: PersonId) => seal(masterKey, random.bytes(32), Buffer.from(person), random);
    await keepSubjectKeys(
      trx,
      without.map((person) => ({ person, wrapped: wrap(person) })),
    );
    // Of two first entries at one instant one made the key.
    for (const [person, kept] of await findSubjectKeys(trx, without)) wrapped.set(person, kept);
  }
  return new Map(
    subjects.map((person) => {
      const kept = wrapped.get(person);
      invariant(kept !== undefined, `the key of ${person} was made and is gone`);
      return [person, open(masterKey, kept, Buffer.from(person))];
    }),
  );
}

/** Seals a personal value, together with its salt, under the key of the person it is about; it is kept beside the log. */
export function sealPersonal(key: Uint8Array, random: Random, value: PersonalValue): SealedField {
  const plain = Buffer.concat([value.salt, Buffer.from(value.value, 'utf8')]);
  const sealed = seal(key, plain, bound(value.entryId, value.field), random);
  return { entryId: value.entryId, field: value.field, subject: value.subject, sealed };
}

/** A personal value of an entry with what its commitment was made of: whoever has both can check that it is what the log means. */
export interface PersonalOpening {
  readonly field: string;
  readonly subject: PersonId;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  readonly value: string;
}

/**
 * Opens the commitments of an entry. A value whose key or whose row is gone is left out. Throws when a value was moved or changed, or
 * is not the one that the body commits to.
 */
export async function readPersonal(
  db: Db | Trx,
  masterKey: Uint8Array,
  entry: { readonly entryId: string; readonly body: string },
): Promise<readonly PersonalOpening[]> {
  const rows = await personalOf(db, entry.entryId);
  const keys = await findSubjectKeys(db, [...new Set(rows.map((row) => row.subject))]);
  const { commitments } = JSON.parse(entry.body) as { readonly commitments: Readonly<Record<string, string>> };
  return rows.flatMap(({ field, subject, sealed }) => {
    const wrapped = keys.get(subject);
    if (wrapped === undefined) return [];
    const plain = open(open(masterKey, wrapped, Buffer.from(subject)), sealed, bound(entry.entryId, field));
    const [salt, value] = [plain.subarray(0, SALT), plain.subarray(SALT).toString('utf8')];
    invariant(commitments[field] === commitmentTo(salt, value), `entry ${entry.entryId} commits to another ${field}`);
    return [{ field, subject, salt, value }];
  });
}

/** Ties a sealed value to its place, so that it cannot be moved to another entry. */
function bound(entryId: string, field: string): Buffer {
  return Buffer.from(`${entryId}/${field}`);
}

/** AES-256-GCM: nonce, ciphertext, tag. */
function seal(key: Uint8Array, plain: Uint8Array, context: Uint8Array, random: Random): Buffer {
  const nonce = random.bytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, sealed: Uint8Array, context: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE)).setAAD(context);
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE, bytes.length - TAG)), decipher.final()]);
}
