import { systemClock } from '../platform/clock.ts';
import { readEnvironment } from '../platform/processes.ts';
import { sweepOnce } from '../providers/azure/index.ts';
import type { SweepReport } from '../providers/sweep-report.ts';
import { readAzureSweepSettings } from './sweep-settings-azure.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** A run is over before the shortest timeout that a plan of Azure Functions has, five minutes. */
const GIVE_UP_MS = 280_000;

/**
 * The sweeper as an Azure Function with a timer; its settings are the environment's, as for `curfew sweep --provider azure`
 * (docs/guides/sweeper.md). Rejects when something needs a person or failed, so that the run counts as failed.
 */
export default async function sweep(): Promise<SweepReport> {
  const settings = readAzureSweepSettings({ provider: 'azure' }, readEnvironment());
  const signal = systemClock.timeout(GIVE_UP_MS);
  const report = await sweepOnce({ ...settings, clock: systemClock, signal, version: packageJson.version });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  const { alarms, failures } = report.counts;
  if (alarms + failures > 0) throw new Error(`${alarms} alarms and ${failures} failures; the report stands above`);
  return report;
}
