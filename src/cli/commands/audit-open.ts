import { commitmentTo } from '../../ledger/commitment.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../terminal/printable.ts';
import { facts } from '../terminal/table.ts';
import { fields, isFields, list, parseJson, text, textOrNull } from '../wire.ts';
import { inLogWords } from './audit-show.ts';
import { provenEntry } from './proven-entry.ts';

/** A personal value that a server gives for an entry, and whether the entry commits to it. */
interface Opening {
  readonly field: string;
  readonly person: string;
  readonly salt: string;
  readonly value: string;
  readonly holds: boolean;
}

/**
 * Shows the personal values that an entry of the log commits to, as far as one may see them, and checks everything here: the entry
 * is in the signed log, and each value with its salt has the hash that stands in the entry. Exit code 1 when something does not hold.
 */
export async function auditOpen(context: Context, seq: number): Promise<ExitCode> {
  const { body, isInLog } = await provenEntry(context, seq);
  const entry = fields(parseJson(body), 'body');
  const commitments = isFields(entry['commitments']) ? entry['commitments'] : {};
  const openings = list(await context.api.get(`/audit/personal/${seq}`), 'items', (of): Opening => {
    const [field, salt, value] = [text(of, 'field'), text(of, 'salt'), text(of, 'value')];
    const holds = commitments[field] === commitmentTo(Buffer.from(salt, 'hex'), value);
    return { field, person: text(of, 'person'), salt, value, holds };
  });
  const ok = isInLog && openings.every((one) => one.holds);
  show(context, {
    seq,
    kind: textOrNull(entry, 'kind') ?? '',
    at: textOrNull(entry, 'at') ?? '',
    isInLog,
    openings,
    ok,
  });
  return ok ? EXIT.ok : EXIT.error;
}

interface Outcome {
  readonly seq: number;
  readonly kind: string;
  readonly at: string;
  readonly isInLog: boolean;
  readonly openings: readonly Opening[];
  readonly ok: boolean;
}

function show(context: Context, outcome: Outcome): void {
  const { seq, kind, at, isInLog, openings } = outcome;
  if (context.json) return context.dataJson({ ...outcome });
  if (context.plain) {
    for (const { field, person, salt, value, holds } of openings)
      context.data(`${[holds ? 'ok' : 'problem', field, person, salt, JSON.stringify(value)].join('\t')}\n`);
    return;
  }
  const { out } = context;
  const verdict = (holds: boolean, yes: string, no: string) => (holds ? out.good(yes) : out.bad(no));
  context.data(
    facts(out, [
      ['entry', `${seq}  ${printable(kind)}  ${printable(at)}`],
      ['log', inLogWords(context, isInLog)],
      ...openings.flatMap(({ field, person, salt, value, holds }): readonly (readonly [string, string])[] => [
        [printable(field), printable(value)],
        ['about', printable(person)],
        ['salt', printable(salt)],
        ['hash', verdict(holds, 'is the commitment of the entry', 'is not the commitment of the entry')],
      ]),
    ]),
  );
}
