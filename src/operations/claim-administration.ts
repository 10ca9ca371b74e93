import { createHash, timingSafeEqual } from 'node:crypto';
import { lapsesAfterADay } from '../core/administration.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { Random } from '../platform/random.ts';
import { countWrongTry, forgetAdminCode, keepAdminCode, lockAdminCode } from '../store/admin-code.ts';
import { appNow } from '../store/database.ts';
import { everybodySeen } from '../store/people.ts';
import { beginRole, endRole, hadAdmin, lockAdmins, roleHolders } from '../store/role-assignments.ts';
import type { Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { listAdministration, type AdministrationView } from './list-administration.ts';
import type { OperationRefusal } from './refusal.ts';
import type { Actor, World } from './world.ts';

/** So many wrong codes, by whomever, and another has to be printed: by the next start, or by an operator where there was an admin. */
const TRIES = 5;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** A code as it is shown once, and until when it is good. */
export interface IssuedCode {
  readonly code: string;
  readonly expiresAt: string;
}

/** Makes a code, in the place of the one before. */
export async function keepNewCode({ random }: Pick<World, 'random'>, trx: Trx, now: Instant) {
  const code = newCode(random);
  const expiresAt = lapsesAfterADay(now);
  await keepAdminCode(trx, { hash: hashOf(code), expiresAt, triesLeft: TRIES });
  return { code, expiresAt };
}

/**
 * Makes the code with which the first admin is claimed, in the place of the one before: whoever can see the console of a broker may
 * decide who that is, and nobody else. `null` where there is or was an admin. The code is to be shown on that console and nowhere else.
 */
export async function issueAdminCode(world: Pick<World, 'db' | 'random' | 'append'>): Promise<IssuedCode | null> {
  return world.db.transaction().execute(async (trx) => {
    if (await hadAdmin(trx)) return null;
    const now = await appNow(trx);
    const { code, expiresAt } = await keepNewCode(world, trx, now);
    // Somebody may have claimed while this waited for the row; their claim does not look at what stands in it now.
    if (await hadAdmin(trx)) {
      await forgetAdminCode(trx);
      return null;
    }
    await world.append(trx, {
      kind: 'administration.code-issued',
      at: now,
      actor: { kind: 'system', id: 'console' },
      subjects: {},
      facts: { expiresAt: toIso(expiresAt) },
    });
    return { code, expiresAt: toIso(expiresAt) };
  });
}

/** Makes whoever has the code an admin: the first, or the next where all have left. Wrong codes are counted, for everybody together. */
export async function claimAdministration(
  world: World,
  actor: Actor,
  input: { readonly code: string },
): Promise<Result<AdministrationView, OperationRefusal>> {
  const no = judge('claimAdministration', actor);
  if (no !== null) return refused(no);
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<null, OperationRefusal>> => {
    const kept = await lockAdminCode(trx);
    await lockAdmins(trx);
    // Admins who all have left keep their roles until one is there who can act (ADR 21).
    const departed = new Set((await everybodySeen(trx)).filter(({ left }) => left).map(({ id }) => id));
    const holders = await roleHolders(trx);
    if (holders.some(({ role, person }) => role === 'admin' && !departed.has(person))) return refused(NOTHING_TO_CLAIM);
    const now = await appNow(trx);
    // Where there was an admin no start prints a code: an operator has it.
    const from = (await hadAdmin(trx)) ? OPERATOR : CONSOLE;
    if (kept === null && from === OPERATOR) return refused(NOTHING_TO_CLAIM);
    if (kept === null || kept.triesLeft === 0 || now >= kept.expiresAt) return refused(voided(from));
    const by = { at: now, actor: { kind: 'person', id: actor.person }, subjects: { person: actor.person } } as const;
    // Hashes of equal length, so that the time it takes says nothing about how much of a code was right.
    if (!timingSafeEqual(hashOf(input.code), kept.hash)) {
      const triesLeft = kept.triesLeft - 1;
      await countWrongTry(trx, triesLeft);
      await world.append(trx, { ...by, kind: 'administration.claim-refused', facts: { triesLeft } });
      return refused(triesLeft === 0 ? voided(from) : wrong(triesLeft, from));
    }
    await beginRole(trx, { person: actor.person, role: 'admin', since: now, appointedBy: null, confirmedBy: null });
    await forgetAdminCode(trx);
    await world.append(trx, { ...by, kind: 'administration.claimed', facts: { role: 'admin' } });
    // After it, because somebody always is admin.
    for (const { person, role } of holders) {
      if (!departed.has(person)) continue;
      await endRole(trx, person, role, now);
      const facts = { role, because: 'holder-left' };
      await world.append(trx, { ...by, kind: 'administration.ended', subjects: { person }, facts });
    }
    return ok(null);
  });
  if (!outcome.ok) return outcome;
  return listAdministration(world, { ...actor, roles: ['admin'] });
}

/** 100 random bits in groups that can be read out and typed. */
function newCode(random: Random): string {
  const letters = [...random.bytes(20)].map((byte) => ALPHABET[byte & 31] ?? '').join('');
  return (letters.match(/.{4}/g) ?? []).join('-');
}

/** People type capitals, and leave the dashes out. */
function hashOf(code: string): Buffer {
  return createHash('sha256').update(code.toLowerCase().replace(/[\s-]/g, '')).digest();
}

/** Where a code stands, and how there is another. */
interface Source {
  readonly stands: string;
  readonly another: string;
}

const CONSOLE: Source = {
  stands: 'It stands on the console of the broker that was started last.',
  another: 'Restart the broker; it prints a new one on its console.',
};
const OPERATOR: Source = {
  stands: 'It is the one that "curfew admin new-code" printed last, on the machine of the broker.',
  another: 'Whoever runs Curfew prints a new one on the machine of the broker: curfew admin new-code',
};

function wrong(triesLeft: number, { stands }: Source): OperationRefusal {
  return {
    code: 'claim-refused',
    detail: `That is not the code. It is void after ${triesLeft} more wrong ${triesLeft === 1 ? 'try' : 'tries'}.`,
    hint: stands,
  };
}

function voided({ another }: Source): OperationRefusal {
  return {
    code: 'claim-refused',
    detail: 'The code is void: it is older than a day, or too many wrong ones were tried.',
    hint: another,
  };
}

const NOTHING_TO_CLAIM: OperationRefusal = {
  code: 'nothing-to-claim',
  detail: 'Curfew has an admin, or had one; others are appointed by admins.',
  hint: '"curfew admin list" shows who is one.',
};
