import type { Written } from '../cloud/written.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import { leafOf, openNote, rootOf } from './rfc6962.ts';
import type { CheckpointRow, EntryRow, GrantRow, OrderRow, OutboxRow, RequestRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** A ledger entry, as far as the checkers care. */
interface Entry {
  readonly kind: string;
  readonly subjects: { readonly grant?: string; readonly request?: string };
  readonly facts: {
    readonly revocation?: string;
    readonly fingerprint?: string;
    readonly cause?: string;
    readonly proof?: string;
    readonly endsAt?: string;
    readonly until?: string;
  };
  readonly late?: boolean;
}

const GRANT_STEPS = new Set([
  'new>scheduled',
  'scheduled>activating',
  'scheduled>ended',
  'scheduled>failed',
  'activating>active',
  'activating>ending',
  'active>ending',
  'ending>ended',
  'ending>failed',
]);
/** What is said about a grant without its state changing. */
const EXTENSION: ReadonlySet<string> = new Set(['extending', 'extended', 'not-extended']);
const REQUEST_STEPS = new Set([
  'new>pending',
  'pending>approved',
  'pending>denied',
  'pending>withdrawn',
  'pending>lapsed',
]);

/**
 * Replays the ledger and compares it with the rows after every commit: an entry too few or too many, or in the wrong order,
 * leads to another state. At the end it recomputes the Merkle tree and every signature.
 */
export class LedgerChecker {
  readonly #storm: Storm;
  readonly #violations: Violations;
  readonly #grants = new Map<string, string>();
  readonly #requests = new Map<string, string>();
  readonly #bodies: string[] = [];
  /** What state its grant had when a credential was recorded, by fingerprint. */
  readonly #credentials = new Map<string, { readonly grant: string; readonly state: string }>();
  /** The end of each grant that has one, and the later ones that were approved, as `grant@time`. */
  readonly #ends = new Map<string, number>();
  readonly #approved = new Set<string>();
  /** Grants whose access the log has announced, and those whose end. */
  readonly #announced = { gives: new Set<string>(), takes: new Set<string>() };
  /** How many entries of a kind an order has: `ordered rev_…`. */
  readonly #orders = new Map<string, number>();
  #lastId = 0;

  constructor(storm: Storm, violations: Violations) {
    this.#storm = storm;
    this.#violations = violations;
  }

  /** Id of the last outbox row that was read. */
  get lastId(): number {
    return this.#lastId;
  }

  credential(fingerprint: string): { readonly grant: string; readonly state: string } | undefined {
    return this.#credentials.get(fingerprint);
  }

  replay(
    fresh: readonly OutboxRow[],
    grants: ReadonlyMap<string, GrantRow>,
    requests: ReadonlyMap<string, RequestRow>,
  ): void {
    for (const { id, body } of fresh) {
      this.#lastId = id;
      this.#bodies.push(body);
      this.#apply(JSON.parse(body) as Entry, grants);
    }
    this.#compare('grant', this.#grants, grants);
    this.#compare('request', this.#requests, requests);
    for (const row of grants.values()) {
      const told = this.#ends.get(row.id) ?? null;
      if (row.endsAt !== told) this.#report(`${short(row.id)} has another end than the ledger says`);
    }
  }

  /** What was said about orders, against their rows. Finished again after it was widened is finished twice. */
  compareOrders(orders: ReadonlyMap<string, OrderRow>): void {
    for (const order of orders.values()) {
      this.#violations.judge('order-entries');
      const told = (event: string) => this.#orders.get(`${event} ${order.id}`) ?? 0;
      const confirmed = order.confirmedBy === null ? 0 : 1;
      const wrong =
        told('ordered') !== 1 ||
        told('confirmed') !== confirmed ||
        told('lifted') !== (order.liftedAt === null ? 0 : 1) ||
        told('finished') < (order.finishedAt === null ? 0 : 1) ||
        told('finished') > confirmed + (order.finishedAt === null ? 0 : 1);
      if (wrong) this.#report(`the entries about the order ${short(order.id)} are not what its row says`);
    }
  }

  /**
   * The broker changed something for a grant in the cloud. What is given says when it will be taken away; otherwise that is said before it is
   * done. `endAsked`: whether it may have been ended without a record.
   */
  explains(grant: string, how: Written, endAsked: boolean): void {
    this.#violations.judge('change-explained');
    if (this.#announced[how].has(grant)) return;
    if (how === 'takes' && (endAsked || this.#storm.scheduler.now >= (this.#ends.get(grant) ?? Infinity))) return;
    const what = how === 'gives' ? 'is given access' : 'loses access';
    this.#report(`${short(grant)} ${what} in the cloud, and no entry says so`);
  }

  #report(text: string): void {
    this.#violations.report('ledger', text);
  }

  #apply(entry: Entry, grants: ReadonlyMap<string, GrantRow>): void {
    const [subject, event = ''] = entry.kind.split('.');
    const { grant, request } = entry.subjects;
    if (entry.late === true) this.#storm.marks.hit('late-entry');
    // Said of a grant, and no step of it.
    if (event === 'not-retried' || event === 'tidied') return;
    if (subject === 'revocation') {
      const key = `${event} ${entry.facts.revocation ?? ''}`;
      this.#orders.set(key, (this.#orders.get(key) ?? 0) + 1);
    }
    if (subject === 'grant' && grant !== undefined && EXTENSION.has(event)) this.#extend(entry, grant, event);
    else if (subject === 'grant' && grant !== undefined) this.#step('grant', this.#grants, grant, event, GRANT_STEPS);
    if (subject === 'request' && request !== undefined) {
      this.#step('request', this.#requests, request, event === 'submitted' ? 'pending' : event, REQUEST_STEPS);
    }
    if (event === 'activating' && grant !== undefined) this.#ends.set(grant, Date.parse(entry.facts.endsAt ?? ''));
    if (entry.kind === 'request.approved' && entry.facts.until !== undefined)
      this.#approved.add(`${grant ?? ''}@${entry.facts.until}`);
    if (entry.kind === 'credential.issued' && grant !== undefined && entry.facts.fingerprint !== undefined) {
      this.#credentials.set(entry.facts.fingerprint, { grant, state: grants.get(grant)?.state ?? 'none' });
    }
    const row = grant === undefined ? undefined : grants.get(grant);
    if (subject === 'grant' && (event === 'ended' || event === 'failed') && row !== undefined) {
      if (entry.facts.cause !== row.cause || entry.facts.proof !== row.proof) {
        this.#report(`the last entry of ${short(row.id)} does not say what its row says`);
      }
    }
  }

  /** A later end: approved before it is written, written before it counts. */
  #extend({ facts }: Entry, grant: string, event: string): void {
    const state = this.#grants.get(grant) ?? 'new';
    const until = facts.until ?? facts.endsAt ?? '';
    if (state !== 'active') this.#report(`the grant ${short(grant)} is ${state}, and an entry says ${event}`);
    if (!this.#approved.has(`${grant}@${until}`))
      this.#report(`the end of ${short(grant)} moves to ${until}, and no entry says that this was approved`);
    if (event === 'extended') this.#ends.set(grant, Date.parse(until));
  }

  #step(what: string, states: Map<string, string>, id: string, to: string, legal: ReadonlySet<string>): void {
    const from = states.get(id) ?? 'new';
    this.#violations.judge('entry-for-each-change');
    if (!legal.has(`${from}>${to}`)) this.#report(`the ${what} ${short(id)} is ${from}, and an entry says ${to}`);
    states.set(id, to);
    if (to === 'activating') this.#announced.gives.add(id);
    if (to === 'ending' || to === 'ended' || to === 'failed') this.#announced.takes.add(id);
  }

  #compare(
    what: string,
    states: ReadonlyMap<string, string>,
    rows: ReadonlyMap<string, { readonly id: string; readonly state: string }>,
  ): void {
    this.#violations.judge('entries-say-the-rows', rows.size);
    for (const row of rows.values()) {
      const told = states.get(row.id) ?? 'unknown';
      if (told !== row.state) this.#report(`the ${what} ${short(row.id)} is ${row.state}, the ledger says ${told}`);
    }
    for (const id of states.keys())
      if (!rows.has(id)) this.#report(`the ledger tells of a ${what} ${short(id)} that is not there`);
  }

  /** The log as it was sequenced: every entry once, in order, and every checkpoint true and signed. */
  verify(entries: readonly EntryRow[], checkpoints: readonly CheckpointRow[], waiting: number, vkey: string): void {
    this.#violations.judge('log-verifies', entries.length + checkpoints.length);
    if (waiting > 0) this.#report(`${waiting} entries still wait for their place`);
    if (entries.some((entry, index) => entry.seq !== index)) this.#report('the sequence has a gap');
    const bodies = entries.map((entry) => entry.body);
    if (bodies.length !== this.#bodies.length || bodies.some((body, index) => body !== this.#bodies[index])) {
      this.#report(`${this.#bodies.length} entries were committed, ${bodies.length} stand in the log, or others`);
    }
    const leaves = bodies.map(leafOf);
    entries.forEach((entry, index) => {
      if (leaves[index]?.toString('hex') !== entry.leaf) this.#report(`entry ${entry.seq} has another leaf hash`);
    });
    for (const { size, note } of checkpoints) {
      const signed = openNote(note, vkey);
      if (signed === null || signed.size !== size) this.#report(`the checkpoint of ${size} is not signed`);
      else if (!signed.root.equals(rootOf(leaves.slice(0, size))))
        this.#report(`the checkpoint of ${size} has another root`);
    }
    if (checkpoints.at(-1)?.size !== entries.length) this.#report('the last checkpoint does not cover the log');
  }
}
