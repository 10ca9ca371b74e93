import { after, type Instant } from '../core/time.ts';
import type { MethodOnTarget } from '../store/leases.ts';
import { PACE } from './ports.ts';

/** How much more a lane may take up now. */
export interface Room {
  readonly all: number;
  /** Of those, of what was tried before. */
  readonly again: number;
  /** Where so many calls hang that nothing more is begun there which was never tried. */
  readonly passedOver: readonly MethodOnTarget[];
}

/** What is needed of a grant. */
interface OnTarget {
  readonly method: string;
  readonly definition: { readonly target: { readonly key: string } };
}

interface Step {
  readonly on: MethodOnTarget;
  readonly since: Instant;
  readonly triedBefore: boolean;
}

/**
 * The steps of one lane that this process is at. One that takes long hangs in a cloud, which takes nothing of what the lane can do: it keeps no
 * place from others, within reason, and the method that several hang by on one target is passed over there by what was never tried until they
 * come back. Other methods on the same target call other services, and go on.
 */
export class UnderWay {
  readonly #steps = new Map<Promise<void>, Step>();

  begin(done: Promise<void>, { method, definition }: OnTarget, since: Instant, triedBefore: boolean): void {
    this.#steps.set(done, { on: { method, target: definition.target.key }, since, triedBefore });
  }

  over(done: Promise<void>): void {
    this.#steps.delete(done);
  }

  room(now: Instant): Room {
    const hanging = new Map<string, { readonly on: MethodOnTarget; readonly count: number }>();
    let [hang, again] = [0, 0];
    for (const { on, since, triedBefore } of this.#steps.values()) {
      if (triedBefore) again += 1;
      if (now < after(since, PACE.hangsMs)) continue;
      hang += 1;
      if (triedBefore) continue;
      const key = `${on.method} ${on.target}`;
      hanging.set(key, { on, count: (hanging.get(key)?.count ?? 0) + 1 });
    }
    return {
      all: Math.min(PACE.batch - (this.#steps.size - hang), PACE.batchHanging - this.#steps.size),
      again: Math.max(0, PACE.again - again),
      passedOver: [...hanging.values()].flatMap(({ on, count }) => (count < PACE.hangAtOnce ? [] : [on])),
    };
  }

  async whenOver(): Promise<void> {
    await Promise.all(this.#steps.keys());
  }
}
