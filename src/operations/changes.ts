import type { Instant } from '../core/time.ts';

/** Something changed; whoever cares reads the state itself. */
export interface Change {
  /** `session` says that one has ended; it concerns its own streams and is sent to nobody. */
  readonly kind: 'request' | 'grant' | 'policy' | 'revocation' | 'recovery' | 'proposal' | 'session';
  readonly id: string;
  readonly at: Instant;
}

/** Tells the listeners of this process about changes, after they are committed. A listener that throws harms nobody else. What other processes do comes from `hear-others.ts`. */
export interface Changes {
  publish(change: Change): void;
  subscribe(listener: (change: Change) => void): () => void;
}

export function createChanges(): Changes {
  const listeners = new Set<(change: Change) => void>();
  return {
    publish(change) {
      for (const listener of listeners) {
        try {
          listener(change);
        } catch {
          listeners.delete(listener);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
