import type { Outlet, Surroundings } from '../surroundings.ts';

/** Colour is an addition: whatever it says is said in words too. */
export interface Style {
  readonly rich: boolean;
  /** How wide a line may be; `Infinity` where no terminal shows it, so that whoever searches a file finds whole sentences. */
  readonly columns: number;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  accent(text: string): string;
}

/** Decides once per outlet: colour only on a terminal that has it, and never against NO_COLOR (no-color.org). */
export function styleFor(place: Pick<Surroundings, 'env'>, outlet: Outlet, plain: boolean): Style {
  const rich = outlet.isTTY && !plain && !place.env['NO_COLOR'] && place.env['TERM'] !== 'dumb';
  const paint = (code: string) => (text: string) => (rich && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    rich,
    columns: outlet.isTTY && !plain ? outlet.columns : Infinity,
    bold: paint('1'),
    dim: paint('2'),
    good: paint('32'),
    warn: paint('33'),
    bad: paint('31'),
    accent: paint('36'),
  };
}

/** Colours a status by its word. */
export function statusText(style: Style, status: string): string {
  const mark = style.rich ? `${MARKS[status] ?? '·'} ` : '';
  if (['active', 'approved', 'automatic', 'ok'].includes(status)) return style.good(mark + status);
  if (['pending', 'waiting', 'activating', 'scheduled', 'ending', 'approval', 'warning'].includes(status))
    return style.warn(mark + status);
  if (['denied', 'failed', 'refused', 'problem'].includes(status)) return style.bad(mark + status);
  return style.dim(mark + status);
}

const MARKS: Readonly<Record<string, string>> = {
  active: '●',
  approved: '✓',
  automatic: '✓',
  ok: '✓',
  pending: '○',
  waiting: '○',
  activating: '◐',
  scheduled: '◷',
  ending: '◑',
  approval: '○',
  warning: '!',
  denied: '✗',
  refused: '✗',
  failed: '✗',
  problem: '✗',
};
