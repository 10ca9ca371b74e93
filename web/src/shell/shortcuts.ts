import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { pressPageKey, singleKeysAreOn } from '../ui/keys.ts';
import type { Destination } from './destinations.ts';

/** How long after `g` the second letter counts. */
const PATIENCE_MS = 1_500;

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** `g` and a letter goes somewhere, `?` shows the help, Ctrl-K or Cmd-K and `/` open the palette; other letters are the page's. */
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
      if (!singleKeysAreOn() || !plain || inDialog || isTyping(event.target)) return;
      const going = event.timeStamp - goAt < PATIENCE_MS;
      goAt = Number.NEGATIVE_INFINITY;
      const destination = going ? destinations.find(({ key }) => key === event.key) : undefined;
      if (destination !== undefined) void navigate({ to: destination.to });
      else if (event.key === 'g') goAt = event.timeStamp;
      else if (event.key === '?') on.help();
      else if (event.key === '/') on.palette();
      else if (!pressPageKey(event.key)) return;
      event.preventDefault();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [destinations, navigate, on]);
}
