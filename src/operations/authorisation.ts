import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import type { Actor } from './world.ts';

/**
 * Who may do what: operation x role x relation, as data, and the only place that says so (ADR 21). An operation finds out how the actor
 * stands to the thing (`standing.ts`) and asks `judge`. What stands nowhere here is not allowed.
 */

/** `own`: they asked for it, hold it or gave it. `addressed`: it concerns them: see `standing.ts`. */
export const RELATIONS = ['own', 'addressed', 'other'] as const;
export type Relation = (typeof RELATIONS)[number];

/**
 * `approver`: a person whom the rules name for this very thing, or who answers for its role or target. `auditor` and `admin` are roles of
 * Curfew itself. A person has the rights of all their roles, a workload or an agent those of its kind alone.
 */
export const ROLES = ['member', 'approver', 'auditor', 'admin', 'workload', 'agent'] as const;
export type Role = (typeof ROLES)[number];

/** How an actor stands to a thing. */
export interface Standing {
  readonly relation: Relation;
  /** Whether the rules make them an approver of this very thing. */
  readonly named: boolean;
  /** It is directed against them: their roles of Curfew itself do not count. */
  readonly against?: boolean;
  /** It is over: whatever is done with it, it exists for those alone to whom `showPastGrant` shows it. */
  readonly over?: boolean;
}

/** Where there is no thing, or it is not there yet. */
const NO_THING: Standing = { relation: 'own', named: false };

/** What is said to somebody who may see the thing, but not do this. */
const REASONS = {
  'own-request': {
    code: 'self-approval',
    detail: 'Nobody decides their own request.',
    hint: 'Ask one of the people that "curfew why" names.',
  },
  'not-named': { code: 'not-an-approver', detail: 'The rules do not name you for any step of this request.' },
  'not-requester': { code: 'not-your-request', detail: 'Only the requester can withdraw a request.' },
  'not-returner': {
    code: 'not-your-grant',
    detail: 'Only its holder gives access back.',
    hint: 'curfew revoke grt_… --reason "…"',
  },
  'not-holder': { code: 'not-your-grant', detail: 'Only its holder asks to keep access for longer.' },
  'may-not-end': {
    code: 'not-allowed-to-revoke',
    detail: 'Neither the rules nor the ownership of the role or the target let you end this.',
  },
  'may-not-order': {
    code: 'not-allowed-to-revoke',
    detail: 'You answer for no role and no target, and none of this access is yours to end.',
    hint: 'End your own with "curfew done --all", or ask somebody who answers for the role or the target.',
  },
  'gave-order': {
    code: 'self-approval',
    detail: 'You gave this order; another person has to confirm it.',
    hint: 'Ask somebody else who answers for a role or a target.',
  },
  'answers-for-nothing': {
    code: 'not-an-approver',
    detail: 'Only somebody who answers for a role or a target confirms or lifts this order.',
  },
  'not-admin': {
    code: 'not-an-admin',
    detail: 'Only an admin does this.',
    hint: '"curfew admin list" shows who is one.',
  },
  'proposed-it': {
    code: 'self-approval',
    detail: 'You proposed this; another person has to confirm it.',
    hint: '"curfew admin list" shows who can.',
  },
  'own-recovery': {
    code: 'self-approval',
    detail: 'Nobody confirms that they lost their own passkeys.',
    hint: 'Ask two of those whom the recovery names.',
  },
  'people-only': { code: 'people-only', detail: 'Only a person does this: never a workload, never an agent.' },
} as const satisfies Readonly<Record<string, OperationRefusal>>;

/** `hidden`: to them it does not exist (404). A reason: they may see it, but not do this (403). */
export type Cell = 'allow' | 'hidden' | keyof typeof REASONS;
type Triple = readonly [own: Cell, addressed: Cell, other: Cell];

/** What a relation to something means in a row; `nothing`: all three cells of a role are the same. */
type About =
  | 'nothing'
  | 'request'
  | 'grant'
  | 'past-grant'
  | 'order'
  | 'stop'
  | 'scope'
  | 'target'
  | 'entry'
  | 'proposal'
  | 'account'
  | 'passkey'
  | 'recovery';

