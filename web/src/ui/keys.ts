import { useEffect, useRef, useSyncExternalStore } from 'react';

const KEY = 'curfew-single-keys';

const listeners = new Set<() => void>();
const tellAll = (): void => {
  for (const listener of listeners) listener();
};
const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

let enabled = read();

function read(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}

/** Whether single letters do something. They can be switched off: speech input types letters (WCAG 2.1.4). */
export const singleKeysAreOn = (): boolean => enabled;

/** The same for what is drawn, and the switch. */
export function useSingleKeys(): readonly [boolean, (on: boolean) => void] {
  return [useSyncExternalStore(subscribe, singleKeysAreOn), chooseSingleKeys];
}

function chooseSingleKeys(on: boolean): void {
  enabled = on;
  try {
    localStorage.setItem(KEY, on ? 'on' : 'off');
  } catch {
    // Closed storage: the choice holds for this visit.
  }
  tellAll();
}

/** A letter of one page, and what it does there. */
export interface PageKey {
  readonly key: string;
  /** As the help says it. */
  readonly does: string;
  readonly press: () => void;
}

let ofPage: readonly PageKey[] = [];

/** Gives the page that is shown letters of its own. They work where `g h` and `?` do, and stand in the help. */
export function usePageKeys(keys: readonly PageKey[]): void {
  const newest = useRef(keys);
  useEffect(() => {
    newest.current = keys;
  });
  useEffect(() => {
    const mine = newest.current.map(({ key, does }) => ({
      key,
      does,
      press: () => newest.current.find((one) => one.key === key)?.press(),
    }));
    ofPage = mine;
    tellAll();
    return () => {
      if (ofPage === mine) ofPage = [];
      tellAll();
    };
  }, []);
}

/** The letters of the page that is shown, for the help. */
export function useKeysOfPage(): readonly PageKey[] {
  return useSyncExternalStore(subscribe, () => ofPage);
}

/** Does what a letter does on the page that is shown; `false`: nothing. */
export function pressPageKey(key: string): boolean {
  const found = ofPage.find((one) => one.key === key);
  found?.press();
  return found !== undefined;
}
