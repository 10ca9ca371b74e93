import { formatDuration, parseDuration } from '../../core/time.ts';
import { ask } from '../ask.ts';
import { durationArgument, revocationArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { dropCached } from '../creds/cache.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { usage } from '../failure.ts';
import { aboutWords, goesOn, revocationView, zeroWords, type RevocationView } from '../revocation-view.ts';
import { countWords, waitForZero, type SeenRevocation } from '../revocation-waiting.ts';
import { printable } from '../terminal/printable.ts';
import { facts, plainTable, table } from '../terminal/table.ts';
import { clockTime } from '../terminal/times.ts';
import type { Fields } from '../wire.ts';
import { revoke as revokeGrant } from './done.ts';
import { who } from '../terminal/who.ts';

export interface RevokeOptions {
  readonly person?: string;
  readonly target?: string;
  readonly all?: boolean;
  readonly status?: string;
  readonly confirm?: string;
  readonly lift?: string;
  readonly reason?: string;
  /** `false` after `--no-wait`. */
  readonly wait?: boolean;
  readonly timeout?: string;
}

/** A second person has fifteen minutes; longer than that nobody has to sit there. */
const WAIT_MS = 15 * 60_000;

const NAME_ONE =
  'curfew revoke grt_… or --person mallory, --target aws/prod, --all, --status, --confirm or --lift rev_…';

/** Takes access away: one grant, or all of a person, on a target, or of everybody, and watches it go. */
export async function revoke(context: Context, grant: string | undefined, options: RevokeOptions): Promise<ExitCode> {
  const { person, target, all, status, confirm, lift } = options;
  const named = [grant, person, target, all, status, confirm, lift].filter((one) => one !== undefined);
  if (named.length === 0) throw usage('What has to end?', NAME_ONE);
  if (named.length > 1) throw usage('Name one thing only.', NAME_ONE);
  const timeoutMs = options.timeout === undefined ? WAIT_MS : (parseDuration(durationArgument(options.timeout)) ?? 0);
  if (options.wait === false && options.timeout !== undefined) throw usage('Choose one of --no-wait and --timeout.');
  if (grant !== undefined) return revokeGrant(context, grant, await reasonOf(context, options));
  if (status !== undefined) {
    const raw = await context.api.get(`/revocations/${revocationId(status)}`);
    return report(context, { raw, order: revocationView(raw) });
  }
  if (lift !== undefined) {
    const id = revocationId(lift);
    const raw = await context.api.post(`/revocations/${id}/lift`, { reason: await reasonOf(context, options) });
    return lifted(context, raw);
  }
  const begun =
    confirm === undefined
      ? await context.api.post('/revocations', {
          ...(person === undefined ? {} : { person: person.trim() }),
          ...(target === undefined ? {} : { target: target.trim() }),
          ...(all === undefined ? {} : { all: true }),
          reason: await reasonOf(context, options),
        })
      : await context.api.post(`/revocations/${revocationId(confirm)}/confirm`, {});
  return follow(context, begun, options.wait === false ? null : timeoutMs);
}

async function follow(context: Context, begun: Fields, timeoutMs: number | null): Promise<ExitCode> {
  const order = revocationView(begun);
  const me = context.stored?.person.key;
  // What was handed out to us is dead in the cloud; nobody should be given it again here.
  if (order.scope.kind === 'all' ? order.reach === 'all' : order.scope.person?.key === me)
    dropCached(context.place, () => true);
  if (!context.json) {
    context.say(`${order.id}: ${aboutWords(order)}. ${countWords(order)}.`);
    tellSecondPerson(context, order);
  }
  if (timeoutMs === null) {
    if (context.json) context.dataJson(begun);
    else context.data(`${order.id}\n`);
    return EXIT.ok;
  }
  return report(context, await waitForZero(context, begun, timeoutMs));
}

/** The line that the second person types, for whoever has to pass it on. */
function tellSecondPerson(context: Context, order: RevocationView): void {
  if (order.asksUntil === null || (order.live === 0 && order.status !== 'waiting')) return;
  const minutes = formatDuration(
    Math.max(60_000, Math.ceil((Date.parse(order.asksUntil) - Date.parse(order.serverTime)) / 60_000) * 60_000),
  );
  const what = order.status === 'waiting' ? 'Nothing ends before' : 'What you may not end alone stays until';
  context.say(`${what} a second person who answers for a role or a target confirms it, within ${minutes}:`);
  context.say(`  curfew revoke --confirm ${order.id}`);
}

/** Shows how an order stands and what is left, and turns it into an exit code. */
function report(context: Context, { raw, order }: SeenRevocation): ExitCode {
  if (context.json) context.dataJson(raw);
  else if (context.plain) {
    const { id, status, live, ending, gone, toZeroMs } = order;
    context.data(
      plainTable(
        ['id', 'status', 'live', 'ending', 'gone', 'toZeroMs'],
        [[id, status, String(live), String(ending), String(gone), toZeroMs === null ? '' : String(toZeroMs)]],
      ),
    );
  } else show(context, order);
  return exitOf(order);
}

function show(context: Context, order: RevocationView): void {
  const { out } = context;
  context.data(
    facts(out, [
      ['order', order.id],
      ['about', aboutWords(order)],
      ['status', order.status],
      ['grants', countWords(order)],
      ['requests', order.requestsWithdrawn === 0 ? '' : `${order.requestsWithdrawn} withdrawn`],
      ['time to zero', zeroWords(order) ?? ''],
    ]),
  );
  if (order.status === 'done') context.say(`0 left after ${zeroWords(order) ?? '0.0 s'}.`);
  for (const words of survivorWords(order)) context.say(words);
  if (order.left.length > 0)
    context.data(
      table(
        out,
        null,
        order.left.map((one) => leftCells(order, one)),
      ),
    );
  const more = order.live + order.ending - order.left.length;
  if (more > 0) context.say(`and ${more} more.`);
  tellSecondPerson(context, order);
  if (order.stopsNew)
    context.say(`Nothing of it starts again until: ${context.command('revoke', '--lift', order.id, '--reason', '…')}`);
}

/** What goes on although nothing can be begun any more: zero is not always nothing. */
function survivorWords({ survives: { sessions, until, standing }, serverTime }: RevocationView): readonly string[] {
  const open =
    sessions === 0 || until === null || until <= serverTime
      ? []
      : [
          `Sessions of ${sessions} of them could not be cut and may go on until ${clockTime(until, Date.parse(serverTime))}; ` +
            'no new ones can be made.',
        ];
  const stays =
    standing === 0
      ? []
      : [
          `ACCESS REMAINS: ${standing} of them had the same access from elsewhere before Curfew gave it. Curfew does not take that away: ` +
            'look at it in the cloud.',
        ];
  return [...open, ...stays];
}

function leftCells(order: RevocationView, one: RevocationView['left'][number]): readonly string[] {
  const beyond = order.finishedAt !== null || order.status === 'waiting' || order.status === 'lapsed';
  const why =
    one.lastFault === null
      ? one.status === 'ending'
        ? 'not yet proven gone'
        : beyond
          ? 'beyond your reach'
          : 'not told to end yet'
      : `the cloud: ${one.lastFault}`;
  return [one.grant, who(one.person), `${printable(one.role)} on ${printable(one.target)}`, one.status, printable(why)];
}

function lifted(context: Context, raw: Fields): ExitCode {
  const order = revocationView(raw);
  if (context.json) context.dataJson(raw);
  else if (context.plain) context.data(`${order.id}\t${order.status}\n`);
  else
    context.data(`${order.id} is lifted: access of ${aboutWords(order)} may start again. What it ended stays ended.\n`);
  return EXIT.ok;
}

/**
 * 0 only when all of it is proven gone, so that `curfew revoke … && echo safe` is true: an order that is done can leave access behind, which a
 * person has to look at (9), or sessions that run out by themselves (4: `--status` answers 0 then).
 */
function exitOf(order: RevocationView): ExitCode {
  const left = order.live + order.ending;
  if (order.status === 'done' || (order.status === 'lifted' && left === 0)) {
    if (order.survives.standing > 0) return EXIT.alarm;
    return goesOn(order) > 0 ? EXIT.pending : EXIT.ok;
  }
  if (order.status === 'lapsed') return EXIT.expired;
  return order.left.some((one) => one.status === 'ending' && one.lastFault !== null) ? EXIT.provider : EXIT.pending;
}

async function reasonOf(context: Context, { reason }: RevokeOptions): Promise<string> {
  if (reason !== undefined) return revocationArgument(reason);
  if (!context.interactive) throw usage('Say why.', 'Add --reason "The laptop was stolen".');
  return revocationArgument(await ask(context, 'Why?'));
}

function revocationId(text: string): string {
  if (/^rev_[a-z2-7]{20}$/.test(text)) return text;
  throw usage(
    `"${text.slice(0, 60)}" is not the id of an order.`,
    'Ids of orders look like rev_… ; whoever gave it was shown it.',
  );
}
