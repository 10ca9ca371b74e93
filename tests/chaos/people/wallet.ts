import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { setTimeout as pause } from 'node:timers/promises';
import { BUCKET, OBJECT } from '../site/cloud.ts';

/** How long after the end a saved credential may still work: what assume-role declares to be held. */
export const BOUND_MS = 5_000;
/** Milliseconds around the end at which a credential is tried, besides once in a while before and after. */
const AROUND_END_MS = [-1_500, -400, 200, 900, 2_000, 3_500, 4_900, 5_200, 6_500, 9_000, 14_000, 22_000];
const BEFORE_MS = 1_500;
const AFTER_MS = 25_000;
const AT_ONCE = 8;

/** A credential that its holder has saved, and what became of it. Times are epoch milliseconds. */
export interface Saved {
  /** The grant that it was issued under; for somebody's own key, what it is. */
  readonly grant: string;
  /** Whose own key it is, which grants make able to do more; `null`: it was handed out. */
  readonly person: string | null;
  /** Of an own key: the latest end that was promised. */
  readonly endsAt: number;
  /** When the cloud served an own key. */
  readonly servedAt: readonly number[];
  readonly issuedAt: number;
  /** When the last try left that the cloud served. */
  lastServedAt: number | null;
  served: number;
  refused: number;
}

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Absent for the key of a user. */
  readonly sessionToken?: string;
}

interface Held extends Saved {
  endsAt: number;
  readonly servedAt: number[];
  readonly client: S3Client;
  nextAt: number;
}

/**
 * A holder who keeps every credential that was ever handed out and tries them for ever, before and after the end. A try counts from the
 * moment before it leaves: the cloud decides later than that, so what is found too late here was too late indeed.
 */
export class Wallet {
  readonly #url: string;
  readonly #held: Held[] = [];
  readonly #busy = new Set<Promise<void>>();
  readonly #onServed: (saved: Saved, at: number) => void;
  #tries = 0;
  #silences = 0;
  #isOpen = true;
  readonly #loop: Promise<void>;

  /** `onServed` is told of each try that the cloud served. */
  constructor(url: string, onServed: (saved: Saved, at: number) => void) {
    this.#url = url;
    this.#onServed = onServed;
    this.#loop = this.#keepTrying();
  }

  get saved(): readonly Saved[] {
    return this.#held;
  }

  get tries(): number {
    return this.#tries;
  }

  /** Tries without an answer: neither served nor refused. */
  get silences(): number {
    return this.#silences;
  }

  /** Keeps somebody's own key, and tries it from now on. */
  keep(person: string, keys: Keys): void {
    this.save(`the own key of ${person}`, Date.now(), keys, person);
  }

  /** Somebody may do more with their own key until then. */
  promise(person: string, endsAt: number): void {
    const held = this.#held.find((one) => one.person === person);
    if (held === undefined) return;
    held.endsAt = Math.max(held.endsAt, endsAt);
    held.nextAt = Date.now();
  }

  save(grant: string, endsAt: number, keys: Keys, person: string | null = null): Saved {
    const client = new S3Client({
      region: 'us-east-1',
      endpoint: this.#url,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: keys,
    });
    const at = Date.now();
    const held: Held = {
      grant,
      person,
      endsAt,
      servedAt: [],
      issuedAt: at,
      client,
      nextAt: at,
      lastServedAt: null,
      served: 0,
      refused: 0,
    };
    this.#held.push(held);
    return held;
  }

  /** Tries one now. `null`: the cloud did not answer. */
  async works(saved: Saved): Promise<boolean | null> {
    const held = this.#held.find((one) => one === saved);
    return held === undefined ? null : this.#try(held);
  }

  /** Tries every credential once more, and names the grants of those that still work. */
  async tryAll(): Promise<readonly Saved[]> {
    const working: Saved[] = [];
    for (const held of this.#held) {
      let served = await this.#try(held);
      if (served === null) served = await this.#try(held);
      if (served !== false) working.push(held);
    }
    return working;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#loop;
    await Promise.all(this.#busy);
    for (const { client } of this.#held) client.destroy();
  }

  async #keepTrying(): Promise<void> {
    while (this.#isOpen) {
      const now = Date.now();
      for (const held of this.#held) {
        if (held.nextAt > now || this.#busy.size >= AT_ONCE) continue;
        held.nextAt = nextTry(held.endsAt, now);
        const done = this.#try(held).then(() => void this.#busy.delete(done));
        this.#busy.add(done);
      }
      await pause(50);
    }
  }

  async #try(held: Held): Promise<boolean | null> {
    const at = Date.now();
    this.#tries += 1;
    try {
      const answer = await held.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: OBJECT }), {
        abortSignal: AbortSignal.timeout(10_000),
      });
      await answer.Body?.transformToString();
      held.served += 1;
      held.lastServedAt = Math.max(held.lastServedAt ?? 0, at);
      if (held.person === null) this.#onServed(held, at);
      else held.servedAt.push(at);
      return true;
    } catch (error) {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (status === 403 || status === 400) {
        held.refused += 1;
        return false;
      }
      this.#silences += 1;
      return null;
    }
  }
}

function nextTry(endsAt: number, now: number): number {
  const regular = now + (now < endsAt ? BEFORE_MS : AFTER_MS);
  const around = AROUND_END_MS.map((offset) => endsAt + offset).find((at) => at > now + 20);
  return around === undefined ? regular : Math.min(regular, around);
}