export interface Row {
  readonly about: About;
  /** Done by whoever runs Curfew, at its machine with its keys and its database: by no actor, so that every cell says no. */
  readonly by?: 'operator';
  readonly cells: Readonly<Record<Role, Triple>>;
}

/** A row: `people` are members, and approvers too unless told otherwise; `watchers` auditors and admins; `machines` workloads and agents. */
function row(
  about: About,
  cells: {
    readonly people: Triple;
    readonly watchers: Triple;
    readonly machines: Triple;
    readonly approver?: Triple;
    readonly auditor?: Triple;
    readonly admin?: Triple;
  },
): Row {
  const { people, watchers, machines, approver = people, auditor = watchers, admin = watchers } = cells;
  return { about, cells: { member: people, approver, auditor, admin, workload: machines, agent: machines } };
}

const same = (cell: Cell): Triple => [cell, cell, cell];
const ALL = same('allow');
const NONE = same('hidden');
const OWN: Triple = ['allow', 'hidden', 'hidden'];
const CONCERNED: Triple = ['allow', 'allow', 'hidden'];
/** It is no secret that the operation exists, but nothing in it is for machines. */
const PEOPLE_ONLY: Triple = ['people-only', 'hidden', 'hidden'];

const EVERYBODY = row('nothing', { people: ALL, watchers: ALL, machines: ALL });
const EVERY_PERSON = row('nothing', { people: ALL, watchers: ALL, machines: same('people-only') });
const READ_REQUEST = row('request', { people: CONCERNED, watchers: ALL, machines: OWN });
const DECIDE = row('request', {
  people: ['own-request', 'not-named', 'hidden'],
  approver: ['own-request', 'allow', 'hidden'],
  watchers: ['own-request', 'not-named', 'not-named'],
  machines: PEOPLE_ONLY,
});
/** How somebody signs in: their own affair, and nothing that a machine has. */
const OWN_ACCOUNT = row('account', { people: OWN, watchers: OWN, machines: same('people-only') });
const OWN_PASSKEY = row('passkey', { people: OWN, watchers: OWN, machines: same('people-only') });
const VOUCH = row('recovery', {
  people: ['own-recovery', 'hidden', 'hidden'],
  approver: ['own-recovery', 'allow', 'hidden'],
  watchers: ['own-recovery', 'hidden', 'hidden'],
  machines: same('people-only'),
});
const ADMINISTER = row('nothing', {
  people: same('not-admin'),
  watchers: same('not-admin'),
  admin: ALL,
  machines: same('people-only'),
});
const CONFIRM_CHANGE = row('proposal', {
  people: ['proposed-it', 'allow', 'hidden'],
  watchers: ['proposed-it', 'allow', 'not-admin'],
  admin: ['proposed-it', 'allow', 'allow'],
  machines: PEOPLE_ONLY,
});
const HAND_OUT = row('grant', { people: OWN, watchers: OWN, machines: OWN });
const EXTEND = row('grant', {
  people: ['allow', 'not-holder', 'not-holder'],
  watchers: ['allow', 'not-holder', 'not-holder'],
  machines: OWN,
});
const ORDERING = row('scope', {
  people: ['allow', 'may-not-order', 'may-not-order'],
  approver: ['allow', 'allow', 'may-not-order'],
  watchers: ['allow', 'may-not-order', 'may-not-order'],
  machines: same('people-only'),
});

const BY_OPERATOR = { ...row('nothing', { people: NONE, watchers: NONE, machines: NONE }), by: 'operator' } as const;

