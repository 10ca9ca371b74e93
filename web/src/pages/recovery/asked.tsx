import { useState } from 'react';
import { useAction } from '../../data/action.ts';
import { confirmRecovery } from '../../data/passkeys.ts';
import { isCode, RECOVERIES, type Recovery } from '../../data/recoveries.ts';
import { who } from '../../data/who.ts';
import { PasskeyFailure } from '../../passkeys/passkey-failure.tsx';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { LineField } from '../../ui/fields.tsx';
import { KeyIcon } from '../../ui/icons.ts';
import { toast } from '../../ui/notices.tsx';
import { StateSign } from '../../ui/signs.tsx';
import classes from './recovery.module.css';

/**
 * A colleague asks me to vouch for them. The code is not shown here: whoever types it has heard it from somebody, which is what the
 * signature is to say.
 */
export function Asked({ recovery, me }: { readonly recovery: Recovery; readonly me: string }) {
  const now = useNow();
  const times = useTimes();
  const { id, person, askedAt, lapsesAt, confirmedBy, missing } = recovery;
  const [typed, setTyped] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const mine = confirmedBy.some(({ key }) => key === me);
  const left = countdown(now, Date.parse(lapsesAt));
  const confirm = useAction((_: { readonly attempt: string }, key) => confirmRecovery(id, key), {
    touches: [RECOVERIES],
    done: (after) =>
      toast(
        'You vouched',
        after.openUntil === null ? 'One more has to.' : `${who(person)} can register a new passkey for an hour.`,
      ),
  });
  return (
    <Card className={classes['card']} tone={mine ? undefined : 'waiting'} aria-label={`Recovery of ${who(person)}`}>
      <div className={classes['head']}>
        <StateSign state={mine ? { word: 'you vouched', tone: 'good' } : { word: 'waits for you', tone: 'waiting' }} />
        <span className={classes['small']} role="timer" aria-label={`${left.words} left`}>
          {left.over ? 'its time is over' : `${left.text} left`}
        </span>
      </div>
      <h3 className={classes['title']}>{who(person)} lost all passkeys</h3>
      <p className={classes['quiet']}>
        Asked {times.short(Date.parse(askedAt), now)}.{' '}
        {confirmedBy.length === 0
          ? 'Nobody has vouched yet.'
          : `Vouched: ${confirmedBy.map((one) => (one.key === me ? 'you' : who(one))).join(', ')}.`}{' '}
        {missing === 1 ? 'One more is needed.' : `${missing} are needed.`}
      </p>
      {!mine && (
        <form
          className={classes['part']}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            const same = isCode(recovery, typed);
            setComplaint(same ? null : 'That is not the code on their page. If it is what you heard, do not vouch.');
            if (same) confirm.mutate({ attempt: crypto.randomUUID() });
          }}
        >
          <ol className={classes['steps']}>
            <li>
              Speak with {who(person)} yourself: face to face, or at a number that you knew before. Chat and mail may be
              in somebody else’s hands.
            </li>
            <li>Ask whether they began this, and let them read the six characters on their page to you.</li>
            <li>
              Vouch. With the second who does, their old passkeys are removed, every sign-in of theirs ends, and they
              can register a new passkey for an hour.
            </li>
          </ol>
          <LineField
            label={`The code that ${who(person)} reads to you`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            error={complaint}
            autoComplete="off"
            spellCheck={false}
            maxLength={20}
          />
          {confirm.error !== null && <PasskeyFailure error={confirm.error} />}
          <div className={classes['buttons']}>
            <Button type="submit" icon={KeyIcon} busy={confirm.isPending}>
              Vouch with my passkey
            </Button>
          </div>
        </form>
      )}
    </Card>
  );
}
