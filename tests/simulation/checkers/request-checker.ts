import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { ApprovalRow, GrantRow, RequestRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** Judges each change of a request: it is decided once, in time, by others than its requester. */
export class RequestChecker {
  readonly #storm: Storm;
  readonly #violations: Violations;
  #before: ReadonlyMap<string, RequestRow> = new Map();

  constructor(storm: Storm, violations: Violations) {
    this.#storm = storm;
    this.#violations = violations;
  }

  check(
    rows: ReadonlyMap<string, RequestRow>,
    approvals: readonly ApprovalRow[],
    grants: ReadonlyMap<string, GrantRow>,
  ): void {
    for (const row of rows.values()) {
      const before = this.#before.get(row.id);
      if (before?.state === row.state) continue;
      this.#storm.trace.note('database', `${short(row.id)} ${before?.state ?? 'new'} -> ${row.state}`);
      this.#mark(before, row);
      if (before !== undefined) this.#violations.judge('request-once');
      if (before !== undefined && before.state !== 'pending') {
        this.#report(row.id, `it was decided twice: ${before.state}, then ${row.state}`);
      }
      this.#checkTime(row, grants);
    }
    for (const row of rows.values()) this.#checkGrant(row, grants);
    for (const id of this.#before.keys()) if (!rows.has(id)) this.#report(id, 'its row has vanished');
    this.#before = rows;
    this.#checkApprovals(rows, approvals);
  }

  #report(id: string, text: string): void {
    this.#violations.report('requests', `${short(id)}: ${text}`);
  }

  /** Whoever is asked to lengthen a grant has a grant to lengthen. */
  #checkGrant(row: RequestRow, grants: ReadonlyMap<string, GrantRow>): void {
    if (row.state !== 'pending' || row.extends === null) return;
    this.#violations.judge('request-needs-its-grant');
    const { state } = grants.get(row.extends) ?? { state: 'gone' };
    if (state !== 'active') this.#report(row.id, `it waits to extend ${short(row.extends)}, which is ${state}`);
  }

  #checkTime(row: RequestRow, grants: ReadonlyMap<string, GrantRow>): void {
    const { now } = this.#storm.scheduler;
    if (row.state !== 'pending') this.#violations.judge('request-in-time');
    const lostGrant = row.extends !== null && grants.get(row.extends)?.state !== 'active';
    if (row.state === 'lapsed' && now < row.lapsesAt && !lostGrant) this.#report(row.id, 'it lapsed too early');
    if ((row.state === 'approved' || row.state === 'denied') && now >= row.lapsesAt) {
      this.#report(row.id, `it was ${row.state} after its time was over`);
    }
  }

  #checkApprovals(rows: ReadonlyMap<string, RequestRow>, approvals: readonly ApprovalRow[]): void {
    const seen = new Set<string>();
    this.#violations.judge('approval-by-another', approvals.length);
    for (const approval of approvals) {
      const request = rows.get(approval.request);
      if (request === undefined) this.#report(approval.request, 'it has an approval, but does not exist');
      else if (request.person === approval.person) this.#report(request.id, 'its requester decided it');
      const key = `${approval.request}/${approval.person}`;
      if (seen.has(key)) this.#report(approval.request, 'one person decided it twice');
      seen.add(key);
      if (approval.setAside) this.#storm.marks.hit('approval-set-aside');
    }
  }

  #mark(before: RequestRow | undefined, row: RequestRow): void {
    const { marks } = this.#storm;
    if (row.state === 'lapsed') marks.hit('request-lapsed');
    if (row.state === 'withdrawn') marks.hit('request-withdrawn');
    if (row.state === 'denied') marks.hit(row.deniedBy === 'policy' ? 'tightened-at-decision' : 'request-denied');
    if (row.state === 'approved' && before === undefined) marks.hit('request-approved-by-rule');
  }
}
