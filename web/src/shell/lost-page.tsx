import type { ErrorComponentProps } from '@tanstack/react-router';
import { ButtonLink } from '../ui/button.tsx';
import { FailureNotice } from '../ui/notices.tsx';
import { Page } from '../ui/page.tsx';

/** There is no such page. */
export function LostPage() {
  return (
    <Page title="There is no such page" lead="What you were looking for has another address, or never existed.">
      <p>
        <ButtonLink to="/">Go home</ButtonLink>
      </p>
    </Page>
  );
}

/** A page that broke: a defect of ours, said as one. */
export function BrokenPage({ error, reset }: ErrorComponentProps) {
  return (
    <Page title="This page broke" lead="What you hold is not touched by this; the command line works without it.">
      <FailureNotice error={error} intent="look" again={reset} />
    </Page>
  );
}
