import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { under, useAction } from '../data/action.ts';
import { api, ask, type Grant } from '../data/api.ts';
import { durationWords } from '../time/countdown.ts';
import { parseDuration } from '../time/durations.ts';
import { useNow } from '../time/ticker.ts';
import { useTimes } from '../time/zone.ts';
import { Button } from '../ui/button.tsx';
import { LineField, OneOf, TextField } from '../ui/fields.tsx';
import { TimerIcon } from '../ui/icons.ts';
import { FailureNotice, toast } from '../ui/notices.tsx';
import classes from './access.module.css';

const CHOICES = ['15m', '30m', '1h'] as const;

interface Wanted {
  readonly duration: string;
  readonly reason: string;
  readonly ticket: string;
}

/** A request of its own, decided like any other, without a gap in between. */
export default function ExtendForm({ grant, onClose }: { readonly grant: Grant; readonly onClose: () => void }) {
  const [wanted, setWanted] = useState<Wanted>({ duration: '15m', reason: '', ticket: '' });
  const [complaint, setComplaint] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const now = useNow();
  const times = useTimes();
  const act = useAction(
    ({ duration, reason, ticket }: Wanted, key) =>
      ask(() =>
        api.POST('/v1/grants/{id}/extend', {
          params: { path: { id: grant.id }, ...under(key) },
          body: { duration, reason: reason.trim(), ...(ticket.trim() === '' ? {} : { ticket: ticket.trim() }) },
        }),
      ),
    {
      touches: [['grants'], ['requests'], ['request']],
      done: (request) => {
        onClose();
        toast(request.status === 'approved' ? 'Approved' : 'Asked for', request.next);
        if (request.status === 'pending') void navigate({ to: '/requests/$id', params: { id: request.id } });
      },
    },
  );
  const laterMs = parseDuration(wanted.duration) ?? 0;
  const end = grant.endsAt === null ? null : Date.parse(grant.endsAt) + laterMs;
  return (
    <form
      ref={form}
      className={classes['dialog']}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const said = wanted.reason.trim() !== '';
        setComplaint(said ? null : 'Say why.');
        if (said) return act.mutate(wanted);
        form.current?.querySelector('textarea')?.focus();
      }}
    >
      <OneOf
        label="By how much"
        choices={CHOICES.map((value) => ({ value, label: value }))}
        value={wanted.duration}
        onChange={(duration) => setWanted({ ...wanted, duration })}
      />
      <p>
        {end !== null && `It would end at ${times.short(end, now)}, ${durationWords(laterMs)} later. `}
        The end that it has holds until the cloud has the later one.
      </p>
      <TextField
        label="Why"
        description="What is still to be done. Whoever decides reads it."
        value={wanted.reason}
        error={complaint}
        maxLength={2_000}
        autosize
        minRows={2}
        onChange={(event) => setWanted({ ...wanted, reason: event.currentTarget.value })}
      />
      <LineField
        label="Ticket"
        description="If the rule asks for one."
        value={wanted.ticket}
        onChange={(event) => setWanted({ ...wanted, ticket: event.currentTarget.value })}
      />
      {act.error !== null && <FailureNotice error={act.error} intent="change" />}
      <div className={classes['buttons']}>
        <Button kind="solid" type="submit" icon={TimerIcon} busy={act.isPending}>
          Ask for it
        </Button>
        <Button onClick={onClose}>Not now</Button>
      </div>
    </form>
  );
}
