import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { PersonId } from '../core/ids.ts';
import { invariant } from '../core/result.ts';
import type { Random } from '../platform/random.ts';
import {
  deleteSubject,
  findSubjectKeys,
  holdSubjectKey,
  insertPersonal,
  keepSubjectKey,
  personalOf,
} from '../store/ledger-personal.ts';
import type { Db, Trx } from '../store/schema.ts';

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

/** Keeps a personal value beside the log, sealed under the key of the person it is about, together with its salt. */
export async function sealPersonal(trx: Trx, keys: Keys, value: PersonalValue): Promise<void> {
  const key = await subjectKey(trx, keys, value.subject);
  const plain = Buffer.concat([value.salt, Buffer.from(value.value, 'utf8')]);
  const sealed = seal(key, plain, bound(value.entryId, value.field), keys.random);
  await insertPersonal(trx, { entryId: value.entryId, field: value.field, subject: value.subject, sealed });
}

/** The personal values of some entries, by entry id and field. What belongs to an erased person is simply not there. */
export async function readPersonal(
  db: Db | Trx,
  masterKey: Uint8Array,
  entryIds: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const rows = await personalOf(db, entryIds);
  const keys = new Map<PersonId, Buffer>();
  for (const [person, wrapped] of await findSubjectKeys(db, [...new Set(rows.map((row) => row.subject))])) {
    keys.set(person, open(masterKey, wrapped, Buffer.from(person)));
  }
  const found = new Map<string, Record<string, string>>();
  for (const row of rows) {
    const key = keys.get(row.subject);
    if (key === undefined) continue;
    const plain = open(key, row.sealed, bound(row.entryId, row.field));
    const fields = found.get(row.entryId) ?? {};
    fields[row.field] = plain.subarray(SALT).toString('utf8');
    found.set(row.entryId, fields);
  }
  return found;
}

/**
 * Erases a person: their key is destroyed, so what a backup still holds is noise, and what was sealed under it is deleted.
 * The log still verifies. What is written about them later is sealed under a new key.
 */
export async function erasePerson(trx: Trx, person: PersonId): Promise<void> {
  await deleteSubject(trx, person);
}

async function subjectKey(trx: Trx, keys: Keys, person: PersonId): Promise<Buffer> {
  const known = await holdSubjectKey(trx, person);
  if (known !== null) return open(keys.masterKey, known, Buffer.from(person));
  await keepSubjectKey(trx, person, seal(keys.masterKey, keys.random.bytes(32), Buffer.from(person), keys.random));
  const kept = await holdSubjectKey(trx, person);
  invariant(kept !== null, 'a person was erased while their key was being made');
  return open(keys.masterKey, kept, Buffer.from(person));
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
