import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { under, useAction } from '../../data/action.ts';
import { api, ask } from '../../data/api.ts';
import { useDebounced } from '../../data/debounced.ts';
import { outlookState, stillMissing } from '../../requests/what-it-takes.ts';
import { durationText } from '../../time/countdown.ts';
import { durationChoices, parseDuration, sensibleDuration } from '../../time/durations.ts';
import { useNow } from '../../time/ticker.ts';
import { timesIn, useZone } from '../../time/zone.ts';
import { Button } from '../../ui/button.tsx';
import { Fields, LineField, OneOf, TextField } from '../../ui/fields.tsx';
import { AskIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { StateSign } from '../../ui/signs.tsx';
import { asIfSaid, bodyOf, isPast, timeOf, timesMissing, withItems, type Asked, type DraftSearch } from './draft.ts';
import { AlreadyMine } from './already-mine.tsx';
import { AskedItems, type AskedItem } from './asked-items.tsx';
import { Outlook } from './outlook.tsx';
import classes from './ask-form.module.css';

const STILL_MS = 250;
const FALLBACK_MS = 1_800_000;

/** The form, and beside it what would be decided. */
export function AskForm({
  items,
  draft,
  onDraft,
}: {
  readonly items: readonly AskedItem[];
  readonly draft: DraftSearch;
  readonly onDraft: (draft: DraftSearch) => void;
}) {
  const { defaultMs, maxMs } = timesOf(items);
  const [reason, setReason] = useState(draft.reason ?? '');
  const [complaining, setComplaining] = useState(false);
  const [later, setLater] = useState(draft.at !== undefined);
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const choices = durationChoices(defaultMs, maxMs).map(durationText);
  const chosen = draft.duration ?? durationText(sensibleDuration(defaultMs, maxMs));
  const [typed, setTyped] = useState<string | null>(null);
  // What was chosen before may be none of the choices any more: there is another item.
  const otherDuration = typed ?? (choices.includes(chosen) ? null : chosen);
  const duration = otherDuration ?? chosen;
  const asked: Asked = {
    items: items.map(({ role, target }) => ({ role, target })),
    duration,
    reason,
    ticket: draft.ticket ?? '',
    at: timeOf(draft.at),
  };
  const now = useNow();
  const outlook = useOutlook(asked, !isPast(asked.at, now));
  const requirements = outlook.data?.requirements ?? null;
  const missing = requirements === null ? {} : stillMissing(asked, requirements);
  const wrongTimes = timesMissing(duration, later, asked.at, now);
  const send = useAction(
    (input: Asked, key) => ask(() => api.POST('/v1/requests', { params: under(key), body: bodyOf(input) })),
    {
      touches: [['requests'], ['grants']],
      answered: ({ id }) => void navigate({ to: '/requests/$id', params: { id } }),
    },
  );
  const change = (next: Partial<DraftSearch>): void => onDraft({ ...draft, ...next });
  return (
    <form
      ref={form}
      className={classes['form']}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setComplaining(true);
        if (Object.keys({ ...missing, ...wrongTimes }).length === 0) return send.mutate(asked);
        // After the next drawing, when the complaints stand there.
        requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      }}
    >
      <div className={classes['fields']}>
        <AskedItems items={items} words={draft.q} onItems={(next) => onDraft(withItems(draft, next))} />
        <AlreadyMine items={asked.items} already={outlook.data?.already ?? []} />
        <Fields title="Why">
          <TextField
            label="Reason"
            description={
              requirements !== null && requirements.reasonMin > 0
                ? `What you are about to do, in at least ${requirements.reasonMin} characters. Whoever decides reads it, and it is kept.`
                : 'What you are about to do. Whoever decides reads it, and it is kept.'
            }
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={complaining ? missing.reason : undefined}
            autosize
            minRows={2}
            maxRows={8}
            maxLength={2_000}
            autoFocus
          />
          {(requirements?.ticket != null || asked.ticket !== '') && (
            <LineField
              label="Ticket"
              description={
                requirements?.ticket == null
                  ? undefined
                  : `The rule asks for one (${requirements.ticket}). It is kept as you write it; nothing looks it up yet.`
              }
              value={asked.ticket}
              onChange={(event) => change({ ticket: event.currentTarget.value })}
              error={complaining ? missing.ticket : undefined}
            />
          )}
        </Fields>
        <Fields title="How long">
          <HowLong
            choices={choices}
            maxMs={maxMs}
            chosen={chosen}
            other={otherDuration}
            error={complaining || otherDuration !== '' ? wrongTimes.duration : undefined}
            onDuration={(value, isOther) => {
              setTyped(isOther ? value : null);
              change({ duration: value });
            }}
          />
        </Fields>
        <When
          later={later}
          at={asked.at}
          error={complaining || asked.at !== null ? wrongTimes.at : undefined}
          onWhen={(isLater, at) => {
            setLater(isLater);
            onDraft(withoutAt(draft, at));
          }}
        />
        {outlook.data !== undefined && wrongTimes.at === undefined && (
          <p className={classes['soon']}>
            <StateSign state={outlookState(outlook.data)} />
          </p>
        )}
        {send.error !== null && <FailureNotice error={send.error} intent="change" />}
        <div className={classes['buttons']}>
          <Button kind="solid" type="submit" icon={AskIcon} busy={send.isPending}>
            {wrongTimes.duration === undefined ? `Ask for ${duration}` : 'Ask'}
          </Button>
        </div>
      </div>
      <Outlook asked={asked} preview={outlook} unasked={wrongTimes.at ?? null} refused={send.error} />
    </form>
  );
}

