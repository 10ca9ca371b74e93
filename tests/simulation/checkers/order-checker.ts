import { LEADS, SHARERS_OWNER, VARIANTS } from '../broker/company.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { GrantRow, OrderGrantRow, OrderRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** A start that was decided before the order can be written down as long as its claim holds. */
const GRACE_MS = 10_500;

const TOLD_NOTHING = new Set(['scheduled', 'activating', 'active']);
const OVER = new Set(['ended', 'failed']);

/** Who answers for everything, in all variants of the rules. */
const ALWAYS_LEADS = LEADS.filter((lead) => !VARIANTS.some(({ left }) => left.includes(lead)));

/** An order since it began to act with the reach that it has. */
interface Watch {
  readonly reach: string;
  readonly since: number;
  /** Grants that were there by then, and those among them that were not over. */
  readonly there: ReadonlySet<string>;
  readonly live: ReadonlySet<string>;
  /** When something within its reach was last seen to work in the cloud. */
  lastUsableAt: number;
  swept: boolean;
  finished: boolean;
}

/**
 * Judges the kill switch from outside: nothing within the reach of an order starts until it is lifted, everything within it is told to end,
 * and the time to zero that it records is true. Reach is written down a second time here, as far as it is the same by all rules.
 */
export class OrderChecker {
  readonly #storm: Storm;
  readonly #violations: Violations;
  readonly #keyOf: (person: string) => string | undefined;
  readonly #watches = new Map<string, Watch>();
  #orders: ReadonlyMap<string, OrderRow> = new Map();
  #states = new Map<string, string>();

  constructor(storm: Storm, violations: Violations, keyOf: (person: string) => string | undefined) {
    this.#storm = storm;
    this.#violations = violations;
    this.#keyOf = keyOf;
  }

  check(
    orders: ReadonlyMap<string, OrderRow>,
    grants: ReadonlyMap<string, GrantRow>,
    members: readonly OrderGrantRow[],
  ): void {
    // What was committed before is judged by the orders that stood then; a start and an order are never one transaction.
    this.#checkStarts(orders, grants);
    for (const order of orders.values()) {
      const watch = this.#watch(order, grants);
      if (watch === null) continue;
      if (order.sweptAt !== null && !watch.swept) this.#checkSweep(order, watch, grants);
      if (order.finishedAt !== null && !watch.finished) this.#checkZero(order, watch, grants, members);
    }
    this.#orders = orders;
    this.#states = new Map([...grants.values()].map((row) => [row.id, row.state]));
  }

  /** Told after every step what works in the cloud. */
  noteUsable(usable: ReadonlyMap<string, string>, grants: ReadonlyMap<string, GrantRow>): void {
    for (const [id, watch] of this.#watches) {
      const order = this.#orders.get(id);
      if (order === undefined || watch.finished) continue;
      for (const grant of usable.keys()) {
        const row = grants.get(grant);
        if (row !== undefined && watch.live.has(grant) && covers(order, row, this.#keyOf))
          watch.lastUsableAt = this.#storm.scheduler.now;
      }
    }
  }

  /**
   * Whether an order may have taken the access of a grant away before that could be recorded: one that acts and whose reach is not known better
   * than by its words, and of what came after it only as long as it stands.
   */
  mayHaveTaken(row: GrantRow): boolean {
    return [...this.#orders.values()].some((order) => {
      if (order.startedAt === null || order.reach === 'none' || !isWithin(order, row)) return false;
      return isStanding(order) || this.#watches.get(order.id)?.live.has(row.id) === true;
    });
  }

  /** Judged at the end of a run: every order that acted has come to its end. */
  atTheEnd(): void {
    for (const order of this.#orders.values()) {
      if (order.startedAt === null) continue;
      this.#violations.judge('order-finishes');
      if (order.finishedAt === null) this.#report(order, 'it was never finished');
    }
  }

  #watch(order: OrderRow, grants: ReadonlyMap<string, GrantRow>): Watch | null {
    if (order.startedAt === null) return null;
    const known = this.#watches.get(order.id);
    if (known?.reach === order.reach) return known;
    const rows = [...grants.values()];
    const watch: Watch = {
      reach: order.reach,
      since: this.#storm.scheduler.now,
      there: new Set(rows.map((row) => row.id)),
      live: new Set(rows.filter((row) => !OVER.has(row.state)).map((row) => row.id)),
      lastUsableAt: order.startedAt,
      swept: false,
      finished: false,
    };
    this.#watches.set(order.id, watch);
    this.#storm.trace.note('database', `${short(order.id)} acts: ${order.scope}, reach ${order.reach}`);
    return watch;
  }

