import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../terminal/printable.ts';
import { facts } from '../terminal/table.ts';
import { fields, parseJson, textOrNull } from '../wire.ts';
import { provenEntry } from './proven-entry.ts';

/**
 * Shows an entry of the log, and whether it stands there under a signed checkpoint. `--json` and `--plain` print its body as it was
 * hashed, byte by byte and with nothing of ours in it, to be verified by others (docs/verify-approval.md). Exit code 1 when the log does not have it.
 */
export async function auditShow(context: Context, seq: number): Promise<ExitCode> {
  const { out } = context;
  const { body, isInLog } = await provenEntry(context, seq);
  if (context.json || context.plain) {
    context.data(`${body}\n`);
    if (!isInLog) context.say(`No signed checkpoint has entry ${seq} as it is here: do not rely on it.`);
  } else {
    const entry = fields(parseJson(body), 'body');
    const said = (name: string) => printable(textOrNull(entry, name) ?? '');
    context.data(
      facts(out, [
        ['entry', `${seq}  ${said('kind')}  ${said('at')}`],
        ['log', inLogWords(context, isInLog)],
        ['hashed', printable(body)],
      ]),
    );
  }
  return isInLog ? EXIT.ok : EXIT.error;
}

/** Whether an entry stands in the log, for a person. */
export function inLogWords({ out }: Context, isInLog: boolean): string {
  return isInLog
    ? out.good('it stands there, under a signed checkpoint')
    : out.bad('no signed checkpoint has it there');
}
