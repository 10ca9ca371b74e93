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
  const close = (): void => setAsking(false);
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
      <Dialog title={`Keep ${grant.role} longer`} opened={asking} onClose={close}>
        <Suspense fallback={<Waiting />}>
          <ExtendForm grant={grant} onClose={close} />
        </Suspense>
      </Dialog>
    </>
  );
}
