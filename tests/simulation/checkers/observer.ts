import type { Database } from '../../../src/store/database.ts';
import type { WatchedTable } from '../broker/database-server.ts';
import type { SimCloud } from '../cloud/sim-cloud.ts';
import type { Storm } from '../kernel/storm.ts';
import { ClaimChecker } from './claim-checker.ts';
import { CloudChecker } from './cloud-checker.ts';
import { GrantChecker } from './grant-checker.ts';
import { LedgerChecker } from './ledger-checker.ts';
import { OrderChecker } from './order-checker.ts';
import { RequestChecker } from './request-checker.ts';
import {
  NOTHING_READ,
  readApprovals,
  readCheckpoints,
  readEntries,
  readOrderGrants,
  readOrders,
  readGrants,
  readOutbox,
  readRequests,
  type ApprovalRow,
  type GrantRow,
  type OrderGrantRow,
  type OrderRow,
  type Reading,
  type RequestRow,
} from './rows.ts';
import { Overlaps } from './overlaps.ts';
import { RulesTimeline } from './rules-timeline.ts';
import { Violations } from './violations.ts';
import { Wishes } from './wishes.ts';

/** Sees everything from outside: reads the tables after each commit, and asks each checker. */
export class Observer {
  readonly violations: Violations;
  readonly rules: RulesTimeline;
  readonly ledger: LedgerChecker;
  readonly cloud: CloudChecker;
  readonly wishes: Wishes;
  readonly #storm: Storm;
  readonly #base: Database;
  readonly #claimChecker: ClaimChecker;
  readonly #grantChecker: GrantChecker;
  readonly #requestChecker: RequestChecker;
  readonly #keys = new Map<string, string>();
  #grants: Reading<GrantRow> = NOTHING_READ;
  #requests: Reading<RequestRow> = NOTHING_READ;
  #approvals: readonly ApprovalRow[] = [];
  #orders: ReadonlyMap<string, OrderRow> = new Map();
  #orderGrants: readonly OrderGrantRow[] = [];
  readonly #orderChecker: OrderChecker;
  readonly #asked = new Set<{ readonly node: string; readonly grant: string }>();
  readonly #overlaps = new Overlaps();
  /** Called when grants or requests are another than before, so that whoever sleeps can see when something is due. */
  readonly onRows = new Set<() => void>();

