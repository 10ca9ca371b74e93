import { useNavigate } from '@tanstack/react-router';
import { useEffect, useSyncExternalStore } from 'react';
import type { Destination } from './destinations.ts';

const KEY = 'curfew-single-keys';
/** How long after `g` the second letter counts. */
const PATIENCE_MS = 1_500;

const listeners = new Set<() => void>();
let enabled = read();

function read(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}

/** Whether single letters do something. They can be switched off: speech input types letters (WCAG 2.1.4). */
export function useSingleKeys(): readonly [boolean, (on: boolean) => void] {
  const on = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => enabled,
  );
  return [on, chooseSingleKeys];
}

function chooseSingleKeys(on: boolean): void {
  enabled = on;
  try {
    localStorage.setItem(KEY, on ? 'on' : 'off');
  } catch {
    // Closed storage: the choice holds for this visit.
  }
  for (const listener of listeners) listener();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** `g` and a letter goes somewhere, `?` shows the help, Ctrl-K or Cmd-K and `/` open the palette. */
export function useShortcuts(
  destinations: readonly Destination[],
  on: { readonly help: () => void; readonly palette: () => void },
): void {
  const navigate = useNavigate();
  useEffect(() => {
    let goAt = Number.NEGATIVE_INFINITY;
    const listen = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        return on.palette();
      }
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented;
      const inDialog = document.querySelector('[role="dialog"]') !== null;
      if (!enabled || !plain || inDialog || isTyping(event.target)) return;
      const going = event.timeStamp - goAt < PATIENCE_MS;
      goAt = Number.NEGATIVE_INFINITY;
      const destination = going ? destinations.find(({ key }) => key === event.key) : undefined;
      if (destination !== undefined) void navigate({ to: destination.to });
      else if (event.key === 'g') goAt = event.timeStamp;
      else if (event.key === '?') on.help();
      else if (event.key === '/') on.palette();
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [destinations, navigate, on]);
}
