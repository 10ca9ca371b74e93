import { useState, type ReactNode } from 'react';
import type { AccessRequest } from '../../data/api.ts';
import type { Yes } from '../../data/passkeys.ts';
import { who } from '../../data/who.ts';
import { durationText, durationWords } from '../../time/countdown.ts';
import { durationChoices, parseDuration } from '../../time/durations.ts';
import { Button } from '../../ui/button.tsx';
import { LineField, TextField } from '../../ui/fields.tsx';
import { ApprovedIcon, KeyIcon } from '../../ui/icons.ts';
import { Dialog } from '../../ui/overlays.tsx';
import classes from './approvals.module.css';

/** A yes for less than was asked. The shortest that anybody agrees to is what is given. */
export function ShorterDialog({
  request: { requester, durationMs, needsSignature },
  opened,
  onClose,
  busy,
  failure,
  onYes,
}: {
  readonly request: AccessRequest;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly busy: boolean;
  readonly failure: ReactNode;
  readonly onYes: (yes: Yes) => void;
}) {
  const [length, setLength] = useState('');
  const [comment, setComment] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const asked = durationWords(durationMs);
  const choices = durationChoices(0, durationMs).filter((ms) => ms < durationMs);
  return (
    <Dialog title="Approve for a shorter time" opened={opened} onClose={onClose}>
      <form
        className={classes['dialog']}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const ms = parseDuration(length);
          if (ms === null) return setComplaint('Say how long, like 15m or 1h30m.');
          if (ms >= durationMs) return setComplaint(`It has to be less than the ${asked} that were asked for.`);
          setComplaint(null);
          onYes({ durationMs: ms, ...(comment.trim() === '' ? {} : { comment: comment.trim() }) });
        }}
      >
        <LineField
          label="For how long"
          description={`${who(requester)} asked for ${asked}.`}
          value={length}
          onChange={(event) => setLength(event.currentTarget.value)}
          error={complaint}
          autoComplete="off"
          data-autofocus
        />
        {choices.length > 0 && (
          <div className={classes['buttons']}>
            {choices.map((ms) => (
              <Button key={ms} small onClick={() => setLength(durationText(ms))}>
                {durationText(ms)}
              </Button>
            ))}
          </div>
        )}
        <TextField
          label="A word with it"
          description="May be left empty."
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
          maxLength={2_000}
          rows={2}
        />
        {failure}
        <div className={classes['buttons']}>
          <Button type="submit" icon={needsSignature ? KeyIcon : ApprovedIcon} busy={busy}>
            Approve this long
          </Button>
          <Button kind="quiet" onClick={onClose}>
            Not yet
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
