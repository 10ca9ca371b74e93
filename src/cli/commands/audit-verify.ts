import { openCheckpoint } from '../../ledger/note.ts';
import { verifyLog, type LogFault, type VerifyReport } from '../../ledger/verify.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { downloadLog, readStates, type LogDownload } from '../log-download.ts';
import { discover } from '../session/discovery.ts';
import { printable } from '../terminal/printable.ts';
import { facts } from '../terminal/table.ts';
import { clockTime } from '../terminal/times.ts';
import { forgetTrusted, readTrusted, writeTrusted, type TrustedLog } from '../trusted-log.ts';

export interface AuditVerifyOptions {
  /** Begin to trust anew: after a log was really begun anew. */
  readonly forget?: boolean;
}

/** How long an entry may wait for its checkpoint, and a state for its entry. */
const SETTLE_MS = 5_000;

/**
 * Recomputes a server's whole log here, and compares it with every checkpoint that was signed and with what was seen of it
 * before. Exit code 1 names the first entry that is not what was signed.
 */
export async function auditVerify(context: Context, options: AuditVerifyOptions): Promise<ExitCode> {
  const { place, server, api } = context;
  const { discovery } = await discover(context.http, server);
  if (discovery.ledger === null)
    throw new Failure('This server does not say which key signs its log.', { code: 'no-ledger' });
  if (options.forget) forgetTrusted(place, server);
  const { vkey } = discovery.ledger;
  const trusted = trustedLog(context, vkey, discovery.demo);
  const progress = progressLine(context);
  const log = downloadLog(api, progress.show);
  const remembered = trusted?.verified ?? null;
  const report = await verifyLog(log, { vkey, ...(remembered === null ? {} : { remembered }) }).finally(progress.clear);
  const unexplained = report.fault === null ? await unexplainedRows(context, log, report) : [];
  // Last, because what explained a row must be signed as well.
  const fault = report.fault ?? (await unsignedTail(context, log, report, vkey));
  const ok = report.ok && fault === null && unexplained.length === 0;
  if (ok)
    writeTrusted(place, {
      server,
      vkey,
      demo: discovery.demo,
      verified: report.verified,
      verifiedAt: place.clock.now(),
    });
  show(context, { report, fault, unexplained, vkey, trusted, ok });
  return ok ? EXIT.ok : EXIT.error;
}

/** What was seen of the log before, unless it was a demo that was begun anew. A key that changed is what an attacker would do. */
export function trustedLog(context: Context, vkey: string, demo: boolean): TrustedLog | null {
  const trusted = readTrusted(context.place, context.server);
  if (trusted === null || trusted.vkey === vkey) return trusted;
  if (trusted.demo && demo) {
    context.say(
      'This demo was begun anew since the last time: its log has a new key, and nothing to be compared with.',
    );
    return null;
  }
  throw new Failure(
    `The log of ${context.server} is signed by another key than before: now ${vkey}, then ${trusted.vkey}.`,
    {
      code: 'log-key-changed',
      hint: `Ask the operators on another way. If the log was really begun anew: ${context.command('audit', 'verify', '--forget')}`,
    },
  );
}

/** Entries that came while we read must be covered by a newer checkpoint soon; entries that nobody signs were slipped in. */
async function unsignedTail(
  context: Context,
  log: LogDownload,
  report: VerifyReport,
  vkey: string,
): Promise<LogFault | null> {
  const signed = report.verified?.size ?? 0;
  const end = signed + log.beyond();
  if (end === signed) return null;
  const until = context.place.clock.now() + SETTLE_MS;
  for (;;) {
    const newest = openCheckpoint(await context.api.getText('/audit/checkpoint'), vkey);
    if (newest !== null && newest.size >= end) return null;
    if (context.place.clock.now() >= until) {
      return {
        kind: 'unsigned-tail',
        seq: signed,
        until: end - 1,
        message: `entries ${signed} to ${end - 1} are covered by no signed checkpoint`,
      };
    }
    await context.place.clock.sleep(250);
  }
}

/** A request or a grant that is not as the log says, and how in words. */
interface Unexplained {
  readonly kind: string;
  readonly id: string;
  /** `null`: there is no row. */
  readonly state: string | null;
  readonly message: string;
}

