import type { RevocationId } from '../../../src/core/ids.ts';
import {
  confirmRevocationOrder,
  liftRevocationOrder,
  orderRevocation,
  type RevocationInput,
} from '../../../src/operations/revoke-many.ts';
import { EVERYBODY, LEADS, SHARERS_OWNER, TARGETS } from '../broker/company.ts';
import type { Observer } from '../checkers/observer.ts';
import type { OrderRow } from '../checkers/rows.ts';
import type { Prng } from '../kernel/prng.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { Do } from './do.ts';

/** The kill switch in people's hands: orders over a person, a target or everything, second persons, and lifting. */
export class Orders {
  readonly #do: Do;
  readonly #observer: Observer;
  readonly #storm: Storm;
  readonly #prng: Prng;

  constructor(act: Do, observer: Observer, storm: Storm) {
    this.#do = act;
    this.#observer = observer;
    this.#storm = storm;
    this.#prng = storm.prng.fork('orders');
  }

  async give(): Promise<void> {
    const by = this.#prng.chance(0.8)
      ? this.#prng.pick(LEADS)
      : this.#prng.pick([SHARERS_OWNER, this.#prng.pick(EVERYBODY)]);
    const about = this.#prng.weighted({ person: 4, target: 4, all: 2, self: 1, nonsense: 0.3 });
    // Mostly about somebody who has something to lose.
    const live = [...this.#observer.grants.values()].filter((grant) => grant.endedAt === null);
    const holder = live.length === 0 ? null : this.#observer.keyOf(this.#prng.pick(live).person);
    const person = holder != null && this.#prng.chance(0.8) ? holder : this.#prng.pick(EVERYBODY);
    const input: RevocationInput = {
      reason: 'simulated',
      ...(about === 'person' ? { person } : {}),
      ...(about === 'self' ? { person: by } : {}),
      ...(about === 'target' ? { target: this.#prng.pick(TARGETS) } : {}),
      ...(about === 'all' ? { all: true } : {}),
    };
    // What cannot be recorded is taken away without an order, as far as whoever gave it may.
    const reached = live.filter(
      (grant) => grant.target === input.target || this.#observer.keyOf(grant.person) === input.person,
    );
    const asking = this.#observer.wishes.ask(...reached.map(({ id }) => id));
    const words = `orders the end of ${input.person ?? input.target ?? about}`;
    const answer = await this.#do(by, words, (node, actor) => {
      asking.of(node);
      return orderRevocation(node.world, actor, input);
    });
    asking.answered(answer);
    if (answer?.ok === true) this.#storm.marks.hit('order-given');
    if (answer?.ok === true && about === 'all' && this.#prng.chance(0.7)) await this.confirm();
  }

  /** A second person widens an order that asks for one. */
  async confirm(): Promise<void> {
    const asking = this.#standing().filter((order) => order.reach !== 'all');
    if (asking.length === 0) return;
    const order = this.#prng.pick(asking);
    const by = this.#prng.chance(0.9) ? this.#prng.pick(LEADS) : this.#prng.pick(EVERYBODY);
    const answer = await this.#do(by, `confirms ${short(order.id)}`, (node, actor) =>
      confirmRevocationOrder(node.world, actor, order.id as RevocationId),
    );
    if (answer?.ok === true) this.#storm.marks.hit('order-confirmed');
  }

  async lift(): Promise<void> {
    const standing = this.#standing();
    if (standing.length === 0) return;
    await this.#lift(
      this.#prng.pick(standing),
      this.#prng.chance(0.9) ? this.#prng.pick(LEADS) : this.#prng.pick(EVERYBODY),
    );
  }

  /** When the storm is over: somebody who may lifts everything, so that life can go on. */
  async liftAll(): Promise<void> {
    const { scheduler } = this.#storm;
    for (let order = this.#standing()[0]; order !== undefined; order = this.#standing()[0]) {
      // Never the person whom it is about.
      const about = this.#observer.keyOf(order.person ?? '');
      await this.#lift(order, about === 'cy' ? 'dee' : 'cy');
      await scheduler.until(null, scheduler.now + 500);
    }
  }

  async #lift(order: OrderRow, by: string): Promise<void> {
    const answer = await this.#do(by, `lifts ${short(order.id)}`, (node, actor) =>
      liftRevocationOrder(node.world, actor, order.id as RevocationId, { reason: 'simulated' }),
    );
    if (answer?.ok !== true) return;
    this.#storm.marks.hit('order-lifted');
    if (order.sweptAt === null) this.#storm.marks.hit('order-lifted-early');
  }

  #standing(): readonly OrderRow[] {
    return [...this.#observer.orders.values()].filter((order) => order.liftedAt === null);
  }
}
