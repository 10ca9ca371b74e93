import { lazy, Suspense, useState } from 'react';
import type { Grant } from '../data/api.ts';
import { Button } from '../ui/button.tsx';
import { Waiting } from '../ui/card.tsx';
import { TimerIcon } from '../ui/icons.ts';
import { Dialog } from '../ui/overlays.tsx';

/** Loaded when somebody presses the button: a first visit needs no fields. */
const ExtendForm = lazy(() => import('./extend-form.tsx'));

/** Asks for a later end of live access. */
export function Extend({ grant, small = false }: { readonly grant: Grant; readonly small?: boolean }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        icon={TimerIcon}
        small={small}
        cannot={grant.status === 'active' ? null : 'Only what is active can be extended.'}
        onClick={() => setAsking(true)}
      >
        Extend
      </Button>
      <ExtendDialog grant={grant} opened={asking} onClose={() => setAsking(false)} />
    </>
  );
}

/** The form, wherever it is opened. */
export function ExtendDialog({
  grant,
  opened,
  onClose,
}: {
  readonly grant: Grant;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={`Keep ${grant.role} longer`} opened={opened} onClose={onClose}>
      <Suspense fallback={<Waiting />}>
        <ExtendForm grant={grant} onClose={onClose} />
      </Suspense>
    </Dialog>
  );
}