  constructor(storm: Storm, base: Database, cloud: SimCloud) {
    const now = () => storm.scheduler.now;
    this.#base = base;
    this.#storm = storm;
    this.violations = new Violations(storm);
    this.wishes = new Wishes(storm);
    storm.coverage.sight = { atWork: (node) => this.#atWork(node), stateOf: (grant) => this.grants.get(grant)?.state };
    this.rules = new RulesTimeline(now);
    this.ledger = new LedgerChecker(storm, this.violations);
    this.cloud = new CloudChecker(
      cloud,
      this.violations,
      () => this.grants,
      now,
      (grant) => this.#endAsked(grant),
      storm.drawn.cloud.staleMs,
      (person) => this.#keys.get(person) ?? '',
    );
    cloud.onWritten = (grant, how) => this.ledger.explains(grant, how, this.#endAsked(this.grants.get(grant)));
    this.#orderChecker = new OrderChecker(storm, this.violations, (person) => this.#keys.get(person));
    this.cloud.onUsable = (usable) => this.#orderChecker.noteUsable(usable, this.grants);
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

  get orders(): ReadonlyMap<string, OrderRow> {
    return this.#orders;
  }

  /** Whether an order acts that is not finished. */
  get ordersOpen(): boolean {
    return [...this.#orders.values()].some((order) => order.startedAt !== null && order.finishedAt === null);
  }

  /** Whether every request is decided, every grant is over, and every order that acts is finished. */
  allIsOver(): boolean {
    if (this.ordersOpen) return false;
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
      // Nobody can take what is claimed before the claim runs out, or is given back.
      const free = row.leaseUntil ?? 0;
      if (row.dueAt !== null && starting === (lane === 'starts')) next = Math.min(next, Math.max(row.dueAt, free));
      if (lane === 'ends' && (row.state === 'activating' || row.extensionUntil !== null))
        next = Math.min(next, Math.max(row.endsAt ?? next, free));
    }
    return next;
  }

  /** Pairs of grants that were live at once, of one person on one role or slot. */
  get overlaps(): number {
    return this.#overlaps.count;
  }

  /** Somebody asks a node about a grant; call what is returned when it has answered. */
  asks(node: string, grant: string | null): () => void {
    if (grant === null) return () => {};
    const asked = { node, grant };
    this.#asked.add(asked);
    return () => void this.#asked.delete(asked);
  }

  /** Whether a grant may have been ended without a record, while the database took no writes. */
  #endAsked(grant: GrantRow | undefined): boolean {
    return grant !== undefined && (this.wishes.asked(grant) || this.#orderChecker.mayHaveTaken(grant));
  }

  #atWork(node: string): readonly string[] {
    const now = this.#storm.scheduler.now;
    const claimed = [...this.grants.values()].filter(
      (row) => row.leaseOwner?.startsWith(`${node}/`) === true && (row.leaseUntil ?? 0) > now,
    );
    const asked = [...this.#asked].filter((one) => one.node === node);
    return [...claimed.map((row) => row.id), ...asked.map((one) => one.grant)];
  }

  /** Who is behind a pseudonymous id. */
  knows(person: string, key: string): void {
    this.#keys.set(person, key);
  }

  keyOf(person: string): string | undefined {
    return this.#keys.get(person);
  }

  /** Reads again what was written by a node, and judges it. */
  async afterCommit(written: ReadonlySet<WatchedTable>, by: string): Promise<void> {
    this.wishes.look();
    if (written.has('approval')) this.#approvals = await readApprovals(this.#base);
    if (written.has('request')) this.#requests = await readRequests(this.#base, this.#requests);
    if (written.has('revocation') || written.has('revocation_grant')) {
      const orders = await readOrders(this.#base);
      this.#orders = new Map(orders.map((order) => [order.id, order]));
      this.#orderGrants = await readOrderGrants(this.#base);
    }
    if (written.has('grant')) this.#grants = await readGrants(this.#base, this.#grants);
    const fresh = written.has('ledger_outbox') ? await readOutbox(this.#base, this.ledger.lastId) : [];
    this.#requestChecker.check(this.requests, this.#approvals, this.grants);
    this.#grantChecker.check(this.grants, {
      requests: this.requests,
      approvals: this.#approvals,
      keyOf: (person) => this.#keys.get(person),
    });
    this.#claimChecker.check(this.grants, by);
    this.#orderChecker.check(this.orders, this.grants, this.#orderGrants);
    this.ledger.replay(fresh, this.grants, this.requests);
    this.ledger.compareOrders(this.orders);
    this.cloud.check();
    if (written.has('grant')) this.#overlaps.look(this.grants);
    for (const tell of this.onRows) tell();
  }

  /** Claims and due times are another than before. */
  async afterClaim(by: string): Promise<void> {
    this.#grants = await readGrants(this.#base, this.#grants);
    this.#claimChecker.check(this.grants, by);
    for (const tell of this.onRows) tell();
    for (const row of this.grants.values())
      if (row.state === 'scheduled' && row.lastFault?.startsWith('waiting: ') === true)
        this.#storm.marks.hit(row.lastFault.includes('only so many calls') ? 'quota-awaited' : 'slot-awaited');
  }

  /** Reads everything, however it was written; then checks the log as a whole. */
  async atTheEnd(vkey: string): Promise<void> {
    this.#grants = NOTHING_READ;
    this.#requests = NOTHING_READ;
    await this.afterCommit(new Set(['grant', 'request', 'approval', 'ledger_outbox', 'revocation']), 'nobody');
    this.#orderChecker.atTheEnd();
    const { drawn, startsAt, marks } = this.#storm;
    this.wishes.judge(this.grants, drawn, startsAt, marks, this.violations);
    const waiting = await readOutbox(this.#base, 0);
    this.ledger.verify(await readEntries(this.#base), await readCheckpoints(this.#base), waiting.length, vkey);
  }
}
