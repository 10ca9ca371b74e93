import { useState, type ReactNode } from 'react';
import type { AccessRequest } from '../../data/api.ts';
import { who } from '../../data/who.ts';
import { durationText, durationWords } from '../../time/countdown.ts';
import { durationChoices, parseDuration } from '../../time/durations.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Button } from '../../ui/button.tsx';
import { LineField, TextField } from '../../ui/fields.tsx';
import { ApprovedIcon, KeyIcon } from '../../ui/icons.ts';
import { Dialog } from '../../ui/overlays.tsx';
import { endBefore } from './facts.ts';
import classes from './approvals.module.css';

/** A yes for less than was asked. The shortest that anybody agrees to is what is given. */
export function ShorterDialog({
  request,
  opened,
  onClose,
  busy,
  failure,
  word,
  onWord,
  onYes,
}: {
  readonly request: AccessRequest;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly busy: boolean;
  readonly failure: ReactNode;
  readonly word: string;
  readonly onWord: (word: string) => void;
  readonly onYes: (durationMs: number) => void;
}) {
  const { requester, durationMs, needsSignature } = request;
  const [length, setLength] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const now = useNow();
  const times = useTimes();
  const asked = durationWords(durationMs);
  const before = endBefore(request);
  const from = before === null ? '' : times.short(before, now);
  const about =
    before === null
      ? { title: 'Approve for a shorter time', label: 'For how long', asked, yes: 'Approve this long' }
      : {
          title: 'Approve a shorter extension',
          label: 'By how much longer',
          asked: `${asked} longer than ${from}`,
          yes: 'Approve this much longer',
        };
  const chosen = parseDuration(length);
  const then = before === null || chosen === null ? '' : ` This would be until ${times.short(before + chosen, now)}.`;
  const choices = durationChoices(0, durationMs).filter((ms) => ms < durationMs);
  return (
    <Dialog title={about.title} opened={opened} onClose={onClose}>
      <form
        className={classes['dialog']}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const ms = parseDuration(length);
          if (ms === null) return setComplaint('Say how long, like 15m or 1h30m.');
          if (ms >= durationMs) return setComplaint(`It has to be less than the ${asked} that were asked for.`);
          setComplaint(null);
          onYes(ms);
        }}
      >
        <LineField
          label={about.label}
          description={`${who(requester)} asked for ${about.asked}.${then}`}
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
          value={word}
          onChange={(event) => onWord(event.currentTarget.value)}
          maxLength={2_000}
          rows={2}
        />
        {failure}
        <div className={classes['buttons']}>
          <Button type="submit" icon={needsSignature ? KeyIcon : ApprovedIcon} busy={busy}>
            {about.yes}
          </Button>
          <Button kind="quiet" onClick={onClose}>
            Not yet
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
