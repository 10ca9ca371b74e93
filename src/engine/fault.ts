import { ProviderFault, type FaultKind } from '../providers/contract.ts';

/** The classified fault behind an error, or `null` when it is something else: a broken invariant, or our own database. */
export function asFault(error: unknown): ProviderFault | null {
  return error instanceof ProviderFault ? error : null;
}

/** Faults that a stronger means of taking away may not have. All others pass, or strike every means alike. */
export const STRONGER_MAY_HELP: ReadonlySet<FaultKind> = new Set(['forbidden-to-us', 'invalid']);

/** Faults that another attempt cannot mend. */
export const HOPELESS: ReadonlySet<FaultKind> = new Set(['invalid', 'target-gone', 'clock-skew']);
