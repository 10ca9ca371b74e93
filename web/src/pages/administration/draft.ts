import type { Change } from '../../data/administration.ts';

/** What an admin is about to propose; `null` and empty: not said yet. Nothing is chosen beforehand. */
export interface Draft {
  readonly action: 'appoint' | 'dismiss' | 'merge' | 'release' | null;
  readonly role: 'auditor' | 'admin' | null;
  readonly person: string;
  readonly other: string;
  readonly grants: 'end' | 'keep' | null;
  readonly account: string;
  readonly reason: string;
}

export const NOTHING: Draft = {
  action: null,
  role: null,
  person: '',
  other: '',
  grants: null,
  account: '',
  reason: '',
};

export type Complaints = Readonly<Partial<Record<keyof Draft, string>>>;

/** What is still to be said, by field; empty when it can be proposed. */
export function missingOf({ action, role, person, other, grants, account, reason }: Draft): Complaints {
  const said = (text: string): boolean => text.trim() !== '';
  const forRole = action === 'appoint' || action === 'dismiss';
  return {
    ...(action === null ? { action: 'Choose one.' } : {}),
    ...(forRole && role === null ? { role: 'Choose one.' } : {}),
    ...((forRole || action === 'merge') && !said(person) ? { person: 'Say who, by their key.' } : {}),
    ...(action === 'merge' && !said(other) ? { other: 'Say who, by their key.' } : {}),
    ...(action === 'merge' && grants === null ? { grants: 'Choose one.' } : {}),
    ...(action === 'release' && !/^lnk_\w+$/.test(account.trim()) ? { account: 'Its id looks like lnk_…' } : {}),
    ...(said(reason) ? {} : { reason: 'Say why: whoever confirms it reads this, and the log keeps it.' }),
  };
}

/** As the API takes it; `null` while something is missing. */
export function bodyOf(draft: Draft): Change | null {
  const { action, role, grants } = draft;
  if (Object.keys(missingOf(draft)).length > 0 || action === null) return null;
  const [person, other, account, reason] = [draft.person, draft.other, draft.account, draft.reason].map((one) =>
    one.trim(),
  ) as [string, string, string, string];
  if (action === 'release') return { action, account, reason };
  if (action === 'merge') return grants === null ? null : { action, person, other, grants, reason };
  return role === null ? null : { action, person, role, reason };
}
