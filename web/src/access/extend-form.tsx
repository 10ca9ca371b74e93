import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { under, useAction } from '../data/action.ts';
import { api, ask, type Grant, type Schemas } from '../data/api.ts';
import { signInBesideAddress } from '../data/session.ts';
import { Deciders } from '../requests/deciders.tsx';
import { outlookState, STAND_IN, stillMissing, whyUnsignable } from '../requests/what-it-takes.ts';
import { durationText, durationWords } from '../time/countdown.ts';
import { parseDuration } from '../time/durations.ts';
import { useNow } from '../time/ticker.ts';
import { useTimes } from '../time/zone.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Waiting } from '../ui/card.tsx';
import { LineField, OneOf, TextField } from '../ui/fields.tsx';
import { AskIcon, TimerIcon } from '../ui/icons.ts';
import { FailureNotice, Notice, toast } from '../ui/notices.tsx';
import { StateSign } from '../ui/signs.tsx';
import { extensionChoices, furthest, lengthIn, whyNotLonger } from './extension.ts';
import classes from './access.module.css';

const FIRST_MS = 15 * 60_000;

/** Asks for a later end. What can be had, and who decides, stands there before anybody writes why. */
export default function ExtendForm({ grant, onClose }: { readonly grant: Grant; readonly onClose: () => void }) {
  const [chosen, setChosen] = useState(FIRST_MS);
  const foreseen = useForeseen(grant, chosen);
  const times = useTimes();
  const now = useNow();
  if (foreseen.isPending) return <Waiting lines={4} />;
  const at = (time: number): string => times.short(time, now);
  const close = (
    <div className={classes['buttons']}>
      <ButtonLink to="/request" search={{ role: grant.role, target: grant.target }} icon={AskIcon}>
        Ask for new access
      </ButtonLink>
      <Button onClick={onClose}>Close</Button>
    </div>
  );
  if (foreseen.error !== null)
    return (
      <div className={classes['dialog']}>
        <FailureNotice error={foreseen.error} intent="look" again={() => void foreseen.refetch()} />
        {close}
      </div>
    );
  const why = whyNotLonger(foreseen.data, grant.endsAt ?? '', at);
  if (why.length === 0)
    return <Form grant={grant} onClose={onClose} foreseen={foreseen.data} chosen={chosen} onChosen={setChosen} />;
  return (
    <div className={classes['dialog']}>
      <Notice alert>
        {why.map(({ text, hint }) => (
          <p key={text}>
            {text} {hint}
          </p>
        ))}
        {foreseen.data.refusals.some(({ code }) => code === 'mfa-required') && (
          <a href={signInBesideAddress('fresh')} target="_blank" rel="noopener">
            Sign in anew
          </a>
        )}
      </Notice>
      {close}
    </div>
  );
}

/** What would come of it. It stands in for the reason and the ticket, which are asked for last. */
function useForeseen({ id, endsAt, status }: Grant, chosen: number) {
  const duration = durationText(chosen);
  return useQuery({
    queryKey: ['preview', 'extension', id, endsAt, status, duration],
    queryFn: () =>
      ask(() =>
        api.POST('/v1/grants/{id}/extend/preview', { params: { path: { id } }, body: { duration, ...STAND_IN } }),
      ),
    placeholderData: keepPreviousData,
  });
}

interface Wanted {
  readonly duration: string;
  readonly reason: string;
  readonly ticket: string;
}

/** A request of its own, decided like any other, without a gap in between. */
function Form({
  grant,
  onClose,
  foreseen,
  chosen,
  onChosen,
}: {
  readonly grant: Grant;
  readonly onClose: () => void;
  readonly foreseen: Schemas['ExtensionPreview'];
  readonly chosen: number;
  readonly onChosen: (ms: number) => void;
}) {
  const [said, setSaid] = useState({ reason: '', ticket: '' });
  const [complaining, setComplaining] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const now = useNow();
  const times = useTimes();
  const at = (time: number): string => times.short(time, now);
  const act = useAction(
    ({ duration, reason, ticket }: Wanted, key) =>
      ask(() =>
        api.POST('/v1/grants/{id}/extend', {
          params: { path: { id: grant.id }, ...under(key) },
          body: { duration, reason: reason.trim(), ...(ticket.trim() === '' ? {} : { ticket: ticket.trim() }) },
        }),
      ),
    {
      touches: [['grants'], ['requests'], ['request'], ['preview']],
      done: (request) => {
        onClose();
        toast(request.status === 'approved' ? 'Approved' : 'Asked for', request.next);
        if (request.status === 'pending') void navigate({ to: '/requests/$id', params: { id: request.id } });
      },
    },
  );
  const { requirements } = foreseen;
  const choices = extensionChoices(foreseen, grant.endsAt ?? '');
  const ms = lengthIn(choices, chosen) ?? FIRST_MS;
  const missing = stillMissing(said, { ...requirements, reasonMin: Math.max(1, requirements.reasonMin) });
  const unsignable = whyUnsignable(foreseen);
  return (
    <form
      ref={form}
      className={classes['dialog']}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setComplaining(true);
        if (Object.keys(missing).length === 0) return act.mutate({ ...said, duration: durationText(ms) });
        // After the next drawing, when the complaints stand there.
        requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      }}
    >
      <div className={classes['part']}>
        <OneOf
          label="By how much"
          choices={choices.map(durationText).map((value) => ({ value, label: value }))}
          value={durationText(ms)}
          onChange={(value) => onChosen(parseDuration(value) ?? FIRST_MS)}
        />
        <p>
          {grant.endsAt !== null && (
            <>
              Until <strong>{at(Date.parse(grant.endsAt) + ms)}</strong>, {durationWords(ms)} later.{' '}
            </>
          )}
          <span className={classes['fine']}>{furthest(foreseen, at)} The end that it has holds until then.</span>
        </p>
      </div>
      <div className={classes['part']} role="status">
        {/* A length that is none of the choices was asked about first: what it would come to says nothing of the others. */}
        {foreseen.effect === 'allow' && (
          <>
            <StateSign state={outlookState(foreseen)} />
            {foreseen.steps.map((step) => (
              <Deciders key={step.id} step={step} before={`${step.count} of`} />
            ))}
            {unsignable !== null && <Notice>{unsignable}</Notice>}
          </>
        )}
      </div>
      <TextField
        label="Why"
        description={
          requirements.reasonMin > 1
            ? `What is still to be done, in at least ${requirements.reasonMin} characters. Whoever decides reads it.`
            : 'What is still to be done. Whoever decides reads it.'
        }
        value={said.reason}
        error={complaining ? missing.reason : undefined}
        maxLength={2_000}
        autosize
        minRows={2}
        onChange={(event) => setSaid({ ...said, reason: event.currentTarget.value })}
      />
      {requirements.ticket !== null && (
        <LineField
          label="Ticket"
          description={`The rule asks for one (${requirements.ticket}).`}
          value={said.ticket}
          error={complaining ? missing.ticket : undefined}
          onChange={(event) => setSaid({ ...said, ticket: event.currentTarget.value })}
        />
      )}
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
