import type { PersonId, RequestId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { leafHash } from '../ledger/merkle.ts';
import { readPersonal } from '../ledger/personal.ts';
import { proveEntry, type EntryProof } from '../ledger/prove.ts';
import { latestCheckpoint, readCheckpoints, readEntries, type StoredEntry } from '../store/ledger-entries.ts';
import { findRequest } from '../store/requests.ts';
import { readStates, type StateRow } from '../store/states.ts';
import { judge, type Operation } from './authorisation.ts';
import { noteReading } from './note-reading.ts';
import { readableEntries, readableRows } from './readable-entries.ts';
import type { OperationRefusal } from './refusal.ts';
import { standingToRequest } from './standing.ts';
import type { Actor, World } from './world.ts';

type Read<View> = Promise<Result<View, OperationRefusal>>;

/** An entry as it is exported: the canonical body is text, because its bytes are what was hashed. `null`: the actor may not read it. */
export interface ExportedEntryView {
  readonly seq: number;
  readonly body: string | null;
  readonly leaf: string;
}

/**
 * Entries from `from` on, at most `limit`: in full what the actor may read, and the leaf hash of the others, so that the log verifies for
 * everybody. Reading the log is itself logged.
 */
export async function exportEntries(
  world: World,
  actor: Actor,
  from: number,
  limit: number,
): Read<readonly ExportedEntryView[]> {
  return reading(world, actor, 'exportEntries', async () => {
    const rows = await readEntries(world.db, from, limit);
    await noteReading(world, actor, 'entries', from, rows.length);
    const readable = await readableEntries(world, actor, rows);
    return rows.map((row) => {
      const isReadable = readable.has(row);
      // In the place of a body stands what that body hashes to now: an edited one is noticed also by whoever may not read it.
      const leaf = Buffer.from(isReadable ? row.leaf : leafHash(row.body)).toString('hex');
      return { seq: row.seq, body: isReadable ? row.body : null, leaf };
    });
  });
}

/** Checkpoints of at least `from` entries, smallest first. */
export async function exportCheckpoints(
  world: World,
  actor: Actor,
  from: number,
  limit: number,
): Read<readonly { readonly size: number; readonly note: string }[]> {
  return reading(world, actor, 'exportCheckpoints', async () => {
    const rows = await readCheckpoints(world.db, from, limit);
    await noteReading(world, actor, 'checkpoints', from, rows.length);
    return rows.map(({ size, note }) => ({ size, note }));
  });
}

/** The newest checkpoint, a signed note; `null` while the log is empty. */
export async function exportLatestCheckpoint(world: World, actor: Actor): Read<string | null> {
  return reading(world, actor, 'exportLatestCheckpoint', async () => {
    const latest = await latestCheckpoint(world.db);
    await noteReading(world, actor, 'checkpoint', latest?.size ?? 0, 1);
    return latest?.note ?? null;
  });
}

/** Proof of one entry under the newest checkpoint; `null` for an entry that none covers yet. */
export async function exportProof(world: World, actor: Actor, seq: number): Read<EntryProof | null> {
  return reading(world, actor, 'exportProof', async () => {
    const proof = await proveEntry(world.db, seq);
    await noteReading(world, actor, 'proof', seq, 1);
    return proof;
  });
}

/** A personal value with the salt of its commitment, hexadecimal. */
export interface OpeningView {
  readonly field: string;
  readonly person: PersonId;
  readonly salt: string;
  readonly value: string;
}

/**
 * The personal values of an entry, for whoever wants to hold them against its commitments: those about oneself, those of a request that
 * concerns one, and for an auditor all. `null` where there is nothing that one may see.
 */
export async function exportPersonal(
  world: World,
  masterKey: Uint8Array,
  actor: Actor,
  seq: number,
): Read<readonly OpeningView[] | null> {
  const [entry] = await readEntries(world.db, seq, 1);
  const shown = entry?.seq === seq ? await openingsFor(world, masterKey, actor, entry) : [];
  await noteReading(world, actor, 'personal', seq, shown.length === 0 ? 0 : 1);
  return ok(shown.length === 0 ? null : shown);
}

/** What somebody may see of the personal values of an entry. */
async function openingsFor(
  world: World,
  masterKey: Uint8Array,
  actor: Actor,
  entry: StoredEntry,
): Promise<readonly OpeningView[]> {
  const { subjects } = JSON.parse(entry.body) as { readonly subjects: { readonly request?: RequestId } };
  const request = subjects.request === undefined ? null : await findRequest(world.db, subjects.request);
  const about = request === null ? null : await standingToRequest(world, world.db, actor, request);
  const concerns = about !== null && about.relation !== 'other';
  const openings = (await readPersonal(world.db, masterKey, entry)).filter(({ subject }) => {
    const relation = subject === actor.person ? 'own' : concerns ? 'addressed' : 'other';
    return judge('exportPersonal', actor, { relation, named: false }) === null;
  });
  return openings.map(({ field, subject, salt, value }) => ({
    field,
    person: subject,
    salt: Buffer.from(salt).toString('hex'),
    value,
  }));
}

/** Some rows, and after which id there are more; `null`: none. */
export interface StatesView {
  readonly rows: readonly StateRow[];
  readonly nextAfter: string | null;
}

/** States of requests and grants as the database has them, for a verifier to compare with what they may read of the log. */
export async function exportReconciliation(
  world: World,
  actor: Actor,
  after: string | null,
  limit: number,
): Read<StatesView> {
  return reading(world, actor, 'exportReconciliation', async () => {
    const rows = await readStates(world.db, after, limit);
    await noteReading(world, actor, 'states', 0, rows.length);
    const nextAfter = rows.length < limit ? null : (rows.at(-1)?.id ?? null);
    return { rows: await readableRows(world, actor, rows), nextAfter };
  });
}

/** Reads for somebody who may. */
async function reading<View>(world: World, actor: Actor, operation: Operation, read: () => Promise<View>): Read<View> {
  const no = judge(operation, actor);
  return no === null ? ok(await read()) : refused(no);
}
