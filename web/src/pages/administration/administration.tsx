import { useAdministration, type Holder } from '../../data/administration.ts';
import type { Schemas } from '../../data/api.ts';
import { useMe } from '../../data/session.ts';
import { who } from '../../data/who.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Empty, Section, Waiting } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Tag } from '../../ui/signs.tsx';
import { Conflicts } from './conflicts.tsx';
import { OneProposal } from './one-proposal.tsx';
import { Propose } from './propose.tsx';
import classes from './administration.module.css';

const LOOK_MS = 15_000;

/** Who looks after Curfew itself. What an admin proposes, another one confirms. */
export function AdministrationPage() {
  const found = useAdministration();
  const { data: me } = useMe();
  const admin = me?.roles.includes('admin') ?? false;
  const watches = admin || (me?.roles.includes('auditor') ?? false);
  const { holders = [], proposals = [], forgotten = [] } = found.data ?? {};
  return (
    <Page
      title="Administration"
      lead="Who looks after Curfew itself. No admin changes that alone, and none of them approves access by it."
    >
      {found.isPending && <Waiting lines={6} />}
      {found.error !== null && <FailureNotice error={found.error} intent="look" again={() => void found.refetch()} />}
      {found.data !== undefined && (
        <>
          <Section id="proposals" title="Waits for a second person">
            {proposals.length === 0 ? (
              <Empty title="Nothing is proposed">
                {watches
                  ? 'What an admin proposes stands here for a day, until another one confirms or refuses it.'
                  : 'As far as it is about you: what is about others is shown to admins and auditors.'}
              </Empty>
            ) : (
              <ul className={classes['list']}>
                {proposals.map((proposal) => (
                  <li key={proposal.id}>
                    <OneProposal proposal={proposal} me={me?.person.key ?? ''} />
                  </li>
                ))}
              </ul>
            )}
          </Section>
          <Section id="holders" title="Who looks after Curfew">
            <Holders holders={holders} />
          </Section>
          {forgotten.length > 0 && (
            <Section id="forgotten" title="Accounts that were forgotten">
              <Forgotten forgotten={forgotten} />
            </Section>
          )}
          {watches && <Conflicts everyMs={LOOK_MS} />}
          {admin && (
            <Section id="propose" title="Propose a change">
              <Propose holders={holders} />
            </Section>
          )}
        </>
      )}
    </Page>
  );
}

/** What whoever runs Curfew did where nobody could sign in: nothing that an admin does, so everybody may see it. */
function Forgotten({ forgotten }: { readonly forgotten: Schemas['Administration']['forgotten'] }) {
  const now = useNow();
  const times = useTimes();
  return (
    <>
      <p className={classes['quiet']}>
        Whoever runs Curfew let the directory say anew which accounts there are whose. If nobody knows why, find out.
      </p>
      <ul className={classes['holders']}>
        {forgotten.map(({ issuer, at, accounts }) => (
          <li key={`${issuer} ${at}`}>
            <span>
              {accounts} {accounts === 1 ? 'account' : 'accounts'} at <strong>{issuer}</strong>
            </span>
            <span className={classes['small']}>{times.short(Date.parse(at), now)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Holders({ holders }: { readonly holders: readonly Holder[] }) {
  const now = useNow();
  const times = useTimes();
  if (holders.length === 0) {
    return (
      <Empty title="Nobody yet">
        The first admin comes from the code on the console of the broker: <code>curfew admin claim</code>
      </Empty>
    );
  }
  return (
    <ul className={classes['holders']}>
      {holders.map(({ person, role, since, active, appointedBy, confirmedBy }) => (
        <li key={`${person.key} ${role}`}>
          <span className={classes['who']}>
            <strong>{person.name}</strong> <span className={classes['quiet']}>{person.key}</span> <Tag>{role}</Tag>{' '}
            {!active && <Tag>has left</Tag>}
          </span>
          <span className={classes['small']}>
            since {times.short(Date.parse(since), now)},{' '}
            {appointedBy === null
              ? 'by the code of the console'
              : `proposed by ${who(appointedBy)}${confirmedBy === null ? '' : `, confirmed by ${who(confirmedBy)}`}`}
          </span>
        </li>
      ))}
    </ul>
  );
}
