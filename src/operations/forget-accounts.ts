import { ok, refused, type Result } from '../core/result.ts';
import { inParts } from '../store/columns.ts';
import { appNow } from '../store/database.ts';
import { lockEpoch, readEpoch } from '../store/epoch.ts';
import { forgetIntroduced, introducedAt, lockIntroduced } from '../store/forgotten-accounts.ts';
import type { LinkedAccount } from '../store/linked-accounts.ts';
import { roleHolders } from '../store/role-assignments.ts';
import type { Db, Trx } from '../store/schema.ts';
import { operatorOf } from './authorisation.ts';
import { endSignIns } from './linked-accounts.ts';
import type { World } from './world.ts';

/** What would be forgotten of one issuer, for whoever is about to say so. */
export interface ForgetPlan {
  readonly issuer: string;
  readonly accounts: number;
  readonly people: number;
  /** Admins among them, by their keys in the directory. */
  readonly admins: readonly string[];
}

/** What is asked of whoever runs Curfew, and of no one else: neither a person nor an admin of Curfew can have it done. */
export async function planForgetting(db: Db | Trx, issuer: string): Promise<ForgetPlan> {
  return planOf(db, issuer, await introducedAt(db, issuer));
}

/**
 * Forgets the accounts that the directory introduced at one issuer, so that it introduces others: a provider that gives everybody another
 * subject has locked everybody out, admins too. Accounts that their owners proved stay, and so do passkeys. Whoever writes the directory
 * says then, once for each entry, which account there is whose, as at the first start.
 *
 * Refused, with nothing done, where it would be something else than the plan that was shown, or where the database is in another epoch.
 * Everything is written in one transaction, with an entry for each account, by which its person is told, and one for the whole, by which
 * admins are.
 */
export async function forgetAccounts(
  world: Pick<World, 'db' | 'append' | 'clock'>,
  seen: ForgetPlan,
  epoch: string,
): Promise<Result<ForgetPlan, 'changed' | 'another-epoch'>> {
  return world.db.transaction().execute(async (trx): Promise<Result<ForgetPlan, 'changed' | 'another-epoch'>> => {
    await lockEpoch(trx);
    const found = await readEpoch(trx, NOWHERE, 0);
    if (found?.epoch.id !== epoch) return refused('another-epoch');
    const accounts = await lockIntroduced(trx, seen.issuer);
    const plan = await planOf(trx, seen.issuer, accounts);
    if (JSON.stringify(plan) !== JSON.stringify(seen) || accounts.length === 0) return refused('changed');
    const now = await appNow(trx);
    await forgetIntroduced(
      trx,
      accounts.map(({ id }) => id),
      now,
    );
    const by = operatorOf('forgetAccounts');
    await world.append(trx, {
      kind: 'accounts.forgotten',
      at: now,
      actor: by,
      subjects: {},
      facts: { issuer: plan.issuer, accounts: plan.accounts },
    });
    // They are as many as the company has people.
    for (const part of inParts(accounts)) {
      await world.append(
        trx,
        ...part.map(({ id, person, issuer, subject, proof, signsIn }) => ({
          kind: 'account.unlinked' as const,
          at: now,
          actor: by,
          subjects: { person },
          facts: { account: id, issuer, proof, signsIn, by: 'operator' },
          personal: { subject: { subject: person, value: subject } },
        })),
      );
      // Brokers that run beside hear of it from the log.
      await endSignIns(world, trx, part, null);
    }
    return ok(plan);
  });
}

/** Where the database lives does not matter for which epoch it is in. */
const NOWHERE = { cluster: null, timeline: null, database: null, table: null };

async function planOf(db: Db | Trx, issuer: string, accounts: readonly LinkedAccount[]): Promise<ForgetPlan> {
  const people = new Set(accounts.map(({ person }) => person));
  const admins = (await roleHolders(db)).filter(({ role, person }) => role === 'admin' && people.has(person));
  return { issuer, accounts: accounts.length, people: people.size, admins: admins.map(({ key }) => key).toSorted() };
}
