import type { RulesTimeline } from './rules-timeline.ts';
import type { SimCloud } from '../cloud/sim-cloud.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { ApprovalRow, GrantRow, RequestRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** Which steps a grant may take, written down a second time. A transaction may take two at once. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  scheduled: ['activating', 'ended', 'failed'],
  activating: ['active', 'ending'],
  active: ['ending'],
  ending: ['ended', 'failed'],
  ended: [],
  failed: [],
};

/** What is known about the company besides the rows of the grant. */
export interface GrantContext {
  readonly requests: ReadonlyMap<string, RequestRow>;
  readonly approvals: readonly ApprovalRow[];
  readonly keyOf: (person: string) => string | undefined;
}

/** A later end of a grant, as its row tells of it. */
interface Later {
  readonly until: number;
  readonly nth: number;
}

/** Judges each change of a grant: its steps, its times, its proof, and whether it may exist at all. */
export class GrantChecker {
  readonly #storm: Storm;
  readonly #violations: Violations;
  readonly #cloud: SimCloud;
  readonly #rules: RulesTimeline;
  #before: ReadonlyMap<string, GrantRow> = new Map();

  constructor(storm: Storm, violations: Violations, cloud: SimCloud, rules: RulesTimeline) {
    this.#storm = storm;
    this.#violations = violations;
    this.#cloud = cloud;
    this.#rules = rules;
  }

  check(rows: ReadonlyMap<string, GrantRow>, context: GrantContext): void {
    for (const row of rows.values()) {
      const before = this.#before.get(row.id);
      if (before === undefined) this.#checkNew(row, rows, context);
      else if (before !== row) this.#checkChange(before, row, context);
      if (before !== row && row.uncalled && this.#cloud.everProvided(row.id))
        this.#report(row.id, 'nothing was called for it, says its place, but the cloud did provide something');
      if (before?.state !== row.state) {
        this.#storm.trace.note(
          'database',
          `${short(row.id)} ${before?.state ?? 'new'} -> ${row.state}${row.cause === null ? '' : ` (${row.cause}${row.proof === null ? '' : `, ${row.proof}`})`}`,
        );
        this.#mark(before, row);
        if (row.activatedAt !== null && before?.activatedAt === null) this.#checkStart(row, context);
        if (row.endedAt !== null) this.#checkOver(row);
      }
    }
    for (const id of this.#before.keys()) if (!rows.has(id)) this.#report(id, 'its row has vanished');
    this.#before = rows;
  }

  #report(id: string, text: string): void {
    this.#violations.report('grants', `${short(id)}: ${text}`);
  }