export const AUTHORISATION = {
  previewRequest: EVERYBODY,
  requestAccess: EVERYBODY,
  showRequest: READ_REQUEST,
  explainRequest: READ_REQUEST,
  // How many others hold the same is for people, who may look at all live access.
  showCircumstances: row('request', { people: CONCERNED, watchers: ALL, machines: PEOPLE_ONLY }),
  listRequests: READ_REQUEST,
  approveRequest: DECIDE,
  challengeDecision: DECIDE,
  denyRequest: DECIDE,
  withdrawRequest: row('request', {
    people: ['allow', 'not-requester', 'hidden'],
    watchers: ['allow', 'not-requester', 'not-requester'],
    machines: OWN,
  }),

  // Who holds what now is no secret among colleagues; who held what is between those whom it concerned, and who watches.
  showPastGrant: row('past-grant', { people: CONCERNED, watchers: ALL, machines: OWN }),
  showGrant: row('grant', { people: ALL, watchers: ALL, machines: OWN }),
  listLive: row('grant', { people: ALL, watchers: ALL, machines: OWN }),
  listGrants: row('grant', { people: OWN, watchers: ALL, machines: OWN }),
  returnGrant: row('grant', {
    people: ['allow', 'not-returner', 'not-returner'],
    watchers: ['allow', 'not-returner', 'not-returner'],
    machines: OWN,
  }),
  extendGrant: EXTEND,
  previewExtension: EXTEND,
  revokeGrant: row('grant', {
    people: ['allow', 'may-not-end', 'may-not-end'],
    approver: ['allow', 'allow', 'may-not-end'],
    watchers: ['allow', 'may-not-end', 'may-not-end'],
    machines: OWN,
  }),
  issueCredential: HAND_OUT,
  issueCertificate: HAND_OUT,
  openConsole: row('grant', { people: OWN, watchers: OWN, machines: PEOPLE_ONLY }),

  orderRevocation: ORDERING,
  // Whoever may give an order may know first how much it would cover.
  foreseeOrder: ORDERING,
  showRevocation: row('order', { people: CONCERNED, watchers: ALL, machines: PEOPLE_ONLY }),
  listRevocations: row('order', { people: CONCERNED, watchers: ALL, machines: same('people-only') }),
  // What an order is to those whose access it stops: that it stands, and nothing of whoever gave it.
  listStops: row('stop', { people: OWN, watchers: OWN, machines: OWN }),
  confirmRevocation: row('order', {
    people: ['gave-order', 'answers-for-nothing', 'hidden'],
    approver: ['gave-order', 'allow', 'hidden'],
    watchers: ['gave-order', 'answers-for-nothing', 'answers-for-nothing'],
    machines: PEOPLE_ONLY,
  }),
  // Who is to be asked: for whoever gave the order, and whoever could say yes to it or watches.
  nameConfirmers: row('order', { people: OWN, approver: CONCERNED, watchers: ALL, machines: NONE }),
  liftRevocation: row('order', {
    people: CONCERNED,
    watchers: ['allow', 'allow', 'answers-for-nothing'],
    machines: PEOPLE_ONLY,
  }),

  listSessions: OWN_ACCOUNT,
  endSession: OWN_ACCOUNT,
  signOut: OWN_ACCOUNT,
  listAccounts: OWN_ACCOUNT,
  linkAccount: EVERY_PERSON,
  unlinkAccount: OWN_ACCOUNT,

  listPasskeys: OWN_PASSKEY,
  renamePasskey: OWN_PASSKEY,
  removePasskey: OWN_PASSKEY,
  // What a sign-in alone gets, and what takes a passkey, is judged by `passkeys.ts`.
  askForStepUp: EVERY_PERSON,
  passkeyOptions: EVERY_PERSON,
  registerPasskey: EVERY_PERSON,

  // It takes two who are trusted with the most sensitive approvals already; an admin is not one for being an admin.
  askForRecovery: EVERY_PERSON,
  withdrawRecovery: EVERY_PERSON,
  listRecoveries: row('recovery', {
    people: OWN,
    approver: CONCERNED,
    watchers: OWN,
    machines: same('people-only'),
  }),
  challengeRecovery: VOUCH,
  confirmRecovery: VOUCH,
  // Their own, whoever they are: there is no way to name another person's.
  showNotifications: EVERY_PERSON,
  saveNotifications: EVERY_PERSON,
  muteRequest: row('request', { people: CONCERNED, watchers: ALL, machines: PEOPLE_ONLY }),
  // Each has a list of their own, and nothing names another's.
  listFavourites: EVERY_PERSON,
  keepFavourites: EVERY_PERSON,

  searchCatalogue: EVERYBODY,
  showPolicy: EVERY_PERSON,
  // Whose account is claimed by whom: what comes with the rules, for those who can have it settled.
  listConflicts: row('nothing', { people: NONE, watchers: ALL, machines: NONE }),
  // The findings tell how an account is set up.
  examineClouds: row('target', {
    people: NONE,
    approver: ['hidden', 'allow', 'hidden'],
    watchers: NONE,
    machines: NONE,
  }),

  // Every person can verify the log from its leaf hashes; what an entry says is for those whom it concerns.
  exportEntries: EVERY_PERSON,
  readEntry: row('entry', { people: CONCERNED, watchers: ALL, machines: same('people-only') }),
  exportCheckpoints: EVERY_PERSON,
  exportLatestCheckpoint: EVERY_PERSON,
  exportProof: EVERY_PERSON,
  exportReconciliation: EVERY_PERSON,
  searchAudit: row('entry', { people: CONCERNED, watchers: ALL, machines: same('people-only') }),
  // What does name people: an admin looks after Curfew, and has no need to read what people wrote.
  exportPersonal: row('entry', { people: CONCERNED, watchers: CONCERNED, auditor: ALL, machines: NONE }),

  // Who looks after Curfew is no secret; what is proposed is for those who can decide it, or whom it is about.
  listAdministration: row('proposal', { people: CONCERNED, watchers: ALL, machines: same('people-only') }),
  claimAdministration: EVERY_PERSON,
  propose: ADMINISTER,
  challengeProposing: ADMINISTER,
  // Whom it is about decides nothing of it while there is another admin, nor ever whether they are one human: see `proposals.ts`.
  challengeProposal: CONFIRM_CHANGE,
  confirmProposal: CONFIRM_CHANGE,
  refuseProposal: row('proposal', {
    people: CONCERNED,
    watchers: ['allow', 'allow', 'not-admin'],
    admin: ALL,
    machines: PEOPLE_ONLY,
  }),

  // Where nobody who could act can sign in: `curfew admin forget-accounts` and `new-code`. No route leads there, whoever asks.
  forgetAccounts: BY_OPERATOR,
  renewAdminCode: BY_OPERATOR,
} as const satisfies Readonly<Record<string, Row>>;

