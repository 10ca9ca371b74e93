import { needsBinding, type GrantState } from './grant.ts';
import type { ProviderName } from './target.ts';
import type { Instant } from './time.ts';

/**
 * The place in a cloud that holds a binding.
 *
 * A *per-grant* slot belongs to one grant: the cloud lets each grant have an object of its own (an STS session,
 * a conditional binding), so overlaps are harmless. A *shared* slot is the one place that the cloud has for a native
 * tuple (principal id, role definition, scope): it is reference-counted, and its end is the latest of its grants' ends.
 */
export type SlotKind = 'per-grant' | 'shared';

/** `aws:assume-role:grt_…` for a per-grant slot; `provider:method:native,tuple` for a shared one. */
export type SlotKey = string & { readonly __slot: true };

/** Builds the key of a slot from the cloud's own names, which is what makes two Curfew roles with one native tuple share it. */
export function slotKey(provider: ProviderName, method: string, native: readonly string[]): SlotKey {
  return [provider, method, native.map(encodeURIComponent).join(',')].join(':') as SlotKey;
}

/** What must be true of a slot in the cloud. */
export type Desired = { readonly present: false } | { readonly present: true; readonly endsAt: Instant };

/**
 * Computes what a slot must hold at `now` from all the grants that use it: present if and only if a live grant needs it, its end
 * the latest of theirs. Two overlapping grants therefore never end each other. One whose time is over needs nothing, even if that has
 * not been written down yet: two of those would otherwise keep each other alive.
 * A later end that is on its way into the cloud counts, so that nobody writes an earlier one over it.
 */
export function desiredBinding(grants: readonly GrantState[], now: Instant): Desired {
  let endsAt: Instant | null = null;
  for (const grant of grants) {
    if (!needsBinding(grant) || !('endsAt' in grant) || grant.endsAt <= now) continue;
    const needed = grant.kind === 'active' && grant.extension !== null ? grant.boundUntil : grant.endsAt;
    if (endsAt === null || needed > endsAt) endsAt = needed;
  }
  return endsAt === null ? { present: false } : { present: true, endsAt };
}
