import type { Restore } from './blows.ts';
import type { Site } from './site/site.ts';

/** A broker looks every second, once it has found the database again; and none may be running for a while. */
const NOTICED_MS = 60_000;

interface EpochRow {
  readonly number: number;
  readonly beganAt: number;
  readonly cause: string | null;
}

/** What is wrong with epochs when everything is over: a restore that nobody noticed, one that was none, or a decision on what had lapsed. */
export async function epochFaults({ postgres }: Site, restores: readonly Restore[]): Promise<readonly string[]> {
  const rows = async <Row>(text: string) => (await postgres.query(text)) as readonly Row[];
  const [current] = await rows<EpochRow>(
    `select number::int as number, (extract(epoch from began_at) * 1000)::float8 as "beganAt", cause from epoch`,
  );
  if (current === undefined) return ['there is no epoch'];
  const faults: string[] = [];
  const last = restores.at(-1);
  if (last !== undefined && !isWithin(current.beganAt, last))
    faults.push(`a copy was restored, and no epoch began: the last is number ${current.number} (${current.cause})`);
  const begun = await rows<{ at: string; cause: string }>(
    `select body::jsonb ->> 'at' as at, body::jsonb -> 'facts' ->> 'cause' as cause from ledger_entry
      where body::jsonb ->> 'kind' = 'epoch.began' order by seq`,
  );
  for (const { at, cause } of begun)
    if (!restores.some((restore) => isWithin(Date.parse(at), restore)))
      faults.push(`an epoch began at ${at} (${cause}), and nothing was restored`);
  if (last !== undefined && begun.length === 0) faults.push('the log tells of no epoch, and a copy was restored');
  const decided = await rows<{ id: string; state: string }>(
    `select r.id, r.state from request r, epoch e where e.cause is not null
      and r.created_at < e.began_at and r.decided_at > e.began_at and r.state <> 'lapsed'`,
  );
  for (const { id, state } of decided) faults.push(`${id} was ${state} after the epoch in which it was asked for`);
  return faults;
}

function isWithin(beganAt: number, { stoppedAt, restoredAt }: Restore): boolean {
  return beganAt >= stoppedAt && beganAt <= restoredAt + NOTICED_MS;
}
