import type { CurfewRole } from '../../src/core/administration.ts';
import { beginRole } from '../../src/store/role-assignments.ts';
import { appNow } from '../../src/store/database.ts';
import type { AcmeOperations } from './acme-operations.ts';

/** Gives somebody a role of Curfew itself, as two others would have. */
export async function giveRole(acme: AcmeOperations, key: string, role: CurfewRole): Promise<void> {
  const [{ person }, first, second] = [await acme.as(key), await acme.as('gus'), await acme.as('abe')];
  await acme.world.db.transaction().execute(async (trx) => {
    const since = await appNow(trx);
    await beginRole(trx, { person, role, since, appointedBy: first.person, confirmedBy: second.person });
  });
}
