import { useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { under, useAction } from '../../data/action.ts';
import { api, ask, type Grant } from '../../data/api.ts';
import { useLive } from '../../data/live.ts';
import { ORDERS } from '../../data/orders.ts';
import { useMe } from '../../data/session.ts';
import { who } from '../../data/who.ts';
import { Button } from '../../ui/button.tsx';
import { Choices, LineField, TextField } from '../../ui/fields.tsx';
import { OrderIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { bodyOf, candidates, matching, type Chosen } from './cover.ts';
import { OrderOutlook } from './order-outlook.tsx';
import classes from './orders.module.css';

type Kind = Chosen['kind'];

const KINDS = [
  { value: 'person', label: 'One person', detail: 'Their laptop was stolen, or they act oddly.' },
  { value: 'target', label: 'One target', detail: 'Somebody is in there who should not be.' },
  { value: 'all', label: 'Everybody, everywhere', detail: 'Takes a second person before anything ends.' },
] as const;

const NOBODY: readonly Grant[] = [];

/** Gives an order. Nothing is chosen beforehand, and what it would end stands beside it before it is given. */
export function OrderForm() {
  const live = useLive();
  const { data: me } = useMe();
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const [kind, setKind] = useState<Kind | null>(null);
  const [one, setOne] = useState<{ readonly key: string; readonly name: string } | null>(null);
  const [reason, setReason] = useState('');
  const [complaining, setComplaining] = useState(false);
  const chosen: Chosen | null =
    kind === 'all' ? { kind } : kind === null || one === null ? null : { kind, key: one.key, name: one.name };
  const order = useAction(
    (input: { readonly chosen: Chosen; readonly reason: string }, key) =>
      ask(() => api.POST('/v1/revocations', { params: under(key), body: bodyOf(input.chosen, input.reason) })),
    {
      touches: [ORDERS, ['live'], ['grants'], ['requests']],
      answered: ({ id }) => void navigate({ to: '/orders/$id', params: { id } }),
    },
  );
  return (
    <form
      ref={form}
      className={classes['form']}
      noValidate
      aria-label="Give an order"
      onSubmit={(event) => {
        event.preventDefault();
        setComplaining(true);
        if (chosen !== null && reason.trim() !== '') return order.mutate({ chosen, reason: reason.trim() });
        // After the next drawing, when the complaints stand there.
        requestAnimationFrame(() => {
          const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
          (wrong?.querySelector('input') ?? wrong)?.focus();
        });
      }}
    >
      <div className={classes['fields']}>
        <Choices
          label="Whose access"
          choices={KINDS}
          value={kind}
          onChange={(value) => {
            setKind(KINDS.find((choice) => choice.value === value)?.value ?? null);
            setOne(null);
          }}
          error={complaining && kind === null ? 'Choose one.' : null}
        />
        {kind !== null && kind !== 'all' && (
          <Which
            key={kind}
            kind={kind}
            grants={live.data?.grants ?? NOBODY}
            chosen={one?.key ?? null}
            onChosen={setOne}
            complaint={complaining && one === null ? `Choose ${kind === 'person' ? 'whom' : 'which'}.` : null}
          />
        )}
        <TextField
          label="Why"
          description="The log keeps it, and whoever confirms or lifts the order reads it."
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={complaining && reason.trim() === '' ? 'Say why: the log keeps it.' : null}
          maxLength={2_000}
          autosize
          minRows={2}
          maxRows={8}
        />
      </div>
      <OrderOutlook chosen={chosen} reason={reason} live={live} me={me?.person.key ?? ''} />
      <div className={classes['send']}>
        {order.error !== null && <FailureNotice error={order.error} intent="change" />}
        <div className={classes['buttons']}>
          <Button type="submit" kind="danger" icon={OrderIcon} busy={order.isPending}>
            {chosen === null ? 'Stop access' : words(chosen)}
          </Button>
        </div>
      </div>
    </form>
  );
}

function words(chosen: Chosen): string {
  if (chosen.kind === 'all') return 'Order that all access ends';
  return chosen.kind === 'person' ? `Stop all access of ${who(chosen)}` : `Stop all access on ${chosen.name}`;
}

/** Whom, or which: those who hold something now are offered, and anybody else by their key. */
function Which({
  kind,
  grants,
  chosen,
  onChosen,
  complaint,
}: {
  readonly kind: 'person' | 'target';
  readonly grants: readonly Grant[];
  readonly chosen: string | null;
  readonly onChosen: (one: { readonly key: string; readonly name: string } | null) => void;
  readonly complaint: string | null;
}) {
  const [typed, setTyped] = useState('');
  const sought = useDeferredValue(typed);
  const all = useMemo(() => candidates(grants, kind), [grants, kind]);
  const shown = useMemo(() => matching(all, sought), [all, sought]);
  return (
    <div className={classes['which']}>
      <LineField
        type="search"
        label={kind === 'person' ? 'Who' : 'Which target'}
        description={
          kind === 'person'
            ? 'Whoever holds something now stands below. Anybody else: type their key, as the directory has it.'
            : 'What somebody holds access on stands below. Another one: type its name.'
        }
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          onChosen(null);
        }}
        autoComplete="off"
        spellCheck={false}
        autoFocus
      />
      <Choices
        label={kind === 'person' ? 'Person' : 'Target'}
        hidden
        choices={shown.map(({ key, name, held }) => ({
          value: key,
          label: name,
          detail: `${kind === 'person' && name !== key ? `${key}, ` : ''}${
            held === 0 ? 'nothing live under this name' : `${held} live`
          }`,
        }))}
        value={chosen}
        onChange={(key) => onChosen(shown.find((candidate) => candidate.key === key) ?? null)}
        error={complaint}
      />
    </div>
  );
}
