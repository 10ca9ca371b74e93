import type { OperationRefusal } from '../../../src/operations/refusal.ts';
import type { Actor } from '../../../src/operations/world.ts';
import type { BrokerNode } from '../broker/node.ts';

/** What an action came to: the operation's answer, or why not. */
export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly code: string };

export type Operation<T> = (
  node: BrokerNode,
  actor: Actor,
) => Promise<{ ok: true; value: T } | { ok: false; refusal: OperationRefusal }>;

/** Lets a person do something on some node, about a grant or about none. `null`: there was no answer. */
export type Do = <T>(
  key: string,
  what: string,
  operation: Operation<T>,
  grant?: string | null,
) => Promise<Answer | null>;
