import { ok, refused, type Result } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import { lockEpoch, readEpoch } from '../store/epoch.ts';
import { lockAdmins, roleHolders } from '../store/role-assignments.ts';
import { everybodySeen } from '../store/people.ts';
import type { Db, Trx } from '../store/schema.ts';
import { operatorOf } from './authorisation.ts';
import { keepNewCode, type IssuedCode } from './claim-administration.ts';
import type { World } from './world.ts';

/** Who is an admin as a new code is asked for, by their keys in the directory, sorted. */
export interface CodePlan {
  /** Who left: they lose the role once the code is used. */
  readonly left: readonly string[];
  /** Who can act. While there is somebody, there is no code. */
  readonly here: readonly string[];
}

/** What is asked of whoever runs Curfew, and of no one else: by the API nobody can have it done. */
export async function planNewCode(db: Db | Trx): Promise<CodePlan> {
  const left = new Set((await everybodySeen(db)).filter((one) => one.left).map(({ id }) => id));
  const admins = (await roleHolders(db)).filter(({ role }) => role === 'admin');
  const keys = (gone: boolean) =>
    admins
      .filter(({ person }) => left.has(person) === gone)
      .map(({ key }) => key)
      .toSorted();
  return { left: keys(true), here: keys(false) };
}

/**
 * Makes a code with which an admin is claimed once more, where all who are one have left the directory: the roles that they keep as the only
 * way back are none to a company that took them out on purpose. Refused, with nothing done, where that is not so (any more), or the database is
 * in another epoch. Its entry is in the same transaction; auditors are told by it.
 */
export async function renewAdminCode(
  world: Pick<World, 'db' | 'append' | 'random'>,
  seen: CodePlan,
  epoch: string,
): Promise<Result<IssuedCode, 'changed' | 'another-epoch'>> {
  return world.db.transaction().execute(async (trx): Promise<Result<IssuedCode, 'changed' | 'another-epoch'>> => {
    await lockEpoch(trx);
    const found = await readEpoch(trx, { cluster: null, timeline: null, database: null, table: null }, 0);
    if (found?.epoch.id !== epoch) return refused('another-epoch');
    await lockAdmins(trx);
    const plan = await planNewCode(trx);
    if (JSON.stringify(plan) !== JSON.stringify(seen) || !mayRenew(plan)) return refused('changed');
    const now = await appNow(trx);
    const { code, expiresAt } = await keepNewCode(world, trx, now);
    await world.append(trx, {
      kind: 'administration.code-issued',
      at: now,
      actor: operatorOf('renewAdminCode'),
      subjects: {},
      facts: { expiresAt: toIso(expiresAt) },
    });
    return ok({ code, expiresAt: toIso(expiresAt) });
  });
}

/** Whether there were admins and none of them can act. Where there never was one, the start of a broker prints the code. */
export function mayRenew({ left, here }: CodePlan): boolean {
  return left.length > 0 && here.length === 0;
}
