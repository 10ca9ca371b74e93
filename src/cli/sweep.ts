import { ambientIdentity, sweepOnce as sweepAws } from '../providers/aws/index.ts';
import { sweepOnce as sweepAzure } from '../providers/azure/index.ts';
import type { SweepReport } from '../providers/sweep-report.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure, usage } from './failure.ts';
import { readAzureSweepSettings } from './sweep-settings-azure.ts';
import { readEvery, readSweepSettings, type SweepFlags } from './sweep-settings.ts';
import { printable } from './terminal/printable.ts';
import { cliVersion } from './version.ts';

/**
 * Ends what is overdue in a cloud, without a broker and without its database: one of the few commands that do not use the API. Prints what
 * each run did; the exit code is that of the last run.
 */
export async function sweep(context: Context, flags: SweepFlags): Promise<ExitCode> {
  const { place } = context;
  const everyMs = readEvery(flags);
  const sweepOnce = sweeperOf(context, flags);
  const stop = new AbortController();
  const forget = (['SIGINT', 'SIGTERM'] as const).map((name) => place.onSignal(name, () => stop.abort()));
  try {
    for (;;) {
      const report = await once(() => sweepOnce(stop.signal));
      show(context, report);
      if (everyMs !== null) await place.clock.sleep(everyMs, stop.signal);
      if (everyMs === null || stop.signal.aborted) return exitCodeOf(report);
    }
  } finally {
    for (const one of forget) one();
  }
}

/** One run in the cloud that the options name, with settings that are read and judged once. Throws a usage `Failure`. */
function sweeperOf({ place }: Context, flags: SweepFlags): (signal: AbortSignal) => Promise<SweepReport> {
  const run = { clock: place.clock, version: cliVersion() };
  if (flags.provider === 'azure') {
    const settings = readAzureSweepSettings(flags, place.env);
    return (signal) => sweepAzure({ ...settings, ...run, signal });
  }
  if (flags.provider !== 'aws')
    throw usage(
      `There is no sweeper for ${flags.provider ?? 'no provider'}.`,
      'Write --provider aws or --provider azure.',
    );
  const settings = readSweepSettings(flags, place.env);
  const identity = ambientIdentity(settings.region);
  return (signal) => sweepAws({ ...settings, ...run, identity, signal });
}

/** What no run could ever get past is a mistake in the settings, and said as such. */
async function once(work: () => Promise<SweepReport>): Promise<SweepReport> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'Error') throw error;
    throw new Failure(error.message, { exit: EXIT.usage, code: 'usage', hint: 'See docs/guides/sweeper.md.' });
  }
}

/** An alarm needs a person, so it comes before failures, which the next run may get past. */
export function exitCodeOf({ counts }: SweepReport): ExitCode {
  if (counts.alarms > 0) return EXIT.alarm;
  return counts.failures > 0 ? EXIT.provider : EXIT.ok;
}

function show(context: Context, report: SweepReport): void {
  if (context.json) return context.dataJson({ ...report, exit: exitCodeOf(report) });
  for (const { kind, place, endsAt, message } of report.events) {
    const cells = [kind, place, endsAt ?? '-', message].map(printable);
    context.data(context.plain ? `${cells.join('\t')}\n` : `${kind.padEnd(9)} ${cells.slice(1).join('  ')}\n`);
  }
  const { seen, live, ended, wouldEnd, denies, alarms, failures } = report.counts;
  const done = report.dryRun ? `${wouldEnd} would be ended` : `${ended} ended`;
  const words = `${seen} seen: ${live} live, ${done}, ${denies} denies, ${alarms} alarms, ${failures} failures.`;
  context.say(`${report.startedAt} ${words}`);
}
