import { ProviderFault, type FaultKind } from '../providers/contract.ts';
import { PACE } from './ports.ts';

/** The classified fault behind an error, or `null` when it is something else: a broken invariant, or our own database. */
export function asFault(error: unknown): ProviderFault | null {
  return error instanceof ProviderFault ? error : null;
}

/** Faults that a stronger means of taking away may not have. All others pass, or strike every means alike. */
const STRONGER_MAY_HELP: ReadonlySet<FaultKind> = new Set(['forbidden-to-us', 'invalid']);

/**
 * Whether a stronger means of taking away may mend what an attempt failed of. A cloud that does not say what it did is waited for, but not for
 * ever: it may fail at this one call alone. `attempts`: how many failed before.
 */
export function mayBeMended({ kind }: ProviderFault, attempts: number): boolean {
  return STRONGER_MAY_HELP.has(kind) || (kind === 'unknown-outcome' && attempts >= PACE.unknownCountsAfter);
}

/** Faults that another attempt cannot mend. */
export const HOPELESS: ReadonlySet<FaultKind> = new Set(['invalid', 'target-gone', 'clock-skew']);
