import type { PersonId, RequestId } from '../core/ids.ts';
import { readPersonal } from '../ledger/personal.ts';
import { proveEntry, type EntryProof } from '../ledger/prove.ts';
import { appNow } from '../store/database.ts';
import { latestCheckpoint, readCheckpoints, readEntries } from '../store/ledger-entries.ts';
import { findRequest } from '../store/requests.ts';
import { readStates, type StateRow } from '../store/states.ts';
import { mayViewRequest } from './may-view.ts';
import type { Actor, World } from './world.ts';

/** An entry as it is exported: the canonical body is text, because its bytes are what was hashed. */
export interface ExportedEntryView {
  readonly seq: number;
  readonly body: string;
  readonly leaf: string;
}

/** Entries from `from` on, at most `limit`. Reading the log is itself logged, once for each page. */
export async function exportEntries(
  world: World,
  actor: Actor,
  from: number,
  limit: number,
): Promise<readonly ExportedEntryView[]> {
  const rows = await readEntries(world.db, from, limit);
  await noteReading(world, actor, 'entries', from, rows.length);
  return rows.map((row) => ({ seq: row.seq, body: row.body, leaf: Buffer.from(row.leaf).toString('hex') }));
}

/** Checkpoints of at least `from` entries, smallest first. */
export async function exportCheckpoints(
  world: World,
  actor: Actor,
  from: number,
  limit: number,
): Promise<readonly { readonly size: number; readonly note: string }[]> {
  const rows = await readCheckpoints(world.db, from, limit);
  await noteReading(world, actor, 'checkpoints', from, rows.length);
  return rows.map(({ size, note }) => ({ size, note }));
}

/** The newest checkpoint, a signed note; `null` while the log is empty. */
export async function exportLatestCheckpoint(world: World, actor: Actor): Promise<string | null> {
  const latest = await latestCheckpoint(world.db);
  await noteReading(world, actor, 'checkpoint', latest?.size ?? 0, 1);
  return latest?.note ?? null;
}

/** Proof of one entry under the newest checkpoint; `null` for an entry that none covers yet. */
export async function exportProof(world: World, actor: Actor, seq: number): Promise<EntryProof | null> {
  const proof = await proveEntry(world.db, seq);
  await noteReading(world, actor, 'proof', seq, 1);
  return proof;
}

/** A personal value with the salt of its commitment, hexadecimal. */
export interface OpeningView {
  readonly field: string;
  readonly person: PersonId;
  readonly salt: string;
  readonly value: string;
}

/**
 * The personal values of an entry, for whoever wants to hold them against its commitments: those about oneself, and those of a
 * request that one may see. `null` where there is nothing that one may see.
 */
export async function exportPersonal(
  world: World,
  masterKey: Uint8Array,
  actor: Actor,
  seq: number,
): Promise<readonly OpeningView[] | null> {
  const [entry] = await readEntries(world.db, seq, 1);
  await noteReading(world, actor, 'personal', seq, 1);
  if (entry?.seq !== seq) return null;
  const { subjects } = JSON.parse(entry.body) as { readonly subjects: { readonly request?: RequestId } };
  const request = subjects.request === undefined ? null : await findRequest(world.db, subjects.request);
  const mayView = request !== null && (await mayViewRequest(world, world.db, actor, request));
  const openings = (await readPersonal(world.db, masterKey, entry)).filter(
    ({ subject }) => mayView || subject === actor.person,
  );
  if (openings.length === 0) return null;
  return openings.map(({ field, subject, salt, value }) => ({
    field,
    person: subject,
    salt: Buffer.from(salt).toString('hex'),
    value,
  }));
}

/** States of requests and grants as the database has them, for a verifier to compare with what the log says. */
export async function exportStates(
  world: World,
  actor: Actor,
  after: string | null,
  limit: number,
): Promise<readonly StateRow[]> {
  const rows = await readStates(world.db, after, limit);
  await noteReading(world, actor, 'states', 0, rows.length);
  return rows;
}

async function noteReading(world: World, actor: Actor, what: string, from: number, count: number): Promise<void> {
  await world.db.transaction().execute(async (trx) => {
    await world.append(trx, {
      kind: 'ledger.read',
      at: await appNow(trx),
      actor: { kind: 'person', id: actor.person },
      subjects: {},
      facts: { what, from, count },
    });
  });
}
