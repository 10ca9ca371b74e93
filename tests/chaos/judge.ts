import type { Restore } from './blows.ts';
import type { Errand } from './people/crowd.ts';
import { BOUND_MS, type Saved } from './people/wallet.ts';
import { leafOf, openNote, rootOf } from '../simulation/checkers/rfc6962.ts';
import type { Site } from './site/site.ts';

/** What the tables say when everything is over, read past the brokers. */
export interface Records {
  readonly grants: readonly {
    readonly id: string;
    readonly request: string;
    /** Directory key of its holder. */
    readonly key: string;
    readonly role: string;
    readonly state: string;
    readonly activatedAt: number | null;
    readonly endedAt: number | null;
    readonly endsAt: number | null;
  }[];
  readonly requests: readonly { readonly id: string; readonly reason: string; readonly state: string }[];
  readonly entries: readonly { readonly seq: number; readonly body: string; readonly leaf: string }[];
  readonly checkpoints: readonly { readonly size: number; readonly note: string }[];
  readonly waiting: number;
}

const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

export async function readRecords({ postgres }: Site): Promise<Records> {
  const rows = async <Row>(text: string) => (await postgres.query(text)) as readonly Row[];
  const [waiting] = await rows<{ n: number }>('select count(*)::int as n from ledger_outbox');
  return {
    grants: await rows(
      `select g.id, request_id as request, p.directory_key as key, role, state, ${ms('activated_at')} as "activatedAt",
        ${ms('ended_at')} as "endedAt", ${ms('ends_at')} as "endsAt" from "grant" g join person p on p.id = g.person_id`,
    ),
    requests: await rows('select id, reason, state from request'),
    entries: await rows(
      `select seq::float8 as seq, body, encode(leaf, 'hex') as leaf from ledger_entry order by ledger_entry.seq`,
    ),
    checkpoints: await rows('select size::float8 as size, note from ledger_checkpoint order by ledger_checkpoint.size'),
    waiting: waiting?.n ?? 0,
  };
}

/** Grants whose end was said, by the tables or by an answer, and whose credentials were served later than that and the bound. */
export function servedAfterSaidEnd(
  saved: readonly Saved[],
  records: Records,
  errands: readonly Errand[],
): readonly string[] {
  const ends = new Map<string, number>();
  const learn = (grant: string, at: number | null) => {
    if (at !== null) ends.set(grant, Math.min(at, ends.get(grant) ?? Number.POSITIVE_INFINITY));
  };
  for (const grant of records.grants) learn(grant.id, grant.endedAt);
  for (const errand of errands) if (errand.grant !== null) learn(errand.grant, errand.saidEndedAt);
  return saved.flatMap(({ grant, isCertificate, lastServedAt }) => {
    const endedAt = ends.get(grant);
    if (isCertificate || endedAt === undefined || lastServedAt === null || lastServedAt <= endedAt + BOUND_MS)
      return [];
    return [`${grant} was said to have ended, and a credential of it was served ${lastServedAt - endedAt} ms later`];
  });
}

/** What was acknowledged and is not there, or is there twice. What a restore has taken back is no loss of the broker's. */
export function lost(records: Records, errands: readonly Errand[], restores: readonly Restore[]): readonly string[] {
  const requests = new Set(records.requests.map((request) => request.id));
  const grants = new Set(records.grants.map((grant) => grant.id));
  // Between what was sent and what somebody was told of it, it came to be: later than the copy, perhaps, and before it was restored.
  const isForgotten = (sentAt: number, toldAt: number | null) =>
    restores.some(({ copiedAt, restoredAt }) => (toldAt ?? 0) >= copiedAt && sentAt <= restoredAt);
  const gone = errands.flatMap((errand) => {
    if (errand.request === null || isForgotten(errand.sentAt, errand.ackedAt)) return [];
    if (!requests.has(errand.request)) return [`request ${errand.request} was acknowledged, and is gone`];
    // An approval, and the grant that came of it, may be younger than the copy although the request is older.
    if (errand.grant !== null && !grants.has(errand.grant) && !isForgotten(errand.sentAt, errand.shownAt))
      return [`grant ${errand.grant} was shown, and is gone`];
    return [];
  });
  const made = new Map<string, number>();
  for (const { reason } of records.requests) made.set(reason, (made.get(reason) ?? 0) + 1);
  const twice = [...made].flatMap(([key, count]) => (count > 1 ? [`one key made ${count} requests: ${key}`] : []));
  const ofRequests = new Set(records.grants.map((grant) => grant.request));
  const without = records.requests.flatMap(({ id, state }) =>
    state === 'approved' && !ofRequests.has(id) ? [`request ${id} is approved, and has no grant`] : [],
  );
  return [...gone, ...twice, ...without];
}

interface Entry {
  readonly kind: string;
  readonly subjects: { readonly grant?: string };
  readonly facts: { readonly finding?: string };
}

/** Every grant ended once by the log, and only those that ended by the tables, and took away what it gave; the log is whole and signed. */
export function logFaults(records: Records, vkey: string): readonly string[] {
  const endings = new Map<string, number>();
  const mistaken: string[] = [];
  for (const { body } of records.entries) {
    const { kind, subjects, facts } = JSON.parse(body) as Entry;
    // Of those who ask here nobody has access that somebody else gave.
    if (facts.finding === 'standing-access-remains')
      mistaken.push(`the log says that access was there before ${subjects.grant}, and stays`);
    if ((kind !== 'grant.ended' && kind !== 'grant.failed') || subjects.grant === undefined) continue;
    endings.set(subjects.grant, (endings.get(subjects.grant) ?? 0) + 1);
  }
  const faults = records.grants.flatMap(({ id, state }) => {
    const count = endings.get(id) ?? 0;
    const wanted = state === 'ended' || state === 'failed' ? 1 : 0;
    return count === wanted ? [] : [`grant ${id} is ${state}, and has ${count} endings in the log`];
  });
  const known = new Set(records.grants.map((grant) => grant.id));
  for (const id of endings.keys())
    if (!known.has(id)) faults.push(`the log tells of the end of ${id}, which is not there`);
  return [...faults, ...mistaken, ...treeFaults(records, vkey)];
}

/** The Merkle tree computed anew, by code that shares nothing with the product's. */
function treeFaults({ entries, checkpoints, waiting }: Records, vkey: string): readonly string[] {
  const faults: string[] = [];
  if (waiting > 0) faults.push(`${waiting} entries still wait for their place`);
  const leaves = entries.map(({ body }) => leafOf(body));
  entries.forEach(({ seq, leaf }, index) => {
    if (seq !== index) faults.push(`entry ${index} of the log has the number ${seq}`);
    if (leaves[index]?.toString('hex') !== leaf) faults.push(`entry ${seq} has another leaf hash`);
  });
  // The last one covers everything; of the others every signature is looked at, and the root of some.
  const every = Math.max(1, Math.floor(checkpoints.length / 40));
  checkpoints.forEach(({ size, note }, index) => {
    const signed = openNote(note, vkey);
    if (signed === null || signed.size !== size) return void faults.push(`the checkpoint of ${size} is not signed`);
    if (index % every !== 0 && index !== checkpoints.length - 1) return;
    if (!signed.root.equals(rootOf(leaves.slice(0, size)))) faults.push(`the checkpoint of ${size} has another root`);
  });
  if (checkpoints.at(-1)?.size !== entries.length) faults.push('the last checkpoint does not cover the log');
  return faults;
}