/** Rows that contradict the whole log, which was read before, and rows that are gone before their time. */
async function unexplainedRows(
  context: Context,
  log: LogDownload,
  { entries, readInFull }: VerifyReport,
): Promise<readonly Unexplained[]> {
  const { states } = log;
  states.follow();
  const rows = await readStates(context.api);
  // Whoever reads a part of the log is shown a part of the rows, and has not read all that was done with what they see an entry of.
  const missing = readInFull === entries ? states.withoutRow(rows) : [];
  const gone = missing.map(({ kind, id, state }) => ({
    kind,
    id,
    state: null,
    message: `is ${state} by the log, and has no row any more`,
  }));
  const contradictions = (): readonly Unexplained[] =>
    rows.flatMap((row) => {
      const message = states.contradiction(row);
      return message === null ? [] : [{ kind: row.kind, id: row.id, state: row.state, message }];
    });
  const until = context.place.clock.now() + SETTLE_MS;
  let found = contradictions();
  while (found.length > 0 && context.place.clock.now() < until) {
    await context.place.clock.sleep(500);
    await log.readOn();
    found = contradictions();
  }
  return [...found, ...gone];
}

interface Outcome {
  readonly report: VerifyReport;
  readonly fault: LogFault | null;
  readonly unexplained: readonly Unexplained[];
  readonly vkey: string;
  readonly trusted: TrustedLog | null;
  readonly ok: boolean;
}

function show(context: Context, { report, fault, unexplained, vkey, trusted, ok }: Outcome): void {
  const duplicates = report.terminalEvents.duplicates;
  if (context.json) {
    const { entries, readInFull, checkpoints, verified } = report;
    context.dataJson({
      ok,
      entries,
      readInFull,
      checkpoints,
      verified,
      fault,
      duplicateEndings: duplicates,
      approvals: report.approvals,
      unexplained,
      key: vkey,
      firstTime: trusted === null,
    });
    return;
  }
  if (context.plain) {
    context.data(
      `${ok ? 'ok' : 'problem'}\t${report.verified?.size ?? 0}\t${report.verified?.root ?? ''}\t${fault === null ? '' : fault.seq}\n`,
    );
    return;
  }
  const { out, place } = context;
  const now = place.clock.now();
  if (ok) context.data(`${out.good('The log holds.')} ${heldWords(report)}\n`);
  else context.data(`${out.bad('The log does not hold.')}\n`);
  context.data(
    facts(out, [
      [
        'entry',
        fault === null
          ? ''
          : out.bold(fault.until === undefined ? String(fault.seq) : `${fault.seq} to ${fault.until}`),
      ],
      ['what', fault === null ? '' : out.bad(`${fault.kind}: ${printable(fault.message)}`)],
      ['entries', String(report.entries)],
      ['checkpoints', String(report.checkpoints)],
      ['signed', signedWords(report.approvals)],
      ['root', report.verified === null ? '' : `${report.verified.root} at ${report.verified.size}`],
      ['key', `${printable(vkey)}${trusted === null ? out.dim('  seen for the first time, and remembered') : ''}`],
      [
        'extends',
        trusted?.verified && ok
          ? `what was verified at ${clockTime(new Date(trusted.verifiedAt).toISOString(), now)}, ${trusted.verified.size} entries`
          : '',
      ],
      ...duplicates.map((id): readonly [string, string] => ['twice', out.bad(`${printable(id)} ended more than once`)]),
      ...report.approvals.faults.map(({ seq, message }): readonly [string, string] => [
        'approval',
        out.bad(`entry ${seq}: ${printable(message)}`),
      ]),
      ...unexplained.map((row): readonly [string, string] => [
        'no entry',
        out.bad(printable(`${row.kind} ${row.id} ${row.message}`)),
      ]),
    ]),
  );
  if (!ok) context.say('Keep this output, and a copy of the database. Nothing was changed by looking.');
}

/** From what the tree was recomputed. */
function heldWords({ entries, readInFull }: VerifyReport): string {
  if (readInFull === entries) return 'Every entry was recomputed, and every checkpoint is signed.';
  return `All ${entries} leaves hold, and every checkpoint is signed; ${readInFull} entries were read in full.`;
}

/** How many signatures were verified by the passkeys that made them: of approvals, and of what admins propose and confirm. */
function signedWords({ verified, unsigned }: VerifyReport['approvals']): string {
  const rest =
    unsigned === 0 ? '' : `; ${unsigned} ${unsigned === 1 ? 'approval' : 'approvals'} of lower tiers without one`;
  const held =
    verified === 1 ? '1 signature verified by its passkey' : `${verified} signatures verified by their passkeys`;
  return `${held}${rest}`;
}

function progressLine(context: Context): { show(entries: number, of: number): void; clear(): void } {
  let shown = false;
  return {
    show(entries, of) {
      if (!context.err.rich || of < 5_000) return;
      shown = true;
      context.place.stderr.write(`\r\u001b[2K${entries} of ${of} entries`);
    },
    clear() {
      if (shown) context.place.stderr.write('\r\u001b[2K');
    },
  };
}
