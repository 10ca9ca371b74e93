import { systemClock } from '../platform/clock.ts';
import { readEnvironment } from '../platform/processes.ts';
import { ambientIdentity, sweepOnce } from '../providers/aws/index.ts';
import type { SweepReport } from '../providers/sweep-report.ts';
import { readSweepSettings } from './sweep-settings.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** A run is over well before the function's timeout of 300 s (infra/aws). */
const GIVE_UP_MS = 280_000;

/**
 * The sweeper as an AWS Lambda function; its settings are the environment's, as for `curfew sweep` (docs/guides/sweeper.md). Rejects when
 * something needs a person or failed, so that the function's own metric `Errors` counts it.
 */
export async function handler(): Promise<SweepReport> {
  const settings = readSweepSettings({ provider: 'aws' }, readEnvironment());
  const identity = ambientIdentity(settings.region);
  const signal = systemClock.timeout(GIVE_UP_MS);
  const report = await sweepOnce({ ...settings, identity, clock: systemClock, signal, version: packageJson.version });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  const { alarms, failures } = report.counts;
  if (alarms + failures > 0) throw new Error(`${alarms} alarms and ${failures} failures; the report stands above`);
  return report;
}
