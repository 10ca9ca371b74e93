import { useState } from 'react';
import { under, useAction } from '../data/action.ts';
import { api, ask } from '../data/api.ts';
import { MY_PASSKEYS } from '../data/my-passkeys.ts';
import { makePasskey } from '../data/passkeys.ts';
import { RECOVERIES } from '../data/recoveries.ts';
import { Button } from '../ui/button.tsx';
import { LineField } from '../ui/fields.tsx';
import { KeyIcon } from '../ui/icons.ts';
import { toast } from '../ui/notices.tsx';
import { PasskeyFailure } from './passkey-failure.tsx';
import classes from './passkeys.module.css';

/** Makes one on this device. A sign-in of a moment ago is asked for, or a passkey that is registered already. */
export function RegisterPasskey({ hasOne, done }: { readonly hasOne: boolean; readonly done?: () => void }) {
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
      touches: [MY_PASSKEYS, RECOVERIES],
      done: ({ name: called }) => {
        setName('');
        toast('Registered', `${called} can sign from now on.`);
        done?.();
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
          <PasskeyFailure error={make.error} />
        </div>
      )}
    </form>
  );
}
