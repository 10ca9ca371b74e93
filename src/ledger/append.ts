import canonicalize from 'canonicalize';
import type { PersonId } from '../core/ids.ts';
import { invariant } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import type { Random } from '../platform/random.ts';
import { insertOutbox } from '../store/ledger-outbox.ts';
import type { SealedField } from '../store/ledger-personal.ts';
import type { Trx } from '../store/schema.ts';
import { commitmentTo } from './commitment.ts';
import { unclassified, type NewEntry } from './entry.ts';
import { sealPersonal, subjectKeys } from './personal.ts';

/** Writes entries, however many, in this order; made once with the keys that personal data is sealed under. */
export type Append = (trx: Trx, ...entries: readonly NewEntry[]) => Promise<void>;

/** C2SP tlog-tiles allows 65,535 bytes for an entry. */
const LARGEST_BODY = 60_000;

/**
 * Makes the function that writes entries in the transaction of the change they explain: both exist together or not at all.
 *
 * The body is canonical JSON (RFC 8785), and its leaf hash is SHA-256(0x00 || body) (RFC 6962, section 2.1):
 *
 *     {"v":1,"id","kind","at","actor","subjects","facts","commitments","late"?}
 *
 * Personal values are not in it: each one lies beside, sealed under the key of the person it is about, and the body commits
 * to SHA-256(salt || value). Without the key the log still verifies. An unclassified field breaks the invariant.
 */
export function createAppend(masterKey: Uint8Array, random: Random): Append {
  return async (trx, ...entries) => {
    if (entries.length === 0) return;
    const about = entries.flatMap((entry) => Object.values(entry.personal ?? {}).map(({ subject }) => subject));
    const keys = await subjectKeys(trx, { masterKey, random }, about);
    const waiting = [];
    const personal: SealedField[] = [];
    for (const entry of entries) {
      const id = random.bytes(16).toString('hex');
      const { commitments, sealed } = sealAll(keys, random, entry, id);
      personal.push(...sealed);
      const body = print(entry, id, commitments);
      waiting.push({ entryId: id, body, request: entry.subjects.request ?? null, grant: entry.subjects.grant ?? null });
    }
    await insertOutbox(trx, waiting, personal);
  };
}

/** Seals the personal values of an entry and returns what its body says about them: hex SHA-256(salt || value) by field. */
function sealAll(
  keys: ReadonlyMap<PersonId, Uint8Array>,
  random: Random,
  entry: NewEntry,
  id: string,
): { readonly commitments: Readonly<Record<string, string>>; readonly sealed: readonly SealedField[] } {
  const field = unclassified(entry);
  invariant(
    field === null,
    `field "${field ?? ''}" of ${entry.kind} is not classified, so it is secret and is not written`,
  );
  const commitments: Record<string, string> = {};
  const sealed: SealedField[] = [];
  for (const [name, { subject, value, salt: given }] of Object.entries(entry.personal ?? {})) {
    const key = keys.get(subject);
    invariant(key !== undefined, 'whoever an entry is about has a key');
    const salt = given ?? random.bytes(32);
    commitments[name] = commitmentTo(salt, value);
    sealed.push(sealPersonal(key, random, { entryId: id, field: name, subject, salt, value }));
  }
  return { commitments, sealed };
}

function print(entry: NewEntry, id: string, commitments: Readonly<Record<string, string>>): string {
  const body = canonicalize({
    v: 1,
    id,
    kind: entry.kind,
    at: toIso(entry.at),
    actor: entry.actor,
    subjects: entry.subjects,
    facts: entry.facts,
    commitments,
    ...(entry.late === true ? { late: true } : {}),
  });
  invariant(body !== undefined, 'an entry is JSON');
  invariant(Buffer.byteLength(body) <= LARGEST_BODY, `an entry of ${entry.kind} is larger than a log entry may be`);
  return body;
}
