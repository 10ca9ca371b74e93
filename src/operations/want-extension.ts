import { transitionGrant, type Extension } from '../core/grant.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { formatDuration, toIso, type Instant } from '../core/time.ts';
import type { Decision } from '../policy/types.ts';
import { saveGrantState, type GrantRecord } from '../store/grants.ts';
import type { Trx } from '../store/schema.ts';
import type { OperationRefusal } from './refusal.ts';

/**
 * Hands a decided extension of a locked grant to the engine, in the transaction that approves it. Returns the grant with what is wanted
 * of it; its end is still the old one.
 */
export async function wantExtension(
  trx: Trx,
  grant: GrantRecord,
  extension: Extension,
  { maxDurationMs, extensions }: Pick<Decision, 'maxDurationMs' | 'extensions'>,
  now: Instant,
): Promise<Result<GrantRecord, OperationRefusal>> {
  const limits = { maxDurationMs, extensions, latestEndAt: null };
  const next = transitionGrant(grant.state, { kind: 'want-extension', extension, limits }, now);
  if (next.ok) return ok(await saveGrantState(trx, grant.id, next.value, now));
  switch (next.refusal.kind) {
    case 'beyond-limits': {
      const detail = `The rules allow ${formatDuration(maxDurationMs)} altogether: until ${toIso(next.refusal.latest)} at the latest.`;
      return refused({ code: 'request-refused', detail });
    }
    case 'no-extension-left':
      return refused({ code: 'request-refused', detail: `The rules allow ${extensions} extensions of this grant.` });
    case 'not-in-this-state':
    case 'not-yet':
      return refused(grant.state.kind === 'active' ? alreadyBeingExtended() : grantEnded(grant));
  }
}

export function grantEnded({ state, definition }: GrantRecord): OperationRefusal {
  return {
    code: 'grant-ended',
    detail: `This grant is ${state.kind === 'active' ? 'over' : state.kind}; it cannot be extended any more.`,
    hint: `curfew request ${definition.role.name} --on ${definition.target.key}`,
  };
}

export function alreadyBeingExtended(): OperationRefusal {
  return {
    code: 'already-being-extended',
    detail: 'An extension of this grant is being decided or written already.',
    hint: 'Wait for it, or withdraw the request: "curfew ls" shows it.',
  };
}
