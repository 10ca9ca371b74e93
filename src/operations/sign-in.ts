import type { PersonId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { newId } from '../platform/random.ts';
import { appNow } from '../store/database.ts';
import { findPersonId, personIdFor } from '../store/people.ts';
import type { OperationRefusal } from './refusal.ts';
import type { World } from './world.ts';

/** Admits a person whom the company's provider has authenticated: they must be in the directory, and not have left. Each sign-in is logged. */
export async function signIn(world: World, key: string): Promise<Result<PersonId, OperationRefusal>> {
  const person = world.rules.current().directory.people.get(key);
  if (person === undefined || !person.active) {
    return refused({
      code: 'unknown-person',
      detail: 'You are signed in, but nobody in the directory is you, or you are marked as having left.',
      hint: 'Ask whoever looks after Curfew to check the directory.',
    });
  }
  return world.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    const id = await personIdFor(trx, key, newId(world.random, 'per'), now);
    await world.append(trx, {
      kind: 'person.signed-in',
      at: now,
      actor: { kind: 'person', id },
      subjects: { person: id },
      facts: {},
      personal: { key: { subject: id, value: key } },
    });
    return ok(id);
  });
}

/** The id of a person who may act now: known, in the directory, and not gone. `null` otherwise. */
export async function activePerson(world: World, key: string): Promise<PersonId | null> {
  const person = world.rules.current().directory.people.get(key);
  return person?.active === true ? findPersonId(world.db, key) : null;
}
