import { useSyncExternalStore } from 'react';

let sign = '';
const listeners = new Set<() => void>();

/** Sets what stands before the name of every page in its tab; empty: nothing. */
export function setTabSign(next: string): void {
  if (next === sign) return;
  sign = next;
  for (const listener of listeners) listener();
}

/** The title of a tab: what is most urgent first, because of a long one the rest is cut off. */
export function useTabTitle(page: string): string {
  const before = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => sign,
  );
  return [before, page, 'Curfew'].filter((part) => part !== '').join(' · ');
}
