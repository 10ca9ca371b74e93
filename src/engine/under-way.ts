import { after, type Instant } from '../core/time.ts';
import { PACE } from './ports.ts';

/** How much more a lane may take up now. */
export interface Room {
  readonly all: number;
  /** Of those, of what was tried before. */
  readonly again: number;
  /** Keys of targets where so many calls hang that nothing more is begun there which was never tried. */
  readonly passedOver: readonly string[];
}

/** What is needed of a grant. */
interface OnTarget {
  readonly definition: { readonly target: { readonly key: string } };
}

interface Step {
  readonly target: string;
  readonly since: Instant;
  readonly triedBefore: boolean;
}

/**
 * The steps of one lane that this process is at. One that takes long hangs in a cloud, which takes nothing of what the lane can do: it keeps no
 * place from others, within reason, and the target where several hang is passed over by what was never tried until they come back.
 */
export class UnderWay {
  readonly #steps = new Map<Promise<void>, Step>();

  begin(done: Promise<void>, { definition }: OnTarget, since: Instant, triedBefore: boolean): void {
    this.#steps.set(done, { target: definition.target.key, since, triedBefore });
  }

  over(done: Promise<void>): void {
    this.#steps.delete(done);
  }

  room(now: Instant): Room {
    const hanging = new Map<string, number>();
    let [hang, again] = [0, 0];
    for (const { target, since, triedBefore } of this.#steps.values()) {
      if (triedBefore) again += 1;
      if (now < after(since, PACE.hangsMs)) continue;
      hang += 1;
      if (!triedBefore) hanging.set(target, (hanging.get(target) ?? 0) + 1);
    }
    return {
      all: Math.min(PACE.batch - (this.#steps.size - hang), PACE.batchHanging - this.#steps.size),
      again: Math.max(0, PACE.again - again),
      passedOver: [...hanging].flatMap(([target, count]) => (count < PACE.hangAtOnce ? [] : [target])),
    };
  }

  async whenOver(): Promise<void> {
    await Promise.all(this.#steps.keys());
  }
}
