import { useQueryClient } from '@tanstack/react-query';
import { changeOf, effectsOf } from '../../administration/proposal-words.ts';
import { under, useAction } from '../../data/action.ts';
import { ADMINISTRATION, type Proposal } from '../../data/administration.ts';
import { api, ApiFailure, ask } from '../../data/api.ts';
import { useMyPasskeys } from '../../data/my-passkeys.ts';
import { confirmProposal } from '../../data/passkeys.ts';
import { needsOneOf, who } from '../../data/who.ts';
import { goneOf, PasskeyFailure, PasskeyGone } from '../../passkeys/passkey-failure.tsx';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { Button } from '../../ui/button.tsx';
import { Card, Facts, Quote } from '../../ui/card.tsx';
import { ApprovedIcon, DeniedIcon, ReturnIcon } from '../../ui/icons.ts';
import { FailureNotice, toast } from '../../ui/notices.tsx';
import { StateSign } from '../../ui/signs.tsx';
import classes from './administration.module.css';

/** A change that waits, with everything that it would take away, and the two answers to it side by side. */
export function OneProposal({ proposal, me }: { readonly proposal: Proposal; readonly me: string }) {
  const now = useNow();
  const client = useQueryClient();
  const { id, reason, proposedBy, lapsesAt, mayConfirm, mayRefuse, changesVersion, confirmers } = proposal;
  const own = proposedBy.key === me;
  const left = countdown(now, Date.parse(lapsesAt));
  const passkeys = useMyPasskeys(mayConfirm);
  const hasPasskey = (passkeys.data?.items.length ?? 0) > 0;
  const cannot = mayConfirm ? goneOf(passkeys.data) : null;
  const touches = [ADMINISTRATION, ['me']];
  const confirm = useAction((seen: string, key) => confirmProposal(id, seen, hasPasskey, key), {
    touches,
    done: (after) => toast('Confirmed', changeOf(after)),
  });
  const refuse = useAction(
    (_: string, key) =>
      ask(() =>
        api.POST('/v1/administration/proposals/{id}/refuse', { params: { path: { id }, ...under(key) }, body: {} }),
      ),
    { touches, done: () => toast(own ? 'Withdrawn' : 'Refused', 'Nothing was changed.') },
  );
  /** What it would change is another thing by now: that is read, and stands on the card for another look. */
  const changed = (error: Error): void => {
    if (error instanceof ApiFailure && error.code === 'proposal-changed')
      void client.invalidateQueries({ queryKey: ADMINISTRATION });
  };
  return (
    <Card className={classes['card']} tone={mayConfirm ? 'waiting' : undefined} aria-label={changeOf(proposal)}>
      <div className={classes['head']}>
        <StateSign state={{ word: mayConfirm ? 'waits for you' : 'waits for a second person', tone: 'waiting' }} />
        <span className={classes['small']} role="timer" aria-label={`lapses in ${left.words}`}>
          {left.over ? 'its time is over' : `lapses in ${left.text}`}
        </span>
      </div>
      <h3 className={classes['title']}>{changeOf(proposal)}</h3>
      <Quote>{reason}</Quote>
      <ul className={classes['effects']} aria-label="What it would change">
        {effectsOf(proposal).map((effect) => (
          <li key={effect}>{effect}</li>
        ))}
      </ul>
      <Facts
        rows={[
          ['Proposed by', own ? 'you' : who(proposedBy)],
          [
            'Who can confirm',
            confirmers.length === 0
              ? 'Nobody as it stands: propose it again once another admin can.'
              : needsOneOf(confirmers, me),
          ],
        ]}
      />
      {confirm.error !== null && <PasskeyFailure error={confirm.error} />}
      {cannot !== null && confirm.error === null && <PasskeyGone why={cannot} />}
      {refuse.error !== null && <FailureNotice error={refuse.error} intent="change" />}
      {(mayConfirm || mayRefuse) && (
        <div className={classes['buttons']}>
          {mayConfirm && (
            <Button
              icon={ApprovedIcon}
              cannot={cannot}
              // Until it is known, nobody can tell what the answer takes.
              busy={confirm.isPending || passkeys.isLoading}
              onClick={() => confirm.mutate(changesVersion, { onError: changed })}
            >
              {hasPasskey ? 'Confirm with passkey' : 'Confirm'}
            </Button>
          )}
          {mayRefuse && (
            <Button icon={own ? ReturnIcon : DeniedIcon} busy={refuse.isPending} onClick={() => refuse.mutate(id)}>
              {own ? 'Withdraw' : 'Refuse'}
            </Button>
          )}
        </div>
      )}
    </Card>
  );
}
