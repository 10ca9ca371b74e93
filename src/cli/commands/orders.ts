import { allPages } from '../all-pages.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { aboutWords, goesOn, revocationView, secondsText, type RevocationView } from '../revocation-view.ts';
import { printable, shorten } from '../terminal/printable.ts';
import { suggest } from '../terminal/request-screen.ts';
import { statusText } from '../terminal/style.ts';
import { plainTable, table } from '../terminal/table.ts';
import { ago } from '../terminal/times.ts';

export interface OrdersOptions {
  readonly all?: boolean;
}

const COLUMNS = [
  'id',
  'status',
  'scope',
  'about',
  'by',
  'orderedAt',
  'live',
  'ending',
  'gone',
  'toZeroMs',
  'stopsNew',
  'goesOn',
];

/** Lists the orders of the kill switch that stand, or all that one may see: what they are about, what is left, and the time to zero. */
export async function orders(context: Context, options: OrdersOptions): Promise<ExitCode> {
  const { out, place } = context;
  const items = await allPages(context.api, `/revocations?list=${options.all === true ? 'all' : 'standing'}`);
  const found = items.map(revocationView);
  if (context.json) context.dataJson({ items });
  else if (context.plain) context.data(plainTable(COLUMNS, found.map(plainRow)));
  else if (found.length === 0)
    context.say(options.all === true ? 'There are no orders that you may see.' : 'No order stands.');
  else {
    const now = place.clock.now();
    // What is left of the line beside the other columns.
    const room = place.stdout.isTTY ? Math.max(16, place.stdout.columns - 114) : 200;
    context.data(
      table(
        out,
        ['ORDER', 'STATUS', 'ABOUT', 'BY', 'GIVEN', 'LEFT', 'STOPS', 'WHY'],
        found.map((one) => [
          one.id,
          statusText(out, one.status),
          aboutWords(one),
          printable(one.orderedBy.name),
          ago(one.orderedAt, now),
          leftWords(one),
          one.stopsNew ? 'yes' : 'no',
          out.dim(shorten(printable(one.reason), room)),
        ]),
      ),
    );
    next(context, found);
  }
  return EXIT.ok;
}

/** What is left, and how long that took; what goes on although it is over is not hidden behind a zero. */
function leftWords(one: RevocationView): string {
  const on = goesOn(one);
  const took = one.toZeroMs === null ? '' : ` in ${secondsText(one.toZeroMs)}`;
  return `${one.live + one.ending}${took}${on === 0 ? '' : `, ${on} ${on === 1 ? 'goes' : 'go'} on`}`;
}

/** What can be done about the first of them that waits for somebody. */
function next(context: Context, found: readonly RevocationView[]): void {
  const asking = found.find((one) => one.mayConfirm);
  const stopping = found.find((one) => one.stopsNew);
  const lines = [
    ...(asking === undefined ? [] : [context.command('revoke', '--confirm', asking.id)]),
    ...(stopping === undefined ? [] : [context.command('revoke', '--lift', stopping.id, '--reason', '…')]),
  ];
  if (lines.length > 0) suggest(context, ...lines);
}

function plainRow(one: RevocationView): readonly string[] {
  const { id, status, scope, orderedBy, orderedAt, live, ending, gone, toZeroMs, stopsNew } = one;
  const about = scope.kind === 'person' ? (scope.person?.key ?? '') : (scope.target ?? '');
  const counts = [live, ending, gone].map(String);
  const zero = toZeroMs === null ? '' : String(toZeroMs);
  return [
    id,
    status,
    scope.kind,
    about,
    orderedBy.key,
    orderedAt,
    ...counts,
    zero,
    stopsNew ? 'yes' : 'no',
    String(goesOn(one)),
  ];
}
