import type { AccessRequest, Grant } from '../../data/api.ts';
import { isSame, type Item } from './draft.ts';

/** Something of mine that is the same as what is about to be asked for. */
export type Already =
  /** Access that would still be there when the new one began; `active`: its end can be moved instead. */
  | { readonly kind: 'held'; readonly item: Item; readonly grant: Grant }
  /** A request that nobody has decided yet. */
  | { readonly kind: 'asked'; readonly item: Item; readonly request: AccessRequest };

/**
 * What somebody has, or has asked for, of what they are about to ask for once more: each item once, and access before requests. `at`: when
 * the new one is to begin; `null`: at once. What is ending is no reason not to ask.
 */
export function alreadyOf(
  items: readonly Item[],
  at: string | null,
  held: readonly Grant[],
  requests: readonly AccessRequest[],
): readonly Already[] {
  return items.flatMap(({ role, target }): readonly Already[] => {
    const item = { role, target };
    const grant = held.find((one) => isSame(one, item) && isStillThere(one, at));
    if (grant !== undefined) return [{ kind: 'held', item, grant }];
    const request = requests.find(
      ({ status, items: asked }) => status === 'pending' && asked.some((one) => isSame(one, item)),
    );
    return request === undefined ? [] : [{ kind: 'asked', item, request }];
  });
}

function isStillThere({ status, endsAt }: Grant, at: string | null): boolean {
  if (status !== 'scheduled' && status !== 'activating' && status !== 'active') return false;
  return at === null || endsAt === null || Date.parse(at) < Date.parse(endsAt);
}