export type Operation = keyof typeof AUTHORISATION;

/** What no role can do. */
export type OperatorOperation = {
  [Name in Operation]: (typeof AUTHORISATION)[Name] extends { readonly by: 'operator' } ? Name : never;
}[Operation];

/** Who stands in the log for what the table leaves to whoever runs Curfew; for anything else it does not compile. */
export function operatorOf(_operation: OperatorOperation): { readonly kind: 'system'; readonly id: 'operator' } {
  return { kind: 'system', id: 'operator' };
}

/** What is needed of an actor to judge: which kind it is, and which roles of Curfew itself it has. */
type Judged = Pick<Actor, 'kind' | 'roles'>;

/**
 * Whether an actor may do something. `null`: yes. A refusal: no, in words. `NOT_FOUND`: the thing does not exist for them. Of several
 * roles the one that allows most counts.
 */
export function judge(operation: Operation, actor: Judged, standing: Standing = NO_THING): OperationRefusal | null {
  if (standing.over === true && operation !== 'showPastGrant') {
    const hidden = judge('showPastGrant', actor, standing);
    if (hidden !== null) return hidden;
  }
  const { cells } = AUTHORISATION[operation];
  const at = RELATIONS.indexOf(standing.relation);
  const found = rolesOf(actor, standing).map((role): Cell => cells[role][at] ?? 'hidden');
  if (found.includes('allow')) return null;
  const reason = found.find((cell) => cell !== 'hidden');
  return reason === undefined || reason === 'allow' ? NOT_FOUND : REASONS[reason];
}

/** Whether an actor may do something to every such thing, however they stand to it: then nobody has to look. */
export function mayAlways(operation: Operation, actor: Judged): boolean {
  return judge(operation, actor, { relation: 'other', named: false }) === null;
}

/** The words of a refusal that a cell gives; `null` for a cell that gives none. */
export function reasonOf(cell: Cell): OperationRefusal | null {
  if (cell === 'allow') return null;
  return cell === 'hidden' ? NOT_FOUND : REASONS[cell];
}

function rolesOf({ kind, roles }: Judged, { named, against }: Standing): readonly Role[] {
  if (kind !== 'person') return [kind];
  return ['member', ...(named ? (['approver'] as const) : []), ...(against === true ? [] : roles)];
}
