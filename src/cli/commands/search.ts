import { formatDuration } from '../../core/time.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { usage } from '../failure.ts';
import { printable, shorten } from '../terminal/printable.ts';
import { suggest } from '../terminal/request-screen.ts';
import { statusText } from '../terminal/style.ts';
import { plainTable, table } from '../terminal/table.ts';
import { catalogueItem, type CatalogueItem } from '../views.ts';
import { list, numberOrNull } from '../wire.ts';

const PATH_WORDS: Readonly<Record<string, string>> = {
  automatic: 'automatic',
  approval: 'approval',
  refused: 'refused',
  later: 'not yet',
};

/** What cannot be had is shown for these few; the rest is counted, so that it does not bury what can. */
const REFUSED_SHOWN = 3;

export interface SearchOptions {
  readonly limit?: string;
  readonly all?: boolean;
}

/** Searches what can be asked for. Some of what the person cannot get is listed too, with the reason. */
export async function search(context: Context, words: readonly string[], options: SearchOptions): Promise<ExitCode> {
  const limit = Number(options.limit ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw usage('--limit takes a number from 1 to 200.');
  const query = words.join(' ');
  const answer = await context.api.get(`/catalogue?q=${encodeURIComponent(query)}&limit=${limit}`);
  if (context.json) {
    context.dataJson(answer);
    return EXIT.ok;
  }
  const items = list(answer, 'items', catalogueItem);
  const can = items.filter((item) => item.requestable);
  const cannot = items.filter((item) => !item.requestable);
  const shown = options.all ? items : [...can, ...cannot.slice(0, REFUSED_SHOWN)];
  if (context.plain) {
    context.data(plainTable(['role', 'target', 'tier', 'how', 'max', 'what', 'why'], shown.map(plainItem)));
    return EXIT.ok;
  }
  if (items.length === 0) {
    context.say(`Nothing fits "${printable(query)}". Try one word, such as a service, a team or an environment.`);
    return EXIT.ok;
  }
  context.data(screen(context, shown));
  const hidden = items.length - shown.length;
  if (hidden > 0) context.say(context.err.dim(`${hidden} more that you cannot ask for now: --all`));
  closing(context, items, numberOrNull(answer, 'total') ?? items.length);
  return EXIT.ok;
}

function plainItem(item: CatalogueItem): readonly string[] {
  const { role, target, tier, description, why } = item;
  return [role, target, String(tier), PATH_WORDS[item.path] ?? item.path, longestOf(item), description, why];
}

/** How long it can be had at most; empty when it cannot. */
function longestOf(item: CatalogueItem): string {
  return item.requestable ? formatDuration(item.maxDurationMs) : '';
}

function screen(context: Context, items: readonly CatalogueItem[]): string {
  const { out } = context;
  const room = context.place.stdout.isTTY ? Math.max(24, context.place.stdout.columns - 72) : 200;
  const rows = items.map((item) => {
    const how = PATH_WORDS[item.path] ?? item.path;
    const longest = longestOf(item);
    const about = item.requestable ? printable(item.description) : printable(item.why);
    return [
      out.bold(printable(item.role)),
      printable(item.target),
      `tier ${item.tier}`,
      statusText(out, how),
      longest === '' ? '' : `up to ${longest}`,
      out.dim(shorten(about, room)),
    ];
  });
  return table(out, ['ROLE', 'TARGET', 'TIER', 'HOW', '', 'WHAT'], rows);
}

function closing(context: Context, items: readonly CatalogueItem[], total: number): void {
  if (total > items.length)
    context.say(context.err.dim(`${total - items.length} more: add a word, or --limit ${Math.min(200, total)}`));
  const first = items.find((item) => item.requestable);
  if (first === undefined) return;
  suggest(
    context,
    context.command(
      'request',
      first.role,
      '--on',
      first.target,
      '--for',
      formatDuration(first.defaultDurationMs),
      '--reason',
      'why you need it',
    ),
  );
}
