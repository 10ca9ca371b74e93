import type { AccessRequest } from '../data/api.ts';
import { useNow } from '../time/ticker.ts';
import { requestState } from '../time/wording.ts';
import { useTimes } from '../time/zone.ts';
import { LinkList, LinkRow } from '../ui/link-list.tsx';
import { Person, StateSign, TierSign } from '../ui/signs.tsx';

/** What a request is about, in a line. */
export function whatOf({ items, extends: extension }: AccessRequest): string {
  const [first, ...others] = items;
  if (first === undefined) return 'nothing';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${first.role} on ${first.target}${more}${extension === null ? '' : ', longer'}`;
}

/** Requests under each other; each leads to its page. */
export function RequestList({
  requests,
  withPerson,
  toDecide = false,
}: {
  readonly requests: readonly AccessRequest[];
  /** Whether they are of different people. */
  readonly withPerson: boolean;
  /** Whether each leads to where it is decided. */
  readonly toDecide?: boolean;
}) {
  const now = useNow();
  const times = useTimes();
  return (
    <LinkList>
      {requests.map((request) => (
        <li key={request.id}>
          <LinkRow
            to={toDecide ? '/approvals/$id' : '/requests/$id'}
            params={{ id: request.id }}
            what={whatOf(request)}
            sign={<StateSign state={requestState(request, now)} />}
            text={
              <>
                {withPerson && (
                  <strong>
                    <Person of={request.requester} />:{' '}
                  </strong>
                )}
                {request.reason === '' ? 'no reason given' : request.reason}
              </>
            }
            facts={
              <>
                {request.items[0]?.tier != null && <TierSign tier={request.items[0].tier} />}
                <span>{request.duration}</span>
                <time dateTime={request.createdAt} title={times.full(Date.parse(request.createdAt))}>
                  {times.short(Date.parse(request.createdAt), now)}
                </time>
              </>
            }
          />
        </li>
      ))}
    </LinkList>
  );
}
