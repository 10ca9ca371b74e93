import { agreeTo } from '../agree.ts';
import { ask, readLine } from '../ask.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { usage } from '../failure.ts';
import { printable } from '../terminal/printable.ts';
import { proposalShown, type ProposalShown } from '../terminal/proposal-words.ts';
import { who } from '../terminal/who.ts';
import { suggest } from '../terminal/request-screen.ts';
import { plainTable, table } from '../terminal/table.ts';
import { ago } from '../terminal/times.ts';
import { personView, type PersonView } from '../views.ts';
import { fields, isFields, list, text, type Fields } from '../wire.ts';

export interface ReasonOptions {
  readonly reason: string;
}

export interface RoleOptions extends ReasonOptions {
  readonly as: string;
}

export interface MergeOptions extends ReasonOptions {
  readonly endGrants?: boolean;
}

interface Holder {
  readonly person: PersonView;
  readonly role: string;
  readonly since: string;
  readonly active: boolean;
  readonly confirmedBy: PersonView | null;
}

/** Lists who is an auditor or an admin, and which changes wait for a second person. */
export async function listAdmins(context: Context): Promise<ExitCode> {
  return shown(context, await context.api.get('/administration'));
}

/** Proposes that somebody gets a role of Curfew itself. */
export function appoint(context: Context, person: string, { as: role, reason }: RoleOptions): Promise<ExitCode> {
  return propose(context, { action: 'appoint', person: person.trim(), role, reason });
}

/** Proposes that somebody loses it. */
export function dismiss(context: Context, person: string, { as: role, reason }: RoleOptions): Promise<ExitCode> {
  return propose(context, { action: 'dismiss', person: person.trim(), role, reason });
}

/** Proposes that two entries of the directory are one human. */
export function merge(context: Context, keep: string, other: string, options: MergeOptions): Promise<ExitCode> {
  const grants = options.endGrants === true ? 'end' : 'keep';
  const people = { person: keep.trim(), other: other.trim() };
  return propose(context, { action: 'merge', ...people, grants, reason: options.reason });
}

/** Proposes that an account may become another human's. */
export async function release(context: Context, account: string, { reason }: ReasonOptions): Promise<ExitCode> {
  if (!/^lnk_[a-z2-7]{20}$/.test(account))
    throw usage(
      `"${account.slice(0, 60)}" is not the id of an account.`,
      'Ids of accounts look like lnk_… : curfew policy status shows those that two persons claim',
    );
  return propose(context, { action: 'release', account, reason });
}

export interface ConfirmOptions {
  /** `changesVersion` of the proposal as a script has read it. */
  readonly seen?: string;
  /** Without showing it and asking. */
  readonly yes?: boolean;
}

/**
 * Carries a proposal out, as its second person. At a terminal it is shown first with everything that it would change, and the yes is to that
 * alone, as with `approve`.
 */
export async function confirmProposal(context: Context, id: string, options: ConfirmOptions): Promise<ExitCode> {
  const path = `/administration/proposals/${proposalId(id)}/confirm`;
  const say = (seen: { readonly seen?: string }) => context.api.post(path, seen);
  if (options.seen !== undefined) return decided(context, await say({ seen: options.seen }), 'Done');
  if (options.yes === true || !context.interactive) return decided(context, await say({}), 'Done');
  const words = {
    question: 'Confirm this?',
    instead: `To refuse it: ${context.command('admin', 'refuse', id)}`,
    changed: 'proposal-changed',
  };
  const look = async () => {
    const all = list(await context.api.get('/administration'), 'proposals', proposalShown);
    const found = all.find((one) => one.id === id);
    // What is over, or is not theirs to see, stands in no list. A yes to nothing confirms nothing, and the server says why.
    if (found === undefined) return { card: '', seen: 'nothing', open: false };
    return { card: cardOf(context.err, found), seen: found.changesVersion, open: found.mayConfirm };
  };
  return decided(context, await agreeTo(context, words, look, (seen) => say({ seen })), 'Done');
}

/** Refuses a proposal, or withdraws one's own. */
export async function refuseProposal(context: Context, id: string): Promise<ExitCode> {
  const raw = await context.api.post(`/administration/proposals/${proposalId(id)}/refuse`, {});
  return decided(context, raw, 'Nothing changes');
}

