import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useDebounced } from './debounced.ts';

/** What is typed into a search, whose words stand in the address: for going back and for sending on. */
export interface AddressedWords {
  readonly typed: string;
  readonly type: (words: string) => void;
  /** What was typed, without blanks around it, when somebody stopped typing. */
  readonly settled: string;
}

/**
 * A search and the address that follows it. `q`: the words in the address. The address follows what is typed a moment later (`stillMs`), and not
 * any more when somebody has gone elsewhere by then (`isHere`): they are not taken back. What changes in the address by itself, because somebody
 * went back or pressed the page in the navigation, is what is searched for then.
 */
export function useAddressedWords({
  q,
  most,
  stillMs,
  isHere,
  follow,
}: {
  readonly q: string;
  /** Characters at most. */
  readonly most: number;
  readonly stillMs: number;
  /** Asked of where the router is, which knows of a click before the browser does: a page that is being left is drawn until the next one is ready. */
  readonly isHere: (location: Pick<Location, 'pathname' | 'search'>) => boolean;
  readonly follow: (words: string) => void;
}): AddressedWords {
  const { history } = useRouter();
  const [typed, type] = useState(q);
  const settled = useDebounced(typed.trim().slice(0, most), stillMs);
  /** What was written into the address and has not come back yet: on the way there, more may have been typed. */
  const written = useRef<string[]>([]);
  useEffect(() => {
    const at = written.current.indexOf(q);
    written.current = at === -1 ? [] : written.current.slice(at + 1);
    if (at === -1) type(q);
  }, [q]);
  const current = useRef({ q, isHere, follow });
  useEffect(() => {
    current.current = { q, isHere, follow };
  });
  useEffect(() => {
    const { q: before, isHere: here, follow: write } = current.current;
    if (settled === before || !here(history.location)) return;
    written.current.push(settled);
    write(settled);
  }, [settled, history]);
  return { typed, type, settled };
}
