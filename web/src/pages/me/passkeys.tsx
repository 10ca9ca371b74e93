import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useAction } from '../../data/action.ts';
import { api, ask, type Schemas } from '../../data/api.ts';
import { MY_PASSKEYS as KEY, useMyPasskeys } from '../../data/my-passkeys.ts';
import { RegisterPasskey } from '../../passkeys/register-passkey.tsx';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Button, ButtonAnchor, ButtonLink } from '../../ui/button.tsx';
import { Card, Empty, Section, Waiting } from '../../ui/card.tsx';
import { LineField } from '../../ui/fields.tsx';
import { BackIcon } from '../../ui/icons.ts';
import { FailureNotice, Notice } from '../../ui/notices.tsx';
import { Dialog } from '../../ui/overlays.tsx';
import { Tag } from '../../ui/signs.tsx';
import classes from './me.module.css';

type Passkey = Schemas['Passkey'];

/** What I sign approvals of tier 0 and 1 with. */
export function Passkeys() {
  const { back } = useSearch({ from: '/me' });
  const passkeys = useMyPasskeys();
  const items = passkeys.data?.items;
  return (
    <Section id="passkeys" title="Passkeys">
      <p className={classes['quiet']}>
        Whoever approves roles of tier 0 or 1 signs with a passkey. It stays on your device; Curfew keeps only what
        verifies it.
      </p>
      {passkeys.isPending && <Waiting />}
      {passkeys.error !== null && (
        <FailureNotice error={passkeys.error} intent="look" again={() => void passkeys.refetch()} />
      )}
      {items?.length === 0 && (
        <Empty title="You have no passkey">
          Without one you cannot approve the most sensitive roles. Register two.
        </Empty>
      )}
      {items?.length === 1 && (
        <Notice>
          Register a second one, on another device: who loses the only one needs two colleagues to come back.
        </Notice>
      )}
      {items !== undefined && items.length > 0 && (
        <ul className={classes['list']}>
          {items.map((passkey) => (
            <li key={passkey.id}>
              <OnePasskey passkey={passkey} />
            </li>
          ))}
        </ul>
      )}
      {items !== undefined && <RegisterPasskey hasOne={items.length > 0} />}
      {back !== undefined && items !== undefined && items.length > 0 && (
        <p>
          <ButtonAnchor href={back} kind="solid" icon={BackIcon}>
            Back to where you were
          </ButtonAnchor>
        </p>
      )}
      <p>
        <ButtonLink to="/recovery" kind="quiet" small>
          I lost all my passkeys
        </ButtonLink>
      </p>
    </Section>
  );
}

function OnePasskey({ passkey }: { readonly passkey: Passkey }) {
  const { id, name, createdAt, lastUsedAt, synced } = passkey;
  const now = useNow();
  const times = useTimes();
  const [asking, setAsking] = useState<'name' | 'remove' | null>(null);
  const [typed, setTyped] = useState(name);
  const close = (): void => setAsking(null);
  const rename = useAction(
    (to: string) => ask(() => api.PATCH('/v1/me/passkeys/{id}', { params: { path: { id } }, body: { name: to } })),
    { touches: [KEY], done: close },
  );
  const remove = useAction((_: string) => ask(() => api.DELETE('/v1/me/passkeys/{id}', { params: { path: { id } } })), {
    touches: [KEY],
    done: close,
  });
  const at = (time: string): string => times.short(Date.parse(time), now);
  return (
    <Card className={classes['item']}>
      <div>
        <h3>
          {name} {synced && <Tag>on several devices</Tag>}
        </h3>
        <p className={classes['quiet']}>
          registered {at(createdAt)}, {lastUsedAt === null ? 'never used' : `used last ${at(lastUsedAt)}`}
        </p>
      </div>
      <div className={classes['buttons']}>
        <Button small onClick={() => setAsking('name')}>
          Rename
        </Button>
        <Button small kind="danger" onClick={() => setAsking('remove')}>
          Remove
        </Button>
      </div>
      <Dialog title="Another name" opened={asking === 'name'} onClose={close}>
        <form
          className={classes['dialog']}
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.trim() !== '') rename.mutate(typed.trim());
          }}
        >
          <LineField
            label="Name"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            maxLength={60}
            required
            data-autofocus
          />
          {rename.error !== null && <FailureNotice error={rename.error} intent="change" />}
          <div className={classes['buttons']}>
            <Button type="submit" busy={rename.isPending}>
              Save
            </Button>
          </div>
        </form>
      </Dialog>
      <Dialog title={`Remove ${name}?`} opened={asking === 'remove'} onClose={close}>
        <div className={classes['dialog']}>
          <p>Nothing can be signed with it any more. What it has signed stays signed, and the log keeps both.</p>
          {remove.error !== null && <FailureNotice error={remove.error} intent="change" />}
          <div className={classes['buttons']}>
            <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate(id)}>
              Remove it
            </Button>
            <Button kind="quiet" onClick={close}>
              Keep it
            </Button>
          </div>
        </div>
      </Dialog>
    </Card>
  );
}
