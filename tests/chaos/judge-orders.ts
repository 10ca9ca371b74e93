import type { Site } from './site/site.ts';

/** A start that was decided before an order can be written down as long as its claim holds. */
const GRACE_MS = 10_500;

/** What the tables say about the kill switch. Times are epoch milliseconds. */
export interface OrderRecord {
  readonly id: string;
  /** Since when it acts with the reach that it has. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly liftedAt: number | null;
  /** When the last grant that it had to see gone was, and how many are not. */
  readonly lastEndedAt: number | null;
  readonly left: number;
  readonly members: number;
  /** Grants within its scope that began while it stood. */
  readonly begun: readonly string[];
  /** Entries in the log that say that it was finished. */
  readonly finishes: number;
}

const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

/** Everybody who gives orders here answers for everything, so the scope of an order is its reach. */
export async function readOrders({ postgres }: Site): Promise<readonly OrderRecord[]> {
  const rows = await postgres.query(
    `select r.id, ${ms('r.started_at')} as "startedAt", ${ms('r.finished_at')} as "finishedAt", ${ms('r.lifted_at')} as "liftedAt",
      ${ms('max(g.ended_at)')} as "lastEndedAt", count(g.id)::int as members,
      count(g.id) filter (where g.state not in ('ended', 'failed'))::int as left,
      array(select b.id from "grant" b where r.started_at is not null
        and (r.scope = 'all' or b.person_id = r.person_id or b.target = r.target)
        and b.activated_at > r.started_at + $1 * interval '1 millisecond' and (r.lifted_at is null or b.activated_at < r.lifted_at)) as begun,
      (select count(*)::int from ledger_entry e
        where e.body::jsonb ->> 'kind' = 'revocation.finished' and e.body::jsonb -> 'facts' ->> 'revocation' = r.id) as finishes
    from revocation r left join revocation_grant m on m.revocation_id = r.id left join "grant" g on g.id = m.grant_id
    group by r.id`,
    [GRACE_MS],
  );
  return rows as readonly OrderRecord[];
}

/** What is wrong with orders when everything is over: something began while one stood, one has no end, or its time to zero is not true. */
export function orderFaults(orders: readonly OrderRecord[]): readonly string[] {
  return orders.flatMap(({ id, startedAt, finishedAt, lastEndedAt, left, begun, finishes }) => {
    const faults = begun.map((grant) => `${grant} began while the order ${id} stood`);
    if (startedAt === null) return faults;
    if (finishedAt === null) return [...faults, `the order ${id} has not come to its end`];
    if (left > 0) faults.push(`the order ${id} is finished, and ${left} of its grants are not over`);
    const last = Math.max(startedAt, lastEndedAt ?? 0);
    // The tables have microseconds, which the log does not.
    if (Math.abs(finishedAt - last) > 1)
      faults.push(`the order ${id} says ${finishedAt - startedAt} ms to zero; it was ${last - startedAt} ms`);
    if (finishes === 0) faults.push(`no entry says that the order ${id} is finished`);
    return faults;
  });
}
