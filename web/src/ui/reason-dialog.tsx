import { useState, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { TextField } from './fields.tsx';
import type { Icon } from './icons.ts';
import { FailureNotice } from './notices.tsx';
import { Dialog } from './overlays.tsx';
import classes from './reason-dialog.module.css';

/** Asks why before something is done; without a reason nothing is. */
export function ReasonDialog({
  title,
  opened,
  onClose,
  children,
  label = 'Why',
  description,
  missing,
  yes,
  no,
  busy,
  error,
  onReason,
}: {
  readonly title: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  /** What it would do. */
  readonly children?: ReactNode;
  readonly label?: string;
  /** Who reads the reason. */
  readonly description: string;
  /** The complaint where there is none. */
  readonly missing: string;
  /** The button that does it. */
  readonly yes: { readonly label: string; readonly icon?: Icon; readonly kind?: 'danger' };
  /** The button that leaves everything as it is. */
  readonly no: string;
  readonly busy: boolean;
  readonly error: Error | null;
  /** Is given the reason without the space around it. */
  readonly onReason: (reason: string) => void;
}) {
  const [reason, setReason] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const { label: does, ...look } = yes;
  return (
    <Dialog title={title} opened={opened} onClose={onClose}>
      <form
        className={classes['form']}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const said = reason.trim();
          setComplaint(said === '' ? missing : null);
          if (said !== '') onReason(said);
        }}
      >
        {children}
        <TextField
          label={label}
          description={description}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={complaint}
          maxLength={2_000}
          rows={3}
          data-autofocus
        />
        {error !== null && <FailureNotice error={error} intent="change" />}
        <div className={classes['buttons']}>
          <Button type="submit" busy={busy} {...look}>
            {does}
          </Button>
          <Button kind="quiet" onClick={onClose}>
            {no}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
