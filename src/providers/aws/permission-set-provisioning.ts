import type { Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault } from '../contract.ts';
import type { Operations } from './identity-center-operations.ts';
import type { AssignmentNames } from './identity-center-schedule.ts';
import type { Asked, Wanted } from './identity-center-statuses.ts';
import type { Tombstone } from './tombstone-policy.ts';

/** What a set said when it was sent to an account. `left`: until AWS has taken the call, its answers are about an earlier one. */
export interface Sent {
  readonly at: Instant;
  readonly tombstones: Map<string, Tombstone>;
  left: boolean;
}

/** Brings permission sets to accounts, and knows what was in them when they left. */
export class Provisionings {
  readonly #operations: Operations;
  readonly #clock: Clock;
  /** By account and set, what was sent last. */
  readonly #sent = new Map<string, Sent>();
  readonly #beginning = new Map<string, Promise<unknown>>();

  constructor(operations: Operations, clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  /** What this process has sent to an account last. */
  sent(names: AssignmentNames): Sent | undefined {
    return this.#sent.get(accountKey(names));
  }

  /** A statement of a set was changed: what was sent before says nothing of it any more, also where it says the same again. */
  changed(permissionSetArn: string, sid: string): void {
    for (const [key, { tombstones }] of this.#sent) if (key.startsWith(`${permissionSetArn} `)) tombstones.delete(sid);
  }

  /** What became of what was sent to an account last. Throws when it failed, once, so that whoever is alarmed knows why. */
  async outcome(names: AssignmentNames, sent: Sent, asked: Asked): Promise<'running' | 'succeeded' | null> {
    if (!sent.left) return 'running';
    const operation = provisioning(names);
    const over = await this.#operations.standing(operation, asked);
    if (over?.state !== 'failed') return over?.state ?? null;
    if (this.#sent.get(accountKey(names)) === sent) {
      this.#operations.forget(operation);
      this.#sent.delete(accountKey(names));
    }
    const words = `Bringing the permission set to ${names.account}, with the denial from the end on, failed: ${over.reason.slice(0, 300)}`;
    throw new ProviderFault('conflict', words);
  }

  /** Brings a set to an account: one operation for all who wait for it. `current` says what it has when the call leaves. Throws faults. */
  async begin(names: AssignmentNames, asked: Asked, current: () => Map<string, Tombstone>): Promise<void> {
    const key = accountKey(names);
    const underWay = this.#beginning.get(key);
    if (underWay !== undefined) return void (await underWay);
    let sent: Sent | null = null;
    const leaves = async (): Promise<boolean> => {
      sent = { at: this.#clock.now(), tombstones: current(), left: false };
      this.#sent.set(key, sent);
      return false;
    };
    const begin = async (): Promise<void> => {
      try {
        await this.#operations.begin(provisioning(names), asked, leaves);
        if (sent !== null) sent.left = true;
      } catch (error) {
        // It may have been begun or not; it is brought again.
        if (sent !== null) this.#sent.delete(key);
        throw error;
      } finally {
        this.#beginning.delete(key);
      }
    };
    const begun = begin();
    this.#beginning.set(key, begun);
    await begun;
  }
}

/** The operation that brings a set to an account. */
export function provisioning({ instanceArn, permissionSetArn, account }: AssignmentNames): Wanted {
  return { kind: 'provision', instanceArn, permissionSetArn, account, userId: null, grant: null };
}

export const accountKey = ({ permissionSetArn, account }: AssignmentNames): string => `${permissionSetArn} ${account}`;
