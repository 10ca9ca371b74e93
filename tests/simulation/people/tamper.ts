import { NATIVE } from '../broker/company.ts';
import type { Observer } from '../checkers/observer.ts';
import { isAnywhere } from '../cloud/anywhere-method.ts';
import { ROLE_TAMPERINGS, type SimAnywhere } from '../cloud/sim-anywhere.ts';
import { CENTER_TAMPERINGS, type SimCenter } from '../cloud/sim-center.ts';
import { isSession } from '../cloud/session-method.ts';
import { TAMPERINGS, type SimIdentities, type Tampering } from '../cloud/sim-identities.ts';
import { CATALOGUE_TAMPERINGS, type SimRoles } from '../cloud/sim-roles.ts';
import { isTimed } from '../cloud/timed-method.ts';
import type { Mark } from '../kernel/marks.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';

const MARK: Readonly<Record<Tampering, Mark>> = {
  'later end': 'edited-by-hand',
  'no condition': 'edited-by-hand',
  deleted: 'deleted-by-hand',
  'identity deleted': 'identity-replaced',
  'identity made anew': 'identity-replaced',
};

/** Somebody with a console of their own, who gets in the way of policies on people's identities for as long as the storm goes on. */
export async function tamper(identities: SimIdentities, observer: Observer, storm: Storm): Promise<void> {
  const prng = storm.prng.fork('tamper');
  const { scheduler, drawn } = storm;
  const { tamperEveryMs } = drawn.cloud;
  while (tamperEveryMs > 0) {
    await scheduler.until(null, scheduler.now + prng.int(1, 2 * tamperEveryMs));
    if (storm.calm) return;
    const here = [...observer.grants.values()].filter((row) => isTimed(row) && row.endedAt === null);
    if (here.length === 0) continue;
    const row = prng.pick(here);
    const [account, key] = [NATIVE[row.target] ?? '', observer.keyOf(row.person) ?? ''];
    const how = prng.weighted(TAMPERINGS);
    const ofIdentity = how.startsWith('identity');
    const struck = ofIdentity ? here.filter((one) => one.person === row.person && one.target === row.target) : [row];
    const grants = struck.map(({ id }) => id);
    if (!identities.tamper(account, key, grants, how)) continue;
    for (const id of grants) storm.strike('tampered', '', id);
    storm.marks.hit(MARK[how]);
    storm.trace.note('console', `${how}: ${key} in ${account}, ${short(row.id)}`);
    if (how === 'identity deleted')
      scheduler.at(null, scheduler.now + prng.int(1_000, 60_000), () => identities.makeAnew(account, key));
  }
}

/** The same with assignments, and with the schedules that are to end them. */
export async function tamperAtCenter(center: SimCenter, observer: Observer, storm: Storm): Promise<void> {
  const prng = storm.prng.fork('tamper at the center');
  const { scheduler, drawn } = storm;
  const { tamperEveryMs } = drawn.cloud;
  while (tamperEveryMs > 0) {
    await scheduler.until(null, scheduler.now + prng.int(1, 4 * tamperEveryMs));
    if (storm.calm) return;
    const held = center.held();
    if (held.length === 0) continue;
    const { slot } = prng.pick(held);
    const how = prng.pick(CENTER_TAMPERINGS);
    if (!center.tamper(slot, how)) continue;
    for (const row of observer.grants.values())
      if (row.slot === slot && row.endedAt === null) storm.strike('tampered', '', row.id);
    storm.marks.hit(how === 'assignment removed' ? 'unassigned-by-hand' : 'unscheduled-by-hand');
    storm.trace.note('console', `${how}: ${slot}`);
  }
}

/** The same with roles that certificates open, and with what ends their sessions there. */
export async function tamperWithRoles(anywhere: SimAnywhere, observer: Observer, storm: Storm): Promise<void> {
  const prng = storm.prng.fork('tamper with roles');
  const { scheduler, drawn } = storm;
  const { tamperEveryMs } = drawn.cloud;
  while (tamperEveryMs > 0) {
    await scheduler.until(null, scheduler.now + prng.int(1, 4 * tamperEveryMs));
    if (storm.calm) return;
    const here = [...observer.grants.values()].filter((row) => isAnywhere(row) && row.endedAt === null);
    if (here.length === 0) continue;
    const { id, target } = prng.pick(here);
    // A role that is replaced takes everything with it, the sessions first of all.
    const how = prng.weighted(ROLE_TAMPERINGS);
    const account = NATIVE[target] ?? '';
    const struck = anywhere.tamper(account, id, how);
    for (const one of struck) storm.strike('tampered', '', one);
    if (struck.length > 0) storm.marks.hit(how.startsWith('role') ? 'role-replaced' : 'armed-end-removed-by-hand');
    storm.trace.note('console', `${how}: ${short(id)} in ${account}`);
    if (how === 'role deleted')
      scheduler.at(null, scheduler.now + prng.int(1_000, 60_000), () => anywhere.makeAnew(account));
  }
}

/** In so many runs somebody deletes catalogue roles, or makes them anew, so much more seldom than other things. */
const CATALOGUE = { runs: 0.3, seldomer: 10 };

/** The same with catalogue roles: their sessions, and the denials of those, go with them. */
export async function tamperWithCatalogue(roles: SimRoles, observer: Observer, storm: Storm): Promise<void> {
  const prng = storm.prng.fork('tamper with the catalogue');
  const { scheduler, drawn } = storm;
  const { tamperEveryMs } = drawn.cloud;
  if (!prng.chance(CATALOGUE.runs)) return;
  while (tamperEveryMs > 0) {
    await scheduler.until(null, scheduler.now + prng.int(1, CATALOGUE.seldomer * tamperEveryMs));
    if (storm.calm) return;
    const here = [...observer.grants.values()].filter((row) => isSession(row) && row.endedAt === null);
    if (here.length === 0) continue;
    const { role, target } = prng.pick(here);
    const [account, how] = [NATIVE[target] ?? '', prng.weighted(CATALOGUE_TAMPERINGS)];
    if (!roles.tamper(account, role, how)) continue;
    for (const row of here) if (row.role === role && row.target === target) storm.strike('tampered', '', row.id);
    storm.marks.hit('catalogue-role-replaced');
    storm.trace.note('console', `${how}: ${role} in ${account}`);
    if (how === 'role deleted')
      scheduler.at(null, scheduler.now + prng.int(1_000, 60_000), () => roles.makeAnew(account, role));
  }
}

/**
 * An administrator gives somebody by hand, and for good, what a grant of theirs had given them before. `false`: there is nobody to give it
 * to, or nobody sweeps, who might take it.
 */
export async function assignByHand(center: SimCenter, observer: Observer, storm: Storm): Promise<boolean> {
  const prng = storm.prng.fork('assign by hand');
  const over = [...observer.grants.values()].filter(
    (row) => row.method === 'identity-center' && row.endedAt !== null && row.activatedAt !== null,
  );
  const free = over.filter(({ slot }) => !center.isHeld(slot) && !center.isScheduled(slot));
  if (center.bucket === null || free.length === 0) return false;
  const { target, person, id } = prng.pick(free);
  center.assignByHand(NATIVE[target] ?? '', observer.keyOf(person) ?? '');
  storm.marks.hit('assigned-by-hand');
  storm.trace.note('console', `assigns by hand what ${short(id)} had`);
  return true;
}