/** The strictest of their times. What is refused has none; the preview says why, and for that it is asked about some time. */
function timesOf(items: readonly AskedItem[]): { readonly defaultMs: number; readonly maxMs: number } {
  const allowed = items.flatMap(({ entry }) => (entry === null || entry.maxDurationMs === 0 ? [] : [entry]));
  const maxMs = allowed.length === 0 ? FALLBACK_MS : Math.min(...allowed.map((entry) => entry.maxDurationMs));
  const defaults = allowed.map((entry) => entry.defaultDurationMs);
  return { maxMs, defaultMs: defaults.length === 0 ? 0 : Math.min(maxMs, ...defaults) };
}

function withoutAt({ at: _, ...draft }: DraftSearch, at: string | null): DraftSearch {
  return at === null ? draft : { ...draft, at };
}

/** What would be decided now. What the asker still has to say is taken as said; the rest is what would be sent. */
function useOutlook(asked: Asked, isSound: boolean) {
  const requirements = useRef<Parameters<typeof asIfSaid>[1]>(null);
  const settled = useDebounced(JSON.stringify(bodyOf(asIfSaid(asked, requirements.current))), STILL_MS);
  const answer = useQuery({
    queryKey: ['preview', settled],
    queryFn: () =>
      ask(() => api.POST('/v1/requests/preview', { body: JSON.parse(settled) as ReturnType<typeof bodyOf> })),
    placeholderData: keepPreviousData,
    enabled: isSound && parseDuration(asked.duration) !== null,
  });
  requirements.current = answer.data?.requirements ?? null;
  return answer;
}

/** For how long: one of the usual times, or another one. */
function HowLong({
  choices,
  maxMs,
  chosen,
  other,
  error,
  onDuration,
}: {
  readonly choices: readonly string[];
  readonly maxMs: number;
  readonly chosen: string;
  /** What is typed instead of one of the choices; `null`: nothing is. */
  readonly other: string | null;
  readonly error: string | undefined;
  readonly onDuration: (duration: string, isOther: boolean) => void;
}) {
  return (
    <>
      <OneOf
        label="How long"
        choices={[...choices.map((value) => ({ value, label: value })), { value: 'other', label: 'Other' }]}
        value={other === null ? chosen : 'other'}
        onChange={(value) => (value === 'other' ? onDuration(chosen, true) : onDuration(value, false))}
      />
      {other !== null && (
        <LineField
          label="For"
          description={`As 45m, 1h or 1h30m; at most ${durationText(maxMs)}.`}
          value={other}
          onChange={(event) => onDuration(event.currentTarget.value, true)}
          error={error}
          autoComplete="off"
        />
      )}
    </>
  );
}

/** When it begins. The clock of the rule starts then, not now. */
function When({
  later,
  at,
  error,
  onWhen,
}: {
  readonly later: boolean;
  /** `null`: at once, or none is chosen yet. */
  readonly at: string | null;
  readonly error: string | undefined;
  readonly onWhen: (later: boolean, at: string | null) => void;
}) {
  const zone = useZone();
  const suffix = zone === 'utc' ? 'Z' : '';
  const name = timesIn(zone).name(at === null ? 0 : Date.parse(at));
  return (
    <Fields title="When">
      <OneOf
        label="When"
        choices={[
          { value: 'now', label: 'As soon as it is approved' },
          { value: 'later', label: 'At a time' },
        ]}
        value={later ? 'later' : 'now'}
        onChange={(value) => onWhen(value === 'later', null)}
      />
      {later && (
        <LineField
          type="datetime-local"
          label={`Begins at (${at === null && zone === 'local' ? "this machine's time" : name})`}
          value={at === null ? '' : forInput(at, zone === 'utc')}
          onChange={(event) => {
            const time = Date.parse(`${event.currentTarget.value}${suffix}`);
            onWhen(true, Number.isNaN(time) ? null : new Date(time).toISOString());
          }}
          error={error}
        />
      )}
    </Fields>
  );
}

/** As such an input wants it: a time without a zone. */
function forInput(at: string, utc: boolean): string {
  const time = new Date(at);
  const shifted = utc ? time : new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
