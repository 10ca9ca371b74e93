import { ProviderFault, type CallOptions } from '../contract.ts';
import type { AccountState } from './organizations.ts';

/** What the organization says of an account; `null`: it has none of that number. Throws faults. */
export type AskOrganization = (account: string, call: CallOptions) => Promise<AccountState | null>;

/** What became of an account: nobody can use it until AWS reopens it, for which there are 90 days. */
export type LostAccount = 'SUSPENDED' | 'PENDING_CLOSURE' | 'CLOSED';

/**
 * Why an account lets us in no more, established from its parent. `null`: the fault says nothing of the kind, the account is as it was, or
 * there is nobody to ask. Also where it is not in the organization: it may never have been, or have left, and works as before.
 */
export async function whyLost(
  ask: AskOrganization | null,
  account: string,
  error: unknown,
  call: CallOptions,
): Promise<LostAccount | null> {
  if (ask === null || !(error instanceof ProviderFault) || error.kind !== 'forbidden-to-us') return null;
  try {
    const state = await ask(account, call);
    return state === 'SUSPENDED' || state === 'PENDING_CLOSURE' || state === 'CLOSED' ? state : null;
  } catch (other) {
    // What is known without it is that we were refused.
    if (other instanceof ProviderFault) return null;
    throw other;
  }
}
