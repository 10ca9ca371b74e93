import type { Proposal } from '../data/administration.ts';
import { useNow } from '../time/ticker.ts';
import { useTimes } from '../time/zone.ts';
import { LinkList, LinkRow } from '../ui/link-list.tsx';
import { Person, StateSign } from '../ui/signs.tsx';
import { changeOf } from './proposal-words.ts';

/** Changes of Curfew itself that wait for whoever looks; all of them lead to the page where they are decided. */
export function ProposalList({ proposals }: { readonly proposals: readonly Proposal[] }) {
  const now = useNow();
  const times = useTimes();
  return (
    <LinkList>
      {proposals.map((proposal) => (
        <li key={proposal.id}>
          <LinkRow
            to="/administration"
            what={changeOf(proposal)}
            sign={<StateSign state={{ word: 'waits for a second person', tone: 'waiting' }} />}
            text={
              <>
                <strong>
                  <Person of={proposal.proposedBy} />:{' '}
                </strong>
                {proposal.reason}
              </>
            }
            facts={<span>until {times.short(Date.parse(proposal.lapsesAt), now)}</span>}
          />
        </li>
      ))}
    </LinkList>
  );
}
