import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { under, useAction } from '../../data/action.ts';
import { api, ask, type Schemas } from '../../data/api.ts';
import { makePasskey } from '../../data/passkeys.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Button } from '../../ui/button.tsx';
import { Card, Empty, Section, Waiting } from '../../ui/card.tsx';
import { LineField } from '../../ui/fields.tsx';
import { KeyIcon } from '../../ui/icons.ts';
import { FailureNotice, Notice, toast } from '../../ui/notices.tsx';
import { Dialog } from '../../ui/overlays.tsx';
import { Tag } from '../../ui/signs.tsx';
import classes from './me.module.css';

type Passkey = Schemas['Passkey'];

const KEY = ['me', 'passkeys'] as const;

/** What I sign approvals of tier 0 and 1 with. */
export function Passkeys() {
  const passkeys = useQuery({ queryKey: KEY, queryFn: () => ask(() => api.GET('/v1/me/passkeys')) });
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
      {items !== undefined && <Register hasOne={items.length > 0} />}
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

/** Makes one on this device. A sign-in of a moment ago is asked for, or a passkey that is registered already. */
function Register({ hasOne }: { readonly hasOne: boolean }) {
  const [name, setName] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const make = useAction(
    async ({ called }: { readonly called: string; readonly attempt: string }, key) => {
      const response = await makePasskey(hasOne);
      const { id, rawId, response: made } = response;
      const { clientDataJSON, attestationObject, transports } = made;
      return ask(() =>
        api.POST('/v1/me/passkeys', {
          params: under(key),
          body: {
            name: called,
            response: {
              id,
              rawId,
              type: 'public-key',
              clientExtensionResults: {},
              response: {
                clientDataJSON,
                attestationObject,
                ...(transports === undefined ? {} : { transports: [...transports] }),
              },
            },
          },
        }),
      );
    },
    {
      touches: [KEY],
      done: ({ name: called }) => {
        setName('');
        toast('Registered', `${called} can sign from now on.`);
      },
    },
  );
  return (
    <form
      className={classes['register']}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const called = name.trim();
        setComplaint(called === '' ? 'Give it a name, by which you will know it again.' : null);
        if (called !== '') make.mutate({ called, attempt: crypto.randomUUID() });
      }}
    >
      <LineField
        label="Name of the new passkey"
        placeholder="Laptop"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={complaint}
        maxLength={60}
        autoComplete="off"
      />
      <Button type="submit" icon={KeyIcon} busy={make.isPending}>
        Register a passkey
      </Button>
      {make.error !== null && (
        <div className={classes['wide']}>
          <FailureNotice error={make.error} intent="change" />
        </div>
      )}
    </form>
  );
}
