import type { Database } from '../../../src/store/database.ts';
import type { WatchedTable } from '../broker/database-server.ts';
import type { SimCloud } from '../cloud/sim-cloud.ts';
import type { Storm } from '../kernel/storm.ts';
import { ClaimChecker } from './claim-checker.ts';
import { CloudChecker } from './cloud-checker.ts';
import { GrantChecker } from './grant-checker.ts';
import { LedgerChecker } from './ledger-checker.ts';
import { RequestChecker } from './request-checker.ts';
import {
  NOTHING_READ,
  readApprovals,
  readCheckpoints,
  readEntries,
  readGrants,
  readOutbox,
  readRequests,
  type ApprovalRow,
  type GrantRow,
  type Reading,
  type RequestRow,
} from './rows.ts';
import { RulesTimeline } from './rules-timeline.ts';
import { Violations } from './violations.ts';
import { Wishes } from './wishes.ts';

/** Sees everything from outside: reads the tables after each commit, and asks each checker. */
export class Observer {
  readonly violations: Violations;
  readonly rules: RulesTimeline;
  readonly ledger: LedgerChecker;
  readonly cloud: CloudChecker;
  readonly wishes = new Wishes();
  readonly #storm: Storm;
  readonly #base: Database;
  readonly #claimChecker: ClaimChecker;
  readonly #grantChecker: GrantChecker;
  readonly #requestChecker: RequestChecker;
  readonly #keys = new Map<string, string>();
  #grants: Reading<GrantRow> = NOTHING_READ;
  #requests: Reading<RequestRow> = NOTHING_READ;
  #approvals: readonly ApprovalRow[] = [];

  constructor(storm: Storm, base: Database, cloud: SimCloud) {
    const now = () => storm.scheduler.now;
    this.#base = base;
    this.#storm = storm;
    this.violations = new Violations(storm);
    this.rules = new RulesTimeline(now);
    this.ledger = new LedgerChecker(storm, this.violations);
    this.cloud = new CloudChecker(
      cloud,
      this.violations,
      () => this.grants,
      now,
      (grant) => this.wishes.asked(grant),
    );
    this.#claimChecker = new ClaimChecker(this.violations, now);
    this.#grantChecker = new GrantChecker(storm, this.violations, cloud, this.rules);
    this.#requestChecker = new RequestChecker(storm, this.violations);
  }

  get grants(): ReadonlyMap<string, GrantRow> {
    return this.#grants.rows;
  }

  get requests(): ReadonlyMap<string, RequestRow> {
    return this.#requests.rows;
  }

  /** Whether every request is decided and every grant is over. */
  allIsOver(): boolean {
    for (const row of this.requests.values()) if (row.state === 'pending') return false;
    for (const row of this.grants.values()) if (row.endedAt === null) return false;
    return true;
  }

  /** When something is due next in a lane of the engine. */
  nextDue(lane: 'ends' | 'starts' | 'lapses'): number {
    let next = Number.MAX_SAFE_INTEGER;
    if (lane === 'lapses') {
      for (const row of this.requests.values()) if (row.state === 'pending') next = Math.min(next, row.lapsesAt);
      return next;
    }
    for (const row of this.grants.values()) {
      const starting = row.state === 'scheduled' || row.state === 'activating' || row.extensionUntil !== null;
      if (row.dueAt !== null && starting === (lane === 'starts')) next = Math.min(next, row.dueAt);
      if (lane === 'ends' && (row.state === 'activating' || row.extensionUntil !== null))
        next = Math.min(next, row.endsAt ?? next);
    }
    return next;
  }

  /** Who is behind a pseudonymous id. */
  knows(person: string, key: string): void {
    this.#keys.set(person, key);
  }

  /** Reads again what was written by a node, and judges it. */
  async afterCommit(written: ReadonlySet<WatchedTable>, by: string): Promise<void> {
    if (written.has('approval')) this.#approvals = await readApprovals(this.#base);
    if (written.has('request')) this.#requests = await readRequests(this.#base, this.#requests);
    if (written.has('grant')) this.#grants = await readGrants(this.#base, this.#grants);
    const fresh = written.has('ledger_outbox') ? await readOutbox(this.#base, this.ledger.lastId) : [];
    this.#requestChecker.check(this.requests, this.#approvals);
    this.#grantChecker.check(this.grants, {
      requests: this.requests,
      approvals: this.#approvals,
      keyOf: (person) => this.#keys.get(person),
    });
    this.#claimChecker.check(this.grants, by);
    this.ledger.replay(fresh, this.grants, this.requests);
    this.cloud.check();
  }

  /** Claims and due times are another than before. */
  async afterClaim(by: string): Promise<void> {
    this.#grants = await readGrants(this.#base, this.#grants);
    this.#claimChecker.check(this.grants, by);
    for (const row of this.grants.values())
      if (row.state === 'scheduled' && row.lastFault?.startsWith('waiting: ') === true)
        this.#storm.marks.hit(row.lastFault.includes('only so many calls') ? 'quota-awaited' : 'slot-awaited');
  }

  /** Reads everything, however it was written; then checks the log as a whole. */
  async atTheEnd(vkey: string): Promise<void> {
    this.#grants = NOTHING_READ;
    this.#requests = NOTHING_READ;
    await this.afterCommit(new Set(['grant', 'request', 'approval', 'ledger_outbox']), 'nobody');
    const { drawn, startsAt, marks } = this.#storm;
    this.wishes.judge(this.grants, drawn, startsAt, marks, this.violations);
    const waiting = await readOutbox(this.#base, 0);
    this.ledger.verify(await readEntries(this.#base), await readCheckpoints(this.#base), waiting.length, vkey);
  }
}