  #checkStarts(orders: ReadonlyMap<string, OrderRow>, grants: ReadonlyMap<string, GrantRow>): void {
    for (const row of grants.values()) {
      const before = this.#states.get(row.id);
      if (before === row.state || (before !== 'scheduled' && before !== undefined)) continue;
      if (row.state === 'failed') this.#storm.marks.hit('start-refused');
      for (const order of orders.values()) {
        const watch = this.#watches.get(order.id);
        if (watch === undefined || !isStanding(order) || !covers(order, row, this.#keyOf)) continue;
        this.#violations.judge('order-stops-starts');
        // It was refused, or ended, and has not started.
        if (row.activatedAt === null) continue;
        const { now } = this.#storm.scheduler;
        if (!watch.there.has(row.id)) this.#report(order, `${short(row.id)} was made after it, and started`);
        else if (watch.swept) this.#report(order, `${short(row.id)} started after everything had been told to end`);
        else if (now > watch.since + GRACE_MS) this.#report(order, `${short(row.id)} started long after it`);
        else this.#storm.marks.hit('start-beside-order');
      }
    }
  }

  #checkSweep(order: OrderRow, watch: Watch, grants: ReadonlyMap<string, GrantRow>): void {
    watch.swept = true;
    if (order.liftedAt !== null) return;
    for (const id of watch.live) {
      const row = grants.get(id);
      if (row === undefined || !covers(order, row, this.#keyOf)) continue;
      this.#violations.judge('order-ends-all');
      if (TOLD_NOTHING.has(row.state))
        this.#report(order, `it says that all was told to end, and ${short(id)} is ${row.state}`);
    }
  }

  #checkZero(
    order: OrderRow,
    watch: Watch,
    grants: ReadonlyMap<string, GrantRow>,
    members: readonly OrderGrantRow[],
  ): void {
    watch.finished = true;
    this.#storm.marks.hit('order-finished');
    const { finishedAt, startedAt } = order;
    if (finishedAt === null || startedAt === null) return;
    const own = members.filter((member) => member.order === order.id).map((member) => member.grant);
    const reached = [...watch.live].filter((id) => {
      const row = grants.get(id);
      return row !== undefined && order.liftedAt === null && covers(order, row, this.#keyOf);
    });
    let last = startedAt;
    for (const id of new Set([...own, ...reached])) {
      const row = grants.get(id);
      this.#violations.judge('order-zero-true');
      if (row?.endedAt == null) this.#report(order, `it is finished, and ${short(id)} is ${row?.state ?? 'unknown'}`);
      else last = Math.max(last, row.endedAt);
    }
    if (finishedAt !== last)
      this.#report(
        order,
        `it says that all was gone after ${finishedAt - startedAt} ms; it was after ${last - startedAt} ms`,
      );
    if (order.liftedAt === null && watch.lastUsableAt > finishedAt)
      this.#report(
        order,
        `something within its reach worked ${watch.lastUsableAt - finishedAt} ms after it says that all was gone`,
      );
  }

  #report(order: OrderRow, text: string): void {
    this.#violations.report('orders', `${short(order.id)}: ${text}`);
  }
}

/** Whether it still ends what comes. */
function isStanding(order: OrderRow): boolean {
  return order.liftedAt === null && (order.holds || order.finishedAt === null);
}

function isWithin(order: OrderRow, row: GrantRow): boolean {
  if (order.scope === 'person') return row.person === order.person;
  return order.scope === 'all' || row.target === order.target;
}

/** Whether an order reaches a grant by every variant of the rules. */
function covers(order: OrderRow, row: GrantRow, keyOf: (person: string) => string | undefined): boolean {
  if (!isWithin(order, row) || order.reach === 'none') return false;
  if (order.reach === 'all' || row.person === order.orderedBy) return true;
  const by = keyOf(order.orderedBy);
  return ALWAYS_LEADS.some((lead) => lead === by) || (by === SHARERS_OWNER && row.role === 'sharer');
}
