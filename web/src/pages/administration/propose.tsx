import { useRef, useState } from 'react';
import { changeOf } from '../../administration/proposal-words.ts';
import { useAction } from '../../data/action.ts';
import { ADMINISTRATION, type Change, type Holder } from '../../data/administration.ts';
import { useMyPasskeys } from '../../data/my-passkeys.ts';
import { proposeChange } from '../../data/passkeys.ts';
import { goneOf, PasskeyFailure, PasskeyGone } from '../../passkeys/passkey-failure.tsx';
import { Button } from '../../ui/button.tsx';
import { Choices, LineField, TextField } from '../../ui/fields.tsx';
import { toast } from '../../ui/notices.tsx';
import { bodyOf, missingOf, NOTHING, type Draft } from './draft.ts';
import classes from './administration.module.css';

const ACTIONS = [
  { value: 'appoint', label: 'Appoint somebody', detail: 'as auditor or admin' },
  { value: 'dismiss', label: 'Dismiss somebody', detail: 'as auditor or admin' },
  { value: 'merge', label: 'Two persons are one human', detail: 'what one approved for the other counts for nothing' },
  { value: 'release', label: 'Let an account pass on', detail: 'to another human who has it now' },
] as const;
const ROLES = [
  { value: 'auditor', label: 'Auditor', detail: 'reads everything, decides nothing' },
  { value: 'admin', label: 'Admin', detail: 'proposes and confirms what stands on this page' },
] as const;
const GRANTS = [
  { value: 'end', label: 'It ends', detail: 'live access that lacks an approval by this' },
  { value: 'keep', label: 'It runs on until its own end' },
] as const;

/** Proposes a change. Nothing changes before somebody else confirms it, with what it would take away before their eyes. */
export function Propose({ holders }: { readonly holders: readonly Holder[] }) {
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState<Draft>(NOTHING);
  const [complaining, setComplaining] = useState(false);
  const set = (next: Partial<Draft>): void => setDraft((before) => ({ ...before, ...next }));
  const missing = complaining ? missingOf(draft) : {};
  const passkeys = useMyPasskeys();
  const hasPasskey = (passkeys.data?.items.length ?? 0) > 0;
  const cannot = goneOf(passkeys.data);
  const propose = useAction((change: Change, key) => proposeChange(change, hasPasskey, key), {
    touches: [ADMINISTRATION],
    done: (made) => {
      setDraft(NOTHING);
      setComplaining(false);
      toast('Proposed', `${changeOf(made)}. Somebody else has a day to confirm it.`);
    },
  });
  const { action } = draft;
  const forRole = action === 'appoint' || action === 'dismiss';
  return (
    <form
      ref={form}
      className={classes['form']}
      noValidate
      aria-label="Propose a change"
      onSubmit={(event) => {
        event.preventDefault();
        setComplaining(true);
        const body = bodyOf(draft);
        if (body !== null) return propose.mutate(body);
        // After the next drawing, when the complaints stand there.
        requestAnimationFrame(() => {
          const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
          (wrong?.querySelector('input') ?? wrong)?.focus();
        });
      }}
    >
      <Choices
        label="What"
        choices={ACTIONS}
        value={action}
        onChange={(value) => set({ action: ACTIONS.find((one) => one.value === value)?.value ?? null })}
        error={missing.action ?? null}
      />
      {forRole && (
        <Choices
          label="Which role"
          choices={ROLES}
          value={draft.role}
          onChange={(value) => set({ role: ROLES.find((one) => one.value === value)?.value ?? null })}
          error={missing.role ?? null}
        />
      )}
      {action === 'dismiss' && draft.role !== null && (
        <Choices
          label="Whom"
          choices={holders
            .filter(({ role }) => role === draft.role)
            .map(({ person, role }) => ({ value: person.key, label: person.name, detail: `${person.key}, ${role}` }))}
          value={draft.person === '' ? null : draft.person}
          onChange={(person) => set({ person })}
          error={missing.person ?? null}
        />
      )}
      {(action === 'appoint' || action === 'merge') && (
        <LineField
          label={action === 'merge' ? 'The person that both are counted as' : 'Whom'}
          description="Their key in the directory, as lists of access show it."
          value={draft.person}
          onChange={(event) => set({ person: event.currentTarget.value })}
          error={missing.person}
          maxLength={200}
          autoComplete="off"
          spellCheck={false}
        />
      )}
      {action === 'merge' && (
        <>
          <LineField
            label="The other one"
            description="Their key in the directory."
            value={draft.other}
            onChange={(event) => set({ other: event.currentTarget.value })}
            error={missing.other}
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
          />
          <Choices
            label="Access that lacks an approval by this"
            choices={GRANTS}
            value={draft.grants}
            onChange={(value) => set({ grants: GRANTS.find((one) => one.value === value)?.value ?? null })}
            error={missing.grants ?? null}
          />
        </>
      )}
      {action === 'release' && (
        <LineField
          label="Account"
          description="Its id. “curfew policy status” shows the accounts that two persons claim."
          placeholder="lnk_…"
          value={draft.account}
          onChange={(event) => set({ account: event.currentTarget.value })}
          error={missing.account}
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
        />
      )}
      <TextField
        label="Why"
        description="Whoever confirms it reads this, and the log keeps it."
        value={draft.reason}
        onChange={(event) => set({ reason: event.currentTarget.value })}
        error={missing.reason}
        maxLength={2_000}
        autosize
        minRows={2}
        maxRows={8}
      />
      {propose.error !== null && <PasskeyFailure error={propose.error} />}
      {cannot !== null && propose.error === null && <PasskeyGone why={cannot} />}
      <div className={classes['buttons']}>
        <Button
          type="submit"
          cannot={cannot}
          // Until it is known, nobody can tell what it takes.
          busy={propose.isPending || passkeys.isLoading}
        >
          {hasPasskey ? 'Propose with passkey' : 'Propose it'}
        </Button>
      </div>
    </form>
  );
}
