import { allPages } from '../all-pages.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { rememberLive } from '../live-state.ts';
import { printable, shorten } from '../terminal/printable.ts';
import { grantPhrase, leftovers, residualNote, suggest } from '../terminal/request-screen.ts';
import { statusText } from '../terminal/style.ts';
import { plainTable, table, wrapped } from '../terminal/table.ts';
import { ago, clockTime } from '../terminal/times.ts';
import { grantView, isLive, overAt, requestView, type GrantView, type RequestView } from '../views.ts';
import { deciders } from '../waiting.ts';
import { list } from '../wire.ts';
import { who } from '../terminal/who.ts';

export interface LsOptions {
  readonly waiting?: boolean;
  readonly all?: boolean;
}

const LATELY = 5;
/** An auditor may see every request that there ever was; a terminal is not where to read them all. */
const MOST = 1_000;

/** Lists what is mine: live access with its time left, open requests, what is over. */
export async function ls(context: Context, options: LsOptions): Promise<ExitCode> {
  if (options.waiting || options.all) return lsRequests(context, options.waiting ? 'waiting' : 'all');
  const [grantsRaw, requestsRaw] = await Promise.all([
    context.api.get('/grants?scope=mine'),
    context.api.get('/requests?scope=mine'),
  ]);
  const grants = list(grantsRaw, 'items', grantView);
  const requests = list(requestsRaw, 'items', requestView);
  rememberLive(context, grants, true);
  if (context.json) context.dataJson({ grants: grantsRaw['items'], requests: requestsRaw['items'] });
  else if (context.plain) context.data(plainTable(COLUMNS, [...grants.map(plainGrant), ...requests.map(plainRequest)]));
  else await screen(context, grants, requests);
  return EXIT.ok;
}

async function lsRequests(context: Context, scope: 'waiting' | 'all'): Promise<ExitCode> {
  const items = await allPages(context.api, `/requests?scope=${scope}`, scope === 'all' ? MOST : Infinity);
  if (scope === 'all' && items.length >= MOST) context.say(`These are the ${items.length} newest; there may be more.`);
  const requests = items.map(requestView);
  if (context.json) context.dataJson({ items });
  else if (context.plain) context.data(plainTable(COLUMNS, requests.map(plainRequest)));
  else if (requests.length === 0)
    context.say(scope === 'waiting' ? 'Nothing waits for your decision.' : 'There are no requests that you may see.');
  else {
    context.data(
      table(
        context.out,
        ['REQUEST', 'STATUS', 'WHO', 'ACCESS', 'FOR', 'WHY'],
        requests.map((one) => othersRow(context, one)),
      ),
    );
    if (scope === 'waiting') tellLeftovers(context, requests);
  }
  const [first] = requests;
  if (scope === 'waiting' && first !== undefined && !context.json && !context.plain) {
    suggest(
      context,
      context.command('approve', first.id),
      context.command('deny', first.id, '--comment', 'what should change'),
    );
  }
  return EXIT.ok;
}

/** Whoever goes from this list to `approve` has been told what can survive the end. */
function tellLeftovers(context: Context, requests: readonly RequestView[]): void {
  const by = new Map<string, readonly string[]>();
  for (const one of requests) for (const words of leftovers(one)) by.set(words, [...(by.get(words) ?? []), one.id]);
  for (const [words, ids] of by) {
    const which = ids.length === requests.length ? '' : ` of ${ids.join(', ')}`;
    context.data(`  ${wrapped(context.out, `After the end${which}: ${words}`, 4)}\n`);
  }
}

function othersRow(context: Context, request: RequestView): readonly string[] {
  const { out } = context;
  const room = context.place.stdout.isTTY ? Math.max(16, context.place.stdout.columns - 100) : 200;
  return [
    request.id,
    statusText(out, request.status),
    who(request.requester),
    access(request),
    `${request.duration}${startOf(request, context.place.clock.now())}`,
    out.dim(shorten(printable(request.reason), room)),
  ];
}

