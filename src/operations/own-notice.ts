import type { CurfewRole, ProposedAction } from '../core/administration.ts';
import { parseId, type PersonId } from '../core/ids.ts';
import { OWN_NEWS, type NotificationOutcome, type OwnNews } from '../core/notification.ts';
import { fromIso, type Instant } from '../core/time.ts';
import { revocationStatus, type RevocationScope } from '../core/revocation.ts';
import { sensitiveApprovers } from '../policy/sensitive-approvers.ts';
import { appNow } from '../store/database.ts';
import { bodiesFrom, type ClaimedNotification } from '../store/notifications.ts';
import { findRecovery } from '../store/passkey-recoveries.ts';
import { allOfHuman, areOneHuman, humanOf, humansAmong, personKeys } from '../store/people.ts';
import { findProposal } from '../store/proposals.ts';
import { countRevocation, findRevocation } from '../store/revocations.ts';
import { roleHolders, rolesOf } from '../store/role-assignments.ts';
import type { EntryBody } from './entry-words.ts';
import { judge } from './authorisation.ts';
import { isAddress, messageKey, nameAndKey } from './notice.ts';
import { mayDecideProposal } from './proposal-deciders.ts';
import { standingConfirmers } from './recover-passkeys.ts';
import { isAsking } from './revocation-view.ts';
import { isAbout, partiesOf, standingToOrder } from './standing.ts';
import type { World } from './world.ts';

/** A message about somebody's own keys, accounts or roles, or about what waits for them, as it stands when it is sent. */
export interface OwnNotice {
  readonly kind: OwnNews;
  readonly to: { readonly name: string; readonly address: string };
  /** What all messages about the same thing have in common. */
  readonly thread: string;
  /** 24 hex digits, the same for the same message to the same person however often it is sent. */
  readonly key: string;
  readonly happenedAt: Instant;
  /** Who did it, by name; `null`: Curfew did. */
  readonly by: string | null;
  /** It was done in the name of whoever gets this. */
  readonly own: boolean;
  /** Whom it is about, by name and key: names can be alike. Of an order over a target its key. */
  readonly about: string;
  /** Over what an order is; `null`: it is about none. */
  readonly scope: RevocationScope['kind'] | null;
  /** Of two who were or are to be merged the other one. */
  readonly other: string | null;
  readonly action: ProposedAction | null;
  readonly role: CurfewRole | null;
  /** Whom it is about confirmed it, because there was no other admin. */
  readonly selfConfirmed: boolean;
  /** Whoever confirmed it had no passkey. */
  readonly unsigned: boolean;
  /** Who proposed what somebody confirmed, by name and key. */
  readonly proposedBy: string | null;
  /** In the words of whoever proposed it; `null`: nobody did, or it is not said here. */
  readonly reason: string | null;
  /** Who signs for an account: a URL. */
  readonly issuer: string | null;
  /** False of an account that is only known to be somebody's. */
  readonly signsIn: boolean;
  /** Whoever runs Curfew did it, and how many accounts it was about; `null`: of one, or somebody else did. */
  readonly byOperator: boolean;
  readonly accounts: number | null;
  /** Until when it can be decided, or a new passkey be registered. */
  readonly until: Instant | null;
  /** Whether it waits for a confirmation by whoever gets this. */
  readonly mayConfirm: boolean;
}

/** A message that is about its receiver, and about no request. */
export type OwnMessage = ClaimedNotification & { readonly kind: OwnNews };

export function isOwnNews(message: ClaimedNotification): message is OwnMessage {
  return (OWN_NEWS as readonly string[]).includes(message.kind);
}

