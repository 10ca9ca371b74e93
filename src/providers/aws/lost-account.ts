import type { JsonObject } from '../../core/json.ts';
import { after, type Instant } from '../../core/time.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import { ProviderFault, type CallOptions, type Ending, type Observation } from '../contract.ts';
import type { AccountState } from './organizations.ts';

/** What the organization says of an account; `null`: it has none of that number. Throws faults. */
export type AskOrganization = (account: string, call: CallOptions) => Promise<AccountState | null>;

/** What became of an account: nobody can use it until AWS reopens it, for which there are 90 days. */
type LostAccount = 'SUSPENDED' | 'PENDING_CLOSURE' | 'CLOSED';

/** What an ending can say without a look: who was told when the access ends, and that they were. */
export interface IssuedEnd {
  readonly account: string;
  readonly endsAt: Instant;
  readonly evidence: JsonObject;
}

/**
 * Looks; and where an account that is closed or suspended lets nobody look, says what holds there. It may be opened again, with all that stands
 * in it: only what has ended by its own time is gone, by what was issued. What somebody made of that was last seen while it could be looked
 * at; as litter it is removed should the account come back (`tidy`).
 */
export async function lookOrLost(
  ask: AskOrganization | null,
  { account, endsAt, evidence }: IssuedEnd,
  ending: Ending | null,
  call: CallOptions,
  look: () => Promise<Observation>,
): Promise<Observation> {
  try {
    return await look();
  } catch (error) {
    const lost = ending === null ? null : await whyLost(ask, account, error, call);
    if (lost === null || call.now < endsAt) throw error;
    const finalAt = after(endsAt, CLOCK_TOLERANCE_MS);
    const said = { accountIs: lost, saidBy: 'its organization', standing: 'cannot be looked at' };
    return {
      presence: 'absent',
      proof: 'by-construction',
      evidence: { ...evidence, ...said, clockToleranceMs: CLOCK_TOLERANCE_MS },
      final: call.now >= finalAt,
      ...(call.now < finalAt ? { finalAt } : {}),
    };
  }
}

/**
 * Why an account lets us in no more, established from its parent. `null`: the fault says nothing of the kind, the account is as it was, or
 * there is nobody to ask. Also where it is not in the organization: it may never have been, or have left, and works as before.
 */
async function whyLost(
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
