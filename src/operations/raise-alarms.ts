import type { Log } from '../platform/log.ts';
import type { Decision } from '../policy/types.ts';

/** Where a decision counts: when access is asked for, when somebody approves or denies it, and when a grant is about to start. */
export const ALARM_PLACES = ['request', 'decision', 'start'] as const;
export type AlarmPlace = (typeof ALARM_PLACES)[number];

/**
 * What can be wrong with people and their accounts: a sync that would take away too much and was held, a source that cannot be read, and an
 * account that two persons claim.
 */
export const DIRECTORY_ALARMS = ['sync-held', 'source-failed', 'account-conflict'] as const;
export type DirectoryAlarm = (typeof DIRECTORY_ALARMS)[number];

/**
 * Tells operators of expressions that could not be judged. Each was taken as the stricter answer, so a rule that errs for everybody
 * refuses everybody, and nobody but the one who asks would see it. Previews raise no alarm: they are made at every keystroke.
 */
export function raiseAlarms(
  world: { readonly log: Log; readonly countAlarm?: (place: AlarmPlace) => void },
  place: AlarmPlace,
  decision: Pick<Decision, 'alarms' | 'policyVersion'>,
): void {
  const { policyVersion } = decision;
  for (const { rule, text } of decision.alarms) {
    world.log.error({ place, rule, text, policyVersion }, 'an expression of the rules could not be judged');
    world.countAlarm?.(place);
  }
}
