import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAction } from '../../data/action.ts';
import { api, ask, type Schemas } from '../../data/api.ts';
import { beginLink } from '../../data/passkeys.ts';
import { PasskeyFailure } from '../../passkeys/passkey-failure.tsx';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Button } from '../../ui/button.tsx';
import { Card, Section, Waiting } from '../../ui/card.tsx';
import { LinkIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Dialog } from '../../ui/overlays.tsx';
import { Tag, Unseen } from '../../ui/signs.tsx';
import classes from './me.module.css';

type Account = Schemas['Account'];
type Provider = Schemas['AccountProvider'];

const KEY = ['me', 'accounts'] as const;
const PROOFS = {
  directory: 'an administrator wrote it into the directory',
  'sign-in': 'you signed in there',
} as const;

/** By which accounts I am known, which of them sign me in, and how each was proven; another is proven by signing in there. */
export function Accounts() {
  const accounts = useQuery({ queryKey: KEY, queryFn: () => ask(() => api.GET('/v1/me/accounts')) });
  const { items = [], providers = [] } = accounts.data ?? {};
  return (
    <Section id="accounts" title="Accounts">
      <p className={classes['quiet']}>These are known to be yours. Rules count persons and not accounts.</p>
      {accounts.isPending && <Waiting />}
      {accounts.error !== null && (
        <FailureNotice error={accounts.error} intent="look" again={() => void accounts.refetch()} />
      )}
      {items.length > 0 && (
        <ul className={classes['list']}>
          {items.map((account) => (
            <li key={account.id}>
              <OneAccount account={account} />
            </li>
          ))}
        </ul>
      )}
      {providers.map((provider) => (
        <LinkAnother key={provider.name} provider={provider} />
      ))}
    </Section>
  );
}

function OneAccount({ account }: { readonly account: Account }) {
  const { id, issuer, provider, subject, proof, linkedAt, signsIn } = account;
  const now = useNow();
  const times = useTimes();
  const [asking, setAsking] = useState(false);
  const close = (): void => setAsking(false);
  const unlink = useAction((_: string) => ask(() => api.DELETE('/v1/me/accounts/{id}', { params: { path: { id } } })), {
    touches: [KEY, ['me'], ['me', 'sessions']],
    done: close,
  });
  return (
    <Card className={classes['item']}>
      <div>
        <h3>
          {!signsIn && 'Known as '}
          {subject} <Tag>{provider ?? issuer}</Tag> {!signsIn && <Tag>does not sign in</Tag>}
        </h3>
        <p className={classes['quiet']}>
          since {times.short(Date.parse(linkedAt), now)}: {PROOFS[proof]}
        </p>
      </div>
      {proof === 'sign-in' && (
        <div className={classes['buttons']}>
          <Button small kind="danger" onClick={() => setAsking(true)}>
            Unlink<Unseen> {subject}</Unseen>
          </Button>
        </div>
      )}
      <Dialog title={`Unlink ${subject}?`} opened={asking} onClose={close}>
        <div className={classes['dialog']}>
          <p>
            {signsIn
              ? 'Nobody signs in by it from then on, and whatever is signed in by it now is signed out.'
              : 'You are not known by it from then on.'}{' '}
            It becomes nobody else’s by that. You can link it again.
          </p>
          {unlink.error !== null && <FailureNotice error={unlink.error} intent="change" />}
          <div className={classes['buttons']}>
            <Button kind="danger" busy={unlink.isPending} onClick={() => unlink.mutate(id)}>
              Unlink it
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

/** Leaves for the provider, where the account is proven, and comes back to this page. */
function LinkAnother({ provider: { name, title, signsIn } }: { readonly provider: Provider }) {
  const begin = useAction((provider: string) => beginLink(provider, '/me#accounts'), {
    touches: [],
    done: ({ url }) => window.location.assign(url),
  });
  return (
    <div className={classes['another']}>
      <Button icon={LinkIcon} busy={begin.isPending} onClick={() => begin.mutate(name)}>
        {signsIn ? 'Link another account at' : 'Be known by your account at'} {title}
      </Button>
      {!signsIn && <p className={classes['quiet']}>It signs nobody in here.</p>}
      {begin.error !== null && <PasskeyFailure error={begin.error} />}
    </div>
  );
}
