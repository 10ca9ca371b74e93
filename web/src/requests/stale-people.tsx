import { useTimes } from '../time/zone.ts';
import { Notice } from '../ui/notices.tsx';

/** Says how old the people are by whom it is decided; nothing, where they are as new as they should be. */
export function StalePeople({ words }: { readonly words: readonly string[] }) {
  const times = useTimes();
  if (words.length === 0) return null;
  return (
    <Notice>
      <p>{words.map((one) => times.within(one)).join(' ')}</p>
      <p>Who came, left or moved since is not known yet.</p>
    </Notice>
  );
}