/** What is to be told now, or why nothing is. */
export async function ownNoticeOf(
  world: World,
  message: OwnMessage,
): Promise<OwnNotice | Extract<NotificationOutcome, 'overtaken' | 'no-address'>> {
  const { db } = world;
  const seq = Number(message.occasion.split(':')[1]);
  const [entry] = await bodiesFrom(db, seq, 1);
  if (entry?.seq !== seq) return 'overtaken';
  const { actor, subjects, facts } = JSON.parse(entry.body) as EntryBody;
  const person = parseId('per', subjects['person'] ?? '') ?? message.person;
  const other = parseId('per', textOf(facts['with']) ?? '');
  const by = actor.kind === 'person' ? actor.id : null;
  const isConfirmed = message.kind === 'role-changed' || message.kind === 'change-unsigned';
  const proposal = isConfirmed ? parseId('prp', textOf(facts['proposal']) ?? '') : null;
  const proposedBy = proposal === null ? null : ((await findProposal(db, proposal))?.proposedBy ?? null);
  const named = [other, by, proposedBy].filter((id) => id !== null);
  const keys = await personKeys(db, [message.person, person, ...named]);
  const { directory } = world.rules.current();
  const to = directory.people.get(keys.get(message.person) ?? '');
  if (to === undefined || !to.active || !isAddress(to.email)) return 'no-address';
  // Whoever gave them knows.
  if (message.kind === 'more-orders' && by !== null && (await areOneHuman(db, by, message.person))) return 'overtaken';
  const waits = await waitsFor(world, message, to.key, facts);
  if (waits === 'overtaken') return waits;
  const nameOf = (id: PersonId | null): string | null => {
    const key = id === null ? null : (keys.get(id) ?? null);
    return key === null ? null : nameAndKey(directory, key);
  };
  return {
    kind: message.kind,
    to: { name: to.name, address: to.email },
    thread: textOf(facts['proposal']) ?? textOf(facts['recovery']) ?? textOf(facts['revocation']) ?? `entry-${seq}`,
    key: messageKey(message),
    happenedAt: message.happenedAt,
    by: nameOf(by),
    own: by !== null && (await areOneHuman(db, by, message.person)),
    about: textOf(facts['target']) ?? nameOf(person) ?? '',
    scope: textOf(facts['scope']) as RevocationScope['kind'] | null,
    other: nameOf(other),
    action: textOf(facts['action']) as ProposedAction | null,
    role: textOf(facts['role']) as CurfewRole | null,
    selfConfirmed: message.kind === 'role-changed' && by !== null && (await areOneHuman(db, by, person)),
    unsigned: facts['signed'] === false,
    proposedBy: nameOf(proposedBy),
    issuer: textOf(facts['issuer']),
    // Entries of before say nothing of it: all accounts signed in.
    signsIn: facts['signsIn'] !== false,
    byOperator: actor.id === 'operator',
    accounts: typeof facts['accounts'] === 'number' ? facts['accounts'] : null,
    until: fromIso(textOf(facts['openUntil']) ?? textOf(facts['lapsesAt']) ?? textOf(facts['asksUntil']) ?? ''),
    ...waits,
  };
}

type Waits = Pick<OwnNotice, 'mayConfirm' | 'reason'>;
const NOTHING: Waits = { mayConfirm: false, reason: null };

/** What waits for whoever gets a message, judged now; `overtaken`: nothing does any more, so the message is no news. */
async function waitsFor(
  world: World,
  { kind, person, now }: OwnMessage,
  key: string,
  facts: EntryBody['facts'],
): Promise<Waits | 'overtaken'> {
  const { db } = world;
  if (kind === 'recovery-waits' || kind === 'recovery-confirmed') {
    const id = parseId('rcv', textOf(facts['recovery']) ?? '');
    const recovery = id === null ? null : await findRecovery(db, id);
    if (recovery === null || recovery.closedAt !== null || recovery.openUntil !== null || now >= recovery.lapsesAt)
      return 'overtaken';
    if (kind === 'recovery-confirmed') return NOTHING;
    const { policy, directory } = world.rules.current();
    const isNamed = sensitiveApprovers(policy, directory, now).includes(key);
    const human = await humanOf(db, person);
    // Whoever confirmed it with a key that is gone is asked anew, as the recovery itself counts.
    const confirmed = (await humansAmong(db, await standingConfirmers(world, db, recovery, now))).has(human);
    if (!isNamed || confirmed || (await humanOf(db, recovery.person)) === human) return 'overtaken';
    return { mayConfirm: true, reason: null };
  }
  if (kind === 'order-waits') return waitsAsOrder(world, person, key, facts);
  if (kind !== 'proposal-waits' && kind !== 'role-proposed') return NOTHING;
  const id = parseId('prp', textOf(facts['proposal']) ?? '');
  const proposal = id === null ? null : await findProposal(db, id);
  if (proposal === null || proposal.outcome !== null || now >= proposal.lapsesAt) return 'overtaken';
  const acting = { kind: 'person' as const, roles: await rolesOf(db, person) };
  const turn = { acting, human: await humanOf(db, person), holders: await roleHolders(db) };
  const parties = await partiesOf(world, db, proposal);
  const { mayConfirm } = mayDecideProposal(world, turn, proposal, parties);
  // Whom it is about gets the message that says so.
  if (kind === 'proposal-waits' && (!mayConfirm || parties.about.has(turn.human))) return 'overtaken';
  return { mayConfirm, reason: proposal.reason };
}

/** The same for an order: not once it is confirmed, lifted or too old, or where nothing is left that a second person would end. */
async function waitsAsOrder(
  world: World,
  person: PersonId,
  key: string,
  facts: EntryBody['facts'],
): Promise<Waits | 'overtaken'> {
  const { db } = world;
  const id = parseId('rev', textOf(facts['revocation']) ?? '');
  const order = id === null ? null : await findRevocation(db, id);
  const now = await appNow(db);
  if (order === null || !isAsking(order, now)) return 'overtaken';
  const status = revocationStatus(order, (await countRevocation(db, order)).live, now);
  if (status !== 'waiting' && status !== 'partly') return 'overtaken';
  const human = await allOfHuman(db, person);
  if (human.includes(order.orderedBy)) return 'overtaken';
  const standing = standingToOrder(world, { person, key }, order, isAbout(order, human));
  const acting = { kind: 'person' as const, roles: await rolesOf(db, person) };
  if (judge('confirmRevocation', acting, standing) !== null) return 'overtaken';
  return { mayConfirm: true, reason: order.reason };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
