import type { Recovery } from '../data/recoveries.ts';
import { who } from '../data/who.ts';
import { useNow } from '../time/ticker.ts';
import { useTimes } from '../time/zone.ts';
import { LinkList, LinkRow } from '../ui/link-list.tsx';
import { StateSign } from '../ui/signs.tsx';

/** Colleagues who lost their passkeys and ask whoever looks to vouch for them. */
export function RecoveryList({ recoveries }: { readonly recoveries: readonly Recovery[] }) {
  const now = useNow();
  const times = useTimes();
  return (
    <LinkList>
      {recoveries.map(({ id, person, missing, lapsesAt, askedAt }) => (
        <li key={id}>
          <LinkRow
            to="/recovery"
            what={`${who(person)} lost all passkeys`}
            sign={<StateSign state={{ word: 'waits for you', tone: 'waiting' }} />}
            text="Speak with them before you vouch: whoever gets a passkey can decide in their name."
            facts={
              <>
                <span>{missing} still to confirm</span>
                <time dateTime={askedAt} title={times.full(Date.parse(askedAt))}>
                  asked {times.short(Date.parse(askedAt), now)}
                </time>
                <span>until {times.short(Date.parse(lapsesAt), now)}</span>
              </>
            }
          />
        </li>
      ))}
    </LinkList>
  );
}
