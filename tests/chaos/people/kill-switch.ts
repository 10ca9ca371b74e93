import { setTimeout as pause } from 'node:timers/promises';
import type { Prng } from '../../simulation/kernel/prng.ts';
import type { Answer } from './ask.ts';

/** How long somebody watches an order before they lift it, and how often they look. */
const WATCH_MS = 12_000;
const LOOK_MS = 1_000;

/** Asks as a person, again and again with one key while nobody answers. `null`: nobody did. */
export type Insist = (
  person: string,
  path: string,
  body: object,
  key: string,
) => Promise<Extract<Answer, { kind: 'answer' }> | null>;

/** Looks as a person, once. */
export type Look = (person: string, path: string) => Promise<Extract<Answer, { kind: 'answer' }> | null>;

/** Leads who reach for the kill switch now and then, over a person, the target or everything, and lift it again. */
export class KillSwitch {
  readonly #insist: Insist;
  readonly #look: Look;
  readonly #leads: readonly string[];
  readonly #ids: string[] = [];
  given = 0;

  constructor(insist: Insist, look: Look, leads: readonly string[]) {
    this.#insist = insist;
    this.#look = look;
    this.#leads = leads;
  }

  /** One order from its beginning until it is lifted, as far as anybody answers. */
  async use(prng: Prng, engineers: readonly string[]): Promise<void> {
    const [first = '', second = ''] = prng.chance(0.5) ? this.#leads : [...this.#leads].reverse();
    // What covers everybody keeps everybody out for a minute and more, until all of it is proven gone.
    const about = prng.weighted({ person: 10, target: 1, all: 1 });
    const key = prng.bytes(12).toString('hex');
    const body = {
      reason: `chaos ${key}`,
      ...(about === 'person' ? { person: prng.pick(engineers) } : {}),
      ...(about === 'target' ? { target: 'aws/main' } : {}),
      ...(about === 'all' ? { all: true } : {}),
    };
    const ordered = await this.#insist(first, '/v1/revocations', body, `${key}-o`);
    if (ordered?.status !== 201) return;
    this.given += 1;
    const id = String(ordered.body['id']);
    this.#ids.push(id);
    if (about === 'all' || prng.chance(0.3))
      await this.#insist(second, `/v1/revocations/${id}/confirm`, {}, `${key}-c`);
    for (const until = Date.now() + WATCH_MS; Date.now() < until; await pause(LOOK_MS)) {
      const seen = await this.#look(first, `/v1/revocations/${id}`);
      if (seen?.status === 404 || seen?.body['status'] === 'done') break;
    }
    await this.lift(this.#ids.slice(-5), key);
  }

  /**
   * Lifts what has stood for a while, whoever gave it: an order that took long to be carried out, one that was given without an answer,
   * and one whose lift a restored database does not know. Without that, nobody would be given anything any more.
   */
  async liftForgotten(key: string): Promise<void> {
    const [, second = ''] = this.#leads;
    const { items } = (await this.#look(second, '/v1/revocations'))?.body ?? {};
    const standing = Array.isArray(items)
      ? (items as readonly { readonly id: string; readonly orderedAt: string }[])
      : [];
    const old = standing.filter(({ orderedAt }) => Date.parse(orderedAt) < Date.now() - 2 * WATCH_MS);
    await this.lift(
      old.map(({ id }) => id),
      key,
      1,
    );
  }

  /**
   * Lifts orders. One that is lifted already, or that a restore has forgotten, is none of anybody's business; one that is not carried out
   * yet is asked about again for a while.
   */
  async lift(ids: readonly string[], key: string, most = 10): Promise<void> {
    const [, second = ''] = this.#leads;
    for (const id of ids) {
      for (let tries = 0; tries < most; tries += 1) {
        const path = `/v1/revocations/${id}/lift`;
        const lifted = await this.#insist(second, path, { reason: 'over' }, `${key}-${id}-${tries}`);
        if (lifted?.body['code'] !== 'revocation-under-way') break;
        if (tries + 1 < most) await pause(LOOK_MS);
      }
    }
  }
}
