import { useEffect } from 'react';
import { tellSignedIn, useMe } from '../../data/session.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { HomeIcon } from '../../ui/icons.ts';
import { Page } from '../../ui/page.tsx';

/** Where a sign-in beside another page comes back to: that page goes on, and this one is not needed any more. */
export function SignedIn() {
  const { data: me } = useMe();
  useEffect(tellSignedIn, []);
  return (
    <Page
      title="You are signed in again"
      lead={`Close this tab. The page that you came from goes on as ${me?.person.name ?? 'you'}, with everything that was typed there.`}
    >
      <p>
        <ButtonLink to="/" icon={HomeIcon}>
          Go home instead
        </ButtonLink>
      </p>
    </Page>
  );
}