async function screen(context: Context, grants: readonly GrantView[], requests: readonly RequestView[]): Promise<void> {
  const { out, place } = context;
  const now = place.clock.now();
  const planned = grants.filter((grant) => grant.status === 'scheduled');
  const live = grants.filter((grant) => !planned.includes(grant) && (isLive(grant) || grant.status === 'ending'));
  const over = grants.filter((grant) => ![...planned, ...live].includes(grant)).slice(0, LATELY);
  const open = requests.filter((one) => one.status === 'pending');
  const refused = requests.filter((one) => !['pending', 'approved'].includes(one.status)).slice(0, LATELY);
  const grantRows = (some: readonly GrantView[]) =>
    some.map((grant) => [
      nameOf(context, grant),
      `${grantPhrase(out, grant, now)}${isLive(grant) && grant.landing !== null ? out.dim(`, on ${printable(grant.landing.identity)}`) : ''}`,
      out.dim(grant.id),
    ]);
  for (const [title, some] of [
    ['Live access', live],
    ['Planned access', planned],
  ] as const) {
    if (some.length > 0) context.data(`${out.bold(title)}\n${table(out, null, grantRows(some))}`);
    tellResiduals(context, some, now);
  }
  if (open.length > 0) {
    context.data(`${out.bold('Open requests')}\n`);
    context.data(
      table(
        out,
        null,
        open.map((one) => [
          access(one),
          `${statusText(out, one.status)}${startOf(one, now)}, ${printable(deciders(one))} can decide until ${clockTime(one.lapsesAt, now)}`,
          out.dim(one.id),
        ]),
      ),
    );
  }
  if (over.length + refused.length > 0) {
    context.data(`${out.bold('Over')}\n`);
    const requestRows = refused.map((one) => [
      access(one),
      `${statusText(out, one.status)} ${out.dim(ago(one.decidedAt ?? one.createdAt, now))}`,
      out.dim(one.id),
    ]);
    context.data(table(out, null, [...grantRows(over), ...requestRows]));
    tellResiduals(context, over, now);
  }
  if (live.length + planned.length + open.length + over.length + refused.length === 0)
    context.say('You have no access and no requests.');
  await closing(context, [...live, ...planned], open);
}

function tellResiduals(context: Context, grants: readonly GrantView[], now: number): void {
  for (const grant of grants) {
    const note = residualNote(grant, now);
    if (note === null) continue;
    context.data(`  ${wrapped(context.out, `${nameOf(context, grant)}, after its end: ${note}`, 4)}\n`);
  }
}

async function closing(context: Context, live: readonly GrantView[], open: readonly RequestView[]): Promise<void> {
  const waiting = await allPages(context.api, '/requests?scope=waiting');
  if (waiting.length > 0)
    context.say(
      `${waiting.length === 1 ? '1 request waits' : `${waiting.length} requests wait`} for your decision: ${context.command('ls', '--waiting')}`,
    );
  const active = live.find((grant) => grant.status === 'active');
  if (active !== undefined)
    suggest(
      context,
      ...(active.provider === 'aws'
        ? [`${context.command('assume', active.role, '--on', active.target)} -- aws sts get-caller-identity`]
        : []),
      context.command('done', active.id),
    );
  else if (open[0] !== undefined) suggest(context, context.command('wait', open[0].id));
  else if (live.length === 0 && waiting.length === 0) suggest(context, context.command('search'));
}

/** ` from 15:04`, when the access does not begin as soon as it is approved; ` longer, until 15:04` for an extension. */
function startOf(request: RequestView, now: number): string {
  if (request.extends !== null) return ` longer, until ${clockTime(request.extends.until, now)}`;
  return request.startsAt === null ? '' : ` from ${clockTime(request.startsAt, now)}`;
}

function nameOf(context: Context, grant: GrantView): string {
  return `${context.out.bold(printable(grant.role))} on ${context.out.bold(printable(grant.target))}`;
}

function access(request: RequestView): string {
  return request.items.map((item) => `${printable(item.role)} on ${printable(item.target)}`).join(', ');
}

/** `ends`: when access is or was over, and when a request was decided or lapses. */
const COLUMNS = ['kind', 'id', 'status', 'role', 'target', 'who', 'ends'] as const;

function plainGrant(grant: GrantView): readonly string[] {
  // Access that ends early is over when that is proven, and not at the end that was planned.
  const open = grant.status === 'ending' && grant.cause !== 'expired';
  const ends = overAt(grant) ?? (open ? '' : (grant.endsAt ?? ''));
  return ['grant', grant.id, grant.status, grant.role, grant.target, grant.person.key, ends];
}

function plainRequest(request: RequestView): readonly string[] {
  const { id, status, items, requester, decidedAt, lapsesAt } = request;
  const [roles, targets] = [items.map((item) => item.role), items.map((item) => item.target)];
  return ['request', id, status, roles.join(','), targets.join(','), requester.key, decidedAt ?? lapsesAt];
}
