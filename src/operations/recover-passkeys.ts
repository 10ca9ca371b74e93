import type { PersonId, RecoveryId, SessionId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import { challengeOf, readDocument } from '../ledger/decision-document.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { sensitiveApprovers } from '../policy/sensitive-approvers.ts';
import { appNow } from '../store/database.ts';
import {
  closeRecovery,
  confirmationsOf,
  findRecovery,
  insertRecovery,
  keepConfirmation,
  lockRecoveryOf,
  openRecovery,
  waitingRecoveries,
  type RecoveryRecord,
} from '../store/passkey-recoveries.ts';
import { everHadPasskey, forgetChallenges, passkeysOf, removePasskey } from '../store/passkeys.ts';
import { humanOf, humansAmong, personKeys } from '../store/people.ts';
import type { Db, Trx } from '../store/schema.ts';
import { askToSign } from './ask-to-sign.ts';
import { judge, mayAlways } from './authorisation.ts';
import { announce } from './browser-sessions.ts';
import { endAllSignIns } from './own-sessions.ts';
import { freshSignIn } from './fresh-sign-in.ts';
import { closedEntry, removedEntry } from './passkeys.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import type { SignedInput, SigningView } from './sign-decision.ts';
import { standingToRecovery } from './standing.ts';
import { invalid, takeAssertion } from './take-assertion.ts';
import { personView, type PersonView } from './person-view.ts';
import type { Actor, World } from './world.ts';

/** A recovery as those see it whom it concerns. Times are RFC 3339. */
export interface RecoveryView {
  readonly id: RecoveryId;
  /** Who lost all passkeys. */
  readonly person: PersonView;
  readonly askedAt: string;
  readonly lapsesAt: string;
  readonly confirmedBy: readonly PersonView[];
  /** How many more have to confirm. */
  readonly missing: number;
  /** Until when a new passkey may be registered; `null` until enough have confirmed. */
  readonly openUntil: string | null;
  /** Who can confirm it: people whom the rules name for approvals of tier 0 and 1. They need a passkey of their own. */
  readonly confirmers: readonly PersonView[];
}

type Outcome<Value> = Promise<Result<Value, OperationRefusal>>;

/** How long somebody's colleagues have to confirm, and how many. */
const LAPSES_MS = 24 * 3_600_000;
const CONFIRMATIONS = 2;
/** How long a new passkey may be registered after that. */
const OPEN_MS = 3_600_000;

/**
 * Asks to be given a new passkey by somebody who has none that works. Two other people confirm it with signatures of their own passkeys:
 * they are those who are trusted to approve the most sensitive access, because whoever can give somebody a key can decide in their name.
 */
export async function askForRecovery(world: World, actor: Actor): Outcome<RecoveryView> {
  const no = judge('askForRecovery', actor);
  if (no !== null) return refused(no);
  const written = await world.db.transaction().execute(async (trx): Promise<Result<Written, OperationRefusal>> => {
    const now = await appNow(trx);
    const fresh = freshSignIn(actor, now);
    if (!fresh.ok) return fresh;
    if (!(await everHadPasskey(trx, actor.person)))
      return refused({
        code: 'passkey-required',
        detail: 'You never had a passkey, so there is none to recover.',
        hint: `Register one: ${world.passkeys.origin}/me`,
      });
    const before = await lockRecoveryOf(trx, actor.person);
    if (before !== null && now < (before.openUntil ?? before.lapsesAt)) return refused(pending(before));
    const entries: NewEntry[] = [];
    if (before !== null) {
      await closeRecovery(trx, before.id, now);
      entries.push(closedEntry(before, actor, 'lapsed', now));
    }
    const recovery = {
      id: newId(world.random, 'rcv'),
      person: actor.person,
      askedAt: now,
      lapsesAt: after(now, LAPSES_MS),
      openUntil: null,
      closedAt: null,
    };
    await insertRecovery(trx, recovery);
    entries.push({
      kind: 'passkey.recovery-asked',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { person: actor.person },
      facts: { recovery: recovery.id, lapsesAt: toIso(recovery.lapsesAt) },
    });
    await world.append(trx, ...entries);
    return ok({ view: await viewOf(world, trx, recovery, now), at: now });
  });
  return told(world, written);
}

/** A recovery as it was written down, and when. */
interface Written {
  readonly view: RecoveryView;
  readonly at: Instant;
}

function told(world: World, written: Result<Written, OperationRefusal>): Result<RecoveryView, OperationRefusal> {
  if (!written.ok) return written;
  const { view, at } = written.value;
  world.changes.publish({ kind: 'recovery', id: view.id, at });
  return ok(view);
}

function pending({ openUntil }: RecoveryRecord): OperationRefusal {
  return openUntil === null
    ? { code: 'recovery-pending', detail: 'You have asked already, and others have to confirm it.' }
    : { code: 'recovery-pending', detail: `It is confirmed: register a passkey until ${toIso(openUntil)}.` };
}

/** Takes one's own recovery back: a passkey was found again, or somebody else asked for it in one's name. */
export async function withdrawRecovery(world: World, actor: Actor): Outcome<null> {
  const no = judge('withdrawRecovery', actor);
  if (no !== null) return refused(no);
  const withdrawn = await world.db.transaction().execute(async (trx) => {
    const at = await appNow(trx);
    const recovery = await lockRecoveryOf(trx, actor.person);
    if (recovery === null) return null;
    await closeRecovery(trx, recovery.id, at);
    await world.append(trx, closedEntry(recovery, actor, 'withdrawn', at));
    return { id: recovery.id, at };
  });
  if (withdrawn !== null) world.changes.publish({ kind: 'recovery', ...withdrawn });
  return ok(null);
}

/** The recoveries that wait, as far as they concern the actor: their own, also when it only waits for the new passkey, and those that they may confirm. */
export async function listRecoveries(world: World, actor: Actor): Outcome<readonly RecoveryView[]> {
  if (actor.kind !== 'person') {
    const no = judge('listRecoveries', actor);
    if (no !== null) return refused(no);
  }
  const now = await appNow(world.db);
  const waiting = await waitingRecoveries(world.db, now);
  const seen: RecoveryRecord[] = [];
  for (const one of waiting) {
    const standing = await standingToRecovery(world, world.db, actor, one, now);
    // What is confirmed is between its owner and their new passkey.
    if (one.openUntil !== null && standing.relation !== 'own') continue;
    if (mayAlways('listRecoveries', actor) || judge('listRecoveries', actor, standing) === null) seen.push(one);
  }
  return ok(await Promise.all(seen.map((one) => viewOf(world, world.db, one, now))));
}

/** What has to be signed to confirm a recovery. */
export async function challengeRecovery(world: World, actor: Actor, id: RecoveryId): Outcome<SigningView> {
  return world.db.transaction().execute(async (trx): Promise<Result<SigningView, OperationRefusal>> => {
    const found = await waitingFor(world, trx, actor, id, 'challengeRecovery');
    if (!found.ok) return found;
    const { recovery, now } = found.value;
    const { person } = recovery;
    return askToSign(world, trx, actor, { v: 1, kind: 'curfew.passkey-recovery', recovery: id, person }, now);
  });
}

/**
 * Confirms with a signature that a colleague lost all passkeys. The second confirmation removes the old ones, so that whoever found them
 * can do nothing with them, ends every sign-in of the colleague, who may not be alone with them, and lets the colleague sign in and
 * register a new passkey for an hour.
 */
export async function confirmRecovery(
  world: World,
  actor: Actor,
  id: RecoveryId,
  { document: text, response }: SignedInput,
): Outcome<RecoveryView> {
  const ended: SessionId[] = [];
  const written = await world.db.transaction().execute(async (trx): Promise<Result<Written, OperationRefusal>> => {
    const found = await waitingFor(world, trx, actor, id, 'confirmRecovery');
    if (!found.ok) return found;
    const { recovery, now } = found.value;
    const challenge = challengeOf(text);
    const taken = await takeAssertion(world, trx, actor, { purpose: 'recover', challenge, response }, now);
    if (!taken.ok) return taken;
    const document = readDocument('curfew.passkey-recovery', text);
    if (document?.recovery !== id || document.person !== recovery.person)
      return refused(invalid('it is about another recovery'));
    const { assertion } = taken.value;
    const given = { recovery: id, person: actor.person, document: text, challenge, assertion, at: now };
    await keepConfirmation(trx, given);
    const entries: NewEntry[] = [
      {
        kind: 'passkey.recovery-confirmed',
        at: now,
        actor: { kind: 'person', id: actor.person },
        subjects: { person: recovery.person },
        facts: { recovery: id, document: text, ...assertion },
      },
    ];
    const enough = (await countedFor(world, trx, recovery, now)) >= CONFIRMATIONS;
    const openUntil = enough ? after(now, OPEN_MS) : null;
    if (openUntil !== null) {
      entries.push(...(await open(world, trx, actor, recovery, openUntil, now)));
      ended.push(...(await endAllSignIns(world, trx, recovery.person, 'recovery', actor.person)));
    }
    await world.append(trx, ...entries);
    return ok({ view: await viewOf(world, trx, { ...recovery, openUntil }, now), at: now });
  });
  if (written.ok) announce(world, ended);
  return told(world, written);
}

async function open(
  world: World,
  trx: Trx,
  actor: Actor,
  recovery: RecoveryRecord,
  openUntil: Instant,
  now: Instant,
): Promise<readonly NewEntry[]> {
  await openRecovery(trx, recovery.id, openUntil);
  const removed: NewEntry[] = [];
  for (const passkey of await passkeysOf(trx, recovery.person)) {
    await removePasskey(trx, recovery.person, passkey.id, now);
    removed.push(removedEntry(passkey, actor, now, recovery));
  }
  await forgetChallenges(trx, recovery.person);
  world.log.warn({ person: recovery.person, recovery: recovery.id }, 'two persons let somebody register a new passkey');
  return [
    ...removed,
    {
      kind: 'passkey.recovery-opened',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { person: recovery.person },
      facts: { recovery: recovery.id, openUntil: toIso(openUntil) },
    },
  ];
}

/** A recovery that waits for a confirmation, locked, if the actor may give one. */
async function waitingFor(
  world: World,
  trx: Trx,
  actor: Actor,
  id: RecoveryId,
  operation: 'challengeRecovery' | 'confirmRecovery',
): Promise<Result<{ readonly recovery: RecoveryRecord; readonly now: Instant }, OperationRefusal>> {
  const recovery = await findRecovery(trx, id, true);
  const now = await appNow(trx);
  if (recovery === null) return refused(NOT_FOUND);
  const no = judge(operation, actor, await standingToRecovery(world, trx, actor, recovery, now));
  if (no !== null) return refused(no);
  if (recovery.closedAt !== null || recovery.openUntil !== null)
    return refused({ code: 'already-confirmed', detail: 'This recovery is confirmed, withdrawn or over.' });
  if (now >= recovery.lapsesAt)
    return refused({ code: 'request-lapsed', detail: 'Too few confirmed this in time. Its owner asks again.' });
  // Whoever said so with a key that is gone says it anew: what does not count is no reason to send somebody away.
  const confirmed = await standingConfirmers(world, trx, recovery, now);
  if ((await humansAmong(trx, confirmed)).has(await humanOf(trx, actor.person)))
    return refused({ code: 'already-decided-by-you', detail: 'You have confirmed this before.' });
  return ok({ recovery, now });
}

/** Who has confirmed a recovery and might do so now: whom the rules still name, with a passkey that is still theirs. */
export async function standingConfirmers(
  world: World,
  db: Db | Trx,
  { id }: RecoveryRecord,
  now: Instant,
): Promise<readonly PersonId[]> {
  const { policy, directory } = world.rules.current();
  const confirmed = (await confirmationsOf(db, id)).filter(({ keyStands }) => keyStands).map(({ person }) => person);
  const keys = await personKeys(db, confirmed);
  const named = new Set(sensitiveApprovers(policy, directory, now));
  return confirmed.filter((person) => named.has(keys.get(person) ?? ''));
}

/** How many of them are humans besides the one whom it is for: one under two ids is one. */
async function countedFor(world: World, db: Db | Trx, recovery: RecoveryRecord, now: Instant): Promise<number> {
  const humans = await humansAmong(db, await standingConfirmers(world, db, recovery, now));
  const own = await humanOf(db, recovery.person);
  return [...humans].filter((human) => human !== own).length;
}

async function viewOf(world: World, db: Db | Trx, recovery: RecoveryRecord, now: Instant): Promise<RecoveryView> {
  const { policy, directory } = world.rules.current();
  const confirmed = await standingConfirmers(world, db, recovery, now);
  const keys = await personKeys(db, [recovery.person, ...confirmed]);
  const view = (id: RecoveryRecord['person']) => personView(world, keys.get(id) ?? '');
  const own = keys.get(recovery.person);
  return {
    id: recovery.id,
    person: view(recovery.person),
    askedAt: toIso(recovery.askedAt),
    lapsesAt: toIso(recovery.lapsesAt),
    confirmedBy: confirmed.map(view),
    missing: Math.max(0, CONFIRMATIONS - (await countedFor(world, db, recovery, now))),
    openUntil: recovery.openUntil === null ? null : toIso(recovery.openUntil),
    confirmers: sensitiveApprovers(policy, directory, now)
      .filter((key) => key !== own)
      .map((key) => personView(world, key)),
  };
}
