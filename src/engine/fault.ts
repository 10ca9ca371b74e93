import { ProviderFault, type FaultKind } from '../providers/contract.ts';

/** The classified fault behind an error, or `null` when it is something else: a broken invariant, or our own database. */
export function asFault(error: unknown): ProviderFault | null {
  return error instanceof ProviderFault ? error : null;
}

/** Faults that another attempt cannot mend. */
export const HOPELESS: ReadonlySet<FaultKind> = new Set(['invalid', 'target-gone', 'clock-skew']);