  #checkNew(row: GrantRow, rows: ReadonlyMap<string, GrantRow>, { requests }: GrantContext): void {
    if (row.retryOf !== null) this.#checkRetry(row, row.retryOf, rows);
    this.#violations.judge('grant-approved');
    if (requests.get(row.request)?.state !== 'approved')
      this.#report(row.id, 'it came out of a request that is not approved');
  }

  /** Only of one that was never usable and is proven absent, and only once. */
  #checkRetry(row: GrantRow, of: string, rows: ReadonlyMap<string, GrantRow>): void {
    this.#storm.marks.hit('tried-again');
    const first = rows.get(of);
    if (first?.state !== 'failed' || first.request !== row.request)
      return this.#report(row.id, `it is the retry of one that is ${first?.state ?? 'not there'}`);
    if (first.retryOf !== null) this.#report(row.id, 'it is the retry of a retry');
    if ([...rows.values()].some((other) => other.retryOf === of && other.id !== row.id))
      this.#report(row.id, 'it is the second retry');
  }

  #checkChange(before: GrantRow, row: GrantRow, context: GrantContext): void {
    if (before.state !== row.state) this.#violations.judge('grant-steps');
    if (before.state !== row.state && !reachable(before.state, row.state)) {
      this.#report(row.id, `it went from ${before.state} to ${row.state}`);
    }
    if (before.activatedAt !== null) this.#violations.judge('grant-times');
    if (before.activatedAt !== null && row.activatedAt !== before.activatedAt)
      this.#report(row.id, 'its start was moved');
    this.#checkEnds(before, row, context);
    if (before.extensionUntil !== null && row.extensionUntil === null && row.extended === before.extended)
      this.#storm.marks.hit(row.state === 'active' ? 'extension-refused' : 'extension-lapsed');
    if (before.endedAt !== null) this.#violations.judge('grant-over');
    if (before.endedAt !== null && JSON.stringify(before) !== JSON.stringify(row)) {
      this.#report(row.id, 'it was changed after it was over');
    }
  }

  /** An end moves to later only by an extension that was decided, of a grant that is active, within what the rules allow altogether. */
  #checkEnds(before: GrantRow, row: GrantRow, context: GrantContext): void {
    if (before.endsAt === null) return;
    if (row.endsAt === null || row.boundUntil === null) return this.#report(row.id, 'its end was forgotten');
    if (row.boundUntil < (before.boundUntil ?? 0)) this.#report(row.id, 'what may stand in the cloud was forgotten');
    if (row.boundUntil > (before.boundUntil ?? 0)) {
      if (before.state !== 'active') this.#report(row.id, `a later end was written while it was ${before.state}`);
      this.#checkLater(row, { until: row.boundUntil, nth: before.extended + 1 }, context);
    }
    if (row.endsAt < before.endsAt) this.#report(row.id, 'its end was moved to earlier');
    if (row.endsAt <= before.endsAt) return;
    this.#storm.marks.hit('extended');
    if (before.state !== 'active' || row.state !== 'active' || this.#storm.scheduler.now >= before.endsAt)
      this.#report(row.id, `its end was moved to later while it was ${before.state}`);
    if (row.extended !== before.extended + 1) this.#report(row.id, 'its end was moved to later without being counted');
    if (row.endsAt > row.boundUntil) this.#report(row.id, 'its end lies beyond what was noted for the cloud');
    this.#checkLater(row, { until: row.endsAt, nth: row.extended }, context);
  }

  #checkLater(row: GrantRow, { until, nth }: Later, context: GrantContext): void {
    // The same may have been asked for before, and been denied.
    const alike = [...context.requests.values()].filter((one) => one.extends === row.id && one.until === until);
    const asked = alike.find((one) => one.state === 'approved');
    if (asked === undefined) return this.#report(row.id, 'its end was moved to later, and nobody decided that');
    const durationMs = until - (row.activatedAt ?? 0);
    const why = this.#rules.refusals({ ...this.#deciders(asked.id, row, context), durationMs, extension: nth });
    if (why !== null) this.#report(row.id, `its end was moved to later although ${why}`);
  }

  /** Who asked and who agreed. */
  #deciders(request: string, row: GrantRow, context: GrantContext) {
    const approvers = new Map<string, number>();
    for (const approval of context.approvals) {
      if (approval.request !== request) continue;
      if (approval.verdict !== 'approve') this.#report(row.id, 'it was given although somebody said no');
      if (approval.person !== row.person) approvers.set(context.keyOf(approval.person) ?? 'nobody', approval.at);
    }
    return { role: row.role, requester: context.keyOf(row.person) ?? 'nobody', approvers };
  }

  /** The clock of the grant starts now: it is allowed by rules that some node had in force, and no longer than they say. */
  #checkStart(row: GrantRow, context: GrantContext): void {
    const { activatedAt, endsAt } = row;
    this.#violations.judge('grant-start');
    if (activatedAt === null || endsAt === null) return this.#report(row.id, 'it started without an end');
    if (endsAt - activatedAt !== row.durationMs)
      this.#report(row.id, `it was approved for ${row.durationMs} ms, and gets ${endsAt - activatedAt} ms`);
    const decided = this.#deciders(row.request, row, context);
    const why = this.#rules.refusals({ ...decided, durationMs: endsAt - activatedAt, extension: 0 });
    if (why !== null) this.#report(row.id, `it started although ${why}`);
  }

  #checkOver(row: GrantRow): void {
    this.#violations.judge('grant-proof');
    if (row.proof === null) return this.#report(row.id, 'it is over without proof');
    const provided = this.#cloud.everProvided(row.id);
    if (row.proof === 'never-provisioned' && provided) {
      this.#report(row.id, 'it is over as never provisioned, but the cloud did provide it');
    }
    if (row.proof === 'by-construction' && (row.endsAt === null || this.#storm.scheduler.now < row.endsAt)) {
      this.#report(row.id, 'it is over by construction before its end');
    }
    if (row.cause === 'expired' && (row.endsAt === null || this.#storm.scheduler.now < row.endsAt)) {
      this.#report(row.id, 'it expired before its end');
    }
  }

  #mark(before: GrantRow | undefined, row: GrantRow): void {
    const { marks } = this.#storm;
    if (row.state === 'active') marks.hit('grant-active');
    const byPerson = row.cause === 'returned' || row.cause === 'revoked';
    if (before?.state === 'active' && byPerson) marks.hit('returned-while-active');
    if (before?.state === 'activating' && byPerson) marks.hit('ended-while-activating');
    if (before?.state === 'activating' && row.cause === 'expired') marks.hit('expired-while-activating');
    if (before?.state === 'scheduled' && byPerson) marks.hit('ended-while-scheduled');
    if (before?.state === 'scheduled' && row.state === 'failed') marks.hit('tightened-at-start');
    if (before?.state === 'ending' && row.state === 'failed') marks.hit('activation-failed');
    const over = row.endedAt !== null && row.boundUntil !== null && row.endsAt !== null;
    if (over && row.boundUntil > row.endsAt) marks.hit('extension-unconfirmed');
    if (row.neededByOthers !== null) marks.hit('left-to-others');
    if (row.standing !== null) marks.hit('left-standing');
    if (row.proof === 'by-construction') marks.hit('ended-by-construction');
    if (row.proof === 'observed') marks.hit('ended-observed');
    if (row.proof === 'never-provisioned') marks.hit('ended-never-provisioned');
  }
}

function reachable(from: string, to: string): boolean {
  const next = STEPS[from] ?? [];
  return next.includes(to) || next.some((between) => (STEPS[between] ?? []).includes(to));
}
