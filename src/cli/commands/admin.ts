import { ask, readLine } from '../ask.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { usage } from '../failure.ts';
import { printable } from '../terminal/printable.ts';
import { suggest } from '../terminal/request-screen.ts';
import { plainTable, table } from '../terminal/table.ts';
import { ago } from '../terminal/times.ts';
import { personView, type PersonView } from '../views.ts';
import { fields, isFields, list, text, type Fields } from '../wire.ts';

export interface RoleOptions {
  readonly as: string;
}

interface Holder {
  readonly person: PersonView;
  readonly role: string;
  readonly since: string;
  readonly active: boolean;
  readonly confirmedBy: PersonView | null;
}

interface Proposal {
  readonly id: string;
  readonly action: string;
  readonly role: string;
  readonly person: PersonView;
  readonly proposedBy: PersonView;
  readonly lapsesAt: string;
  readonly mayConfirm: boolean;
}

/** Lists who is an auditor or an admin, and which changes wait for a second person. */
export async function listAdmins(context: Context): Promise<ExitCode> {
  return shown(context, await context.api.get('/administration'));
}

/** Proposes that somebody gets a role of Curfew itself. */
export function appoint(context: Context, person: string, options: RoleOptions): Promise<ExitCode> {
  return propose(context, 'appoint', person, options);
}

/** Proposes that somebody loses it. */
export function dismiss(context: Context, person: string, options: RoleOptions): Promise<ExitCode> {
  return propose(context, 'dismiss', person, options);
}

/** Carries a proposal out, as its second person. */
export async function confirmProposal(context: Context, id: string): Promise<ExitCode> {
  const raw = await context.api.post(`/administration/proposals/${proposalId(id)}/confirm`, {});
  return decided(context, raw, ({ action, role, person }) =>
    action === 'appoint'
      ? `${printable(person.name)} is ${role} now.`
      : `${printable(person.name)} is no ${role} any more.`,
  );
}

/** Refuses a proposal, or withdraws one's own. */
export async function refuseProposal(context: Context, id: string): Promise<ExitCode> {
  const raw = await context.api.post(`/administration/proposals/${proposalId(id)}/refuse`, {});
  return decided(context, raw, ({ person, role }) => `Nothing changes: ${printable(person.name)}, ${role}.`);
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

async function propose(
  context: Context,
  action: 'appoint' | 'dismiss',
  person: string,
  { as: role }: RoleOptions,
): Promise<ExitCode> {
  const raw = await context.api.post('/administration/proposals', { action, person: person.trim(), role });
  const proposal = proposalView(raw);
  if (context.json) context.dataJson(raw);
  else if (context.plain) context.data(`${proposal.id}\n`);
  else {
    context.data(`${proposal.id}\n`);
    context.say(
      'Nothing changes before a second person confirms it within a day: another admin, or whom it is about if there is none:',
    );
    context.say(`  curfew admin confirm ${proposal.id}`);
  }
  return EXIT.ok;
}

function decided(context: Context, raw: Fields, words: (proposal: Proposal) => string): ExitCode {
  const proposal = proposalView(raw);
  if (context.json) context.dataJson(raw);
  else if (context.plain) context.data(`${proposal.id}\n`);
  else context.say(words(proposal));
  return EXIT.ok;
}

const COLUMNS = ['what', 'person', 'role', 'since', 'by', 'id'];

function shown(context: Context, raw: Fields): ExitCode {
  const holders = list(raw, 'holders', holderView);
  const proposals = list(raw, 'proposals', proposalView);
  if (context.json) context.dataJson(raw);
  else if (context.plain) {
    const held = holders.map((one) => [
      ...[one.active ? 'holds' : 'left', one.person.key, one.role, one.since, one.confirmedBy?.key ?? '', ''],
    ]);
    const asked = proposals.map((one) => [
      one.action,
      one.person.key,
      one.role,
      one.lapsesAt,
      one.proposedBy.key,
      one.id,
    ]);
    context.data(plainTable(COLUMNS, [...held, ...asked]));
  } else if (holders.length + proposals.length === 0)
    context.say('Nobody is an admin yet. The code for the first one stands on the console of the broker.');
  else showTables(context, holders, proposals);
  return EXIT.ok;
}

function showTables(context: Context, holders: readonly Holder[], proposals: readonly Proposal[]): void {
  const { out, place } = context;
  const now = place.clock.now();
  const who = ({ name, key }: PersonView) => `${printable(name)} (${printable(key)})`;
  const rows = holders.map((one) => [
    who(one.person),
    one.role,
    ago(one.since, now),
    one.confirmedBy === null ? 'the code of the console' : printable(one.confirmedBy.name),
    one.active ? '' : out.dim('has left'),
  ]);
  context.data(table(out, ['PERSON', 'ROLE', 'SINCE', 'CONFIRMED BY', ''], rows));
  if (proposals.length === 0) return;
  const asked = proposals.map((one) => [one.id, one.action, who(one.person), one.role, printable(one.proposedBy.name)]);
  context.data(`\n${table(out, ['PROPOSAL', 'WHAT', 'PERSON', 'ROLE', 'BY'], asked)}`);
  const mine = proposals.find((one) => one.mayConfirm);
  if (mine !== undefined) suggest(context, context.command('admin', 'confirm', mine.id));
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

function proposalView(of: Fields): Proposal {
  return {
    id: text(of, 'id'),
    action: text(of, 'action'),
    role: text(of, 'role'),
    person: personView(fields(of['person'], 'person')),
    proposedBy: personView(fields(of['proposedBy'], 'proposedBy')),
    lapsesAt: text(of, 'lapsesAt'),
    mayConfirm: of['mayConfirm'] === true,
  };
}

function proposalId(text: string): string {
  if (/^prp_[a-z2-7]{20}$/.test(text)) return text;
  throw usage(
    `"${text.slice(0, 60)}" is not the id of a proposal.`,
    'Ids of proposals look like prp_… : curfew admin list',
  );
}