/** Makes whoever has the code of the broker's console the first admin. It is never an argument: those stand in histories and process lists. */
export async function claim(context: Context): Promise<ExitCode> {
  const code = (await givenCode(context)).trim();
  if (code === '')
    throw usage('There is no code on standard input.', 'The broker prints it on its console at its start.');
  return shown(context, await context.api.post('/administration/claim', { code }));
}

async function givenCode(context: Context): Promise<string> {
  if (context.interactive) return ask(context, "The code on the broker's console:");
  return (await readLine(context.place.stdin, new AbortController().signal)) ?? '';
}

async function propose(context: Context, change: Readonly<Record<string, string>>): Promise<ExitCode> {
  const raw = await context.api.post('/administration/proposals', change);
  const proposal = proposalShown(raw);
  if (context.json) context.dataJson(raw);
  else context.data(`${proposal.id}\n`);
  if (context.json || context.plain) return EXIT.ok;
  for (const effect of proposal.effects) context.say(`  ${effect}`);
  const orThem = proposal.role === '' ? '' : ', or whom it is about if there is none';
  context.say(`Nothing changes before a second person confirms it within a day: another admin${orThem}:`);
  context.say(`  curfew admin confirm ${proposal.id}`);
  return EXIT.ok;
}

function decided(context: Context, raw: Fields, outcome: string): ExitCode {
  const { id, words, effects } = proposalShown(raw);
  if (context.json) context.dataJson(raw);
  else if (context.plain) context.data(`${id}\n`);
  else {
    context.say(`${outcome}: ${words}.`);
    if (outcome === 'Done') for (const effect of effects) context.say(`  ${effect}`);
  }
  return EXIT.ok;
}

const COLUMNS = ['what', 'person', 'role', 'since', 'by', 'id', 'with', 'reason'];

function shown(context: Context, raw: Fields): ExitCode {
  const holders = list(raw, 'holders', holderView);
  const proposals = list(raw, 'proposals', proposalShown);
  if (context.json) context.dataJson(raw);
  else if (context.plain) {
    const held = holders.map((one) => [
      ...[one.active ? 'holds' : 'left', one.person.key, one.role, one.since, one.confirmedBy?.key ?? '', '', '', ''],
    ]);
    const asked = proposals.map((one) => [
      ...[one.action, one.person.key, one.role, one.lapsesAt, one.proposedBy.key, one.id, one.with, one.reason],
    ]);
    context.data(plainTable(COLUMNS, [...held, ...asked]));
  } else if (holders.length + proposals.length === 0)
    context.say('Nobody is an admin yet. The code for the first one stands on the console of the broker.');
  else showTables(context, holders, proposals);
  return EXIT.ok;
}

function showTables(context: Context, holders: readonly Holder[], proposals: readonly ProposalShown[]): void {
  const { out, place } = context;
  const now = place.clock.now();
  const rows = holders.map((one) => [
    who(one.person),
    one.role,
    ago(one.since, now),
    one.confirmedBy === null ? 'the code of the console' : who(one.confirmedBy),
    one.active ? '' : out.dim('has left'),
  ]);
  context.data(table(out, ['PERSON', 'ROLE', 'SINCE', 'CONFIRMED BY', ''], rows));
  if (proposals.length === 0) return;
  for (const proposal of proposals) context.data(`\n${cardOf(out, proposal)}`);
  const mine = proposals.find((one) => one.mayConfirm);
  if (mine !== undefined) suggest(context, context.command('admin', 'confirm', mine.id));
}

/** A proposal with what it would change, in the colours of the stream that it is for. */
function cardOf({ dim }: Context['out'], { id, words, proposedBy, reason, effects }: ProposalShown): string {
  const below = [dim(`${who(proposedBy)}: ${printable(reason)}`), ...effects].map((line) => `    ${line}\n`);
  return `  ${id}  ${words}\n${below.join('')}`;
}

function holderView(of: Fields): Holder {
  return {
    person: personView(fields(of['person'], 'person')),
    role: text(of, 'role'),
    since: text(of, 'since'),
    active: of['active'] === true,
    confirmedBy: isFields(of['confirmedBy']) ? personView(of['confirmedBy']) : null,
  };
}

function proposalId(text: string): string {
  if (/^prp_[a-z2-7]{20}$/.test(text)) return text;
  throw usage(
    `"${text.slice(0, 60)}" is not the id of a proposal.`,
    'Ids of proposals look like prp_… : curfew admin list',
  );
}
