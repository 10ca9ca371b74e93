import { isDeepStrictEqual } from 'node:util';
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { parseId, type GrantId } from '../../core/ids.ts';
import type { SlotKey } from '../../core/slot.ts';
import { after, fromIso, type Instant } from '../../core/time.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { IdentityCenterClient } from './identity-center-client.ts';
import { END_ROLE, placeOf, sha256, wholeSecond, type Partition } from './names.ts';

/** The assignment that a schedule deletes: the native names of a slot. */
export interface AssignmentNames {
  readonly instanceArn: string;
  readonly permissionSetArn: string;
  readonly account: string;
  readonly userId: string;
}

/** A schedule of ours as it stands in the cloud: it will do what we wrote. */
export interface StandingSchedule {
  readonly names: AssignmentNames;
  /** When it fires. */
  readonly at: Instant;
  /** Which grant wrote it last. */
  readonly writtenFor: GrantId;
}

/** A universal target of EventBridge Scheduler: `aws-sdk:<service>:<apiAction>` (user guide, "Using universal targets"). */
const TARGET = 'scheduler:::aws-sdk:ssoadmin:deleteAccountAssignment';
/** Scheduler tries again as often as it can, for a day (API reference, RetryPolicy). */
const RETRY = { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 } as const;
/** What is due sooner than this is written as due then: AWS refuses a moment that is past when the call arrives. */
const SOONEST_MS = 5_000;

/** A schedule that is due so soon anyhow is left as it is when its access ends early. */
const SOON_MS = 10_000;
/** A schedule fires within the minute that it names. One of ours that stands for longer is being tried again, for up to a day. */
const FIRES_WITHIN_MS = 60_000;

/** `curfew-` and 40 digits that follow from the slot: the same slot always has the same schedule. */
export function scheduleName(slot: SlotKey): string {
  return `curfew-${sha256(slot).slice(0, 40)}`;
}

/** The one-time schedule of a slot, which deletes its assignment even if all of us are gone. All throw faults. */
export function endSchedules(client: IdentityCenterClient, partition: Partition) {
  const roleArn = placeOf(partition, client.place.account, END_ROLE).arn;

  /** All that a schedule of ours says; what says anything else has been edited, and may do anything or nothing. */
  const bodyOf = ({ names, at, grant }: { names: AssignmentNames; at: string; grant: string }) => ({
    Description: `Curfew: ends what ${grant} needs`,
    ScheduleExpression: `at(${at.slice(0, 19)})`,
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' as const },
    ActionAfterCompletion: 'DELETE' as const,
    State: 'ENABLED' as const,
    Target: { Arn: `arn:${partition}:${TARGET}`, RoleArn: roleArn, Input: inputOf(names), RetryPolicy: RETRY },
  });

  async function read(slot: SlotKey, call: CallOptions): Promise<StandingSchedule | 'edited' | null> {
    const Name = scheduleName(slot);
    const what = `Reading the schedule ${Name}`;
    try {
      const { output } = await client.other(
        new GetScheduleCommand({ Name }),
        ({ scheduler }) =>
          (it, o) =>
            scheduler.send(it, o),
        { effect: 'read', what, call },
      );
      const at = fromIso(`${/^at\((.+)\)$/.exec(output.ScheduleExpression ?? '')?.[1] ?? ''}Z`);
      const names = namesIn(output.Target?.Input ?? '');
      const writtenFor = parseId('grt', /\bgrt_[a-z0-9]+\b/.exec(output.Description ?? '')?.[0] ?? '');
      if (at === null || names === null || writtenFor === null) return 'edited';
      const ours = bodyOf({ names, at: wholeSecond(at), grant: writtenFor });
      return isDeepStrictEqual(saidBy(output), ours) ? { names, at, writtenFor } : 'edited';
    } catch (error) {
      if (error instanceof ProviderFault && error.kind === 'target-gone') return null;
      throw error;
    }
  }

  return {
    read,

    /** Writes when the slot's assignment ends, as the schedule's only writer. Nothing is written where it says so already. */
    async write(
      slot: SlotKey,
      wanted: { readonly names: AssignmentNames; readonly endsAt: Instant; readonly grant: string },
      call: CallOptions,
    ): Promise<void> {
      const { names, grant } = wanted;
      const soonest = after(call.now, SOONEST_MS);
      const at = wholeSecond(wanted.endsAt < soonest ? soonest : wanted.endsAt);
      const standing = await read(slot, call);
      const ours = standing === 'edited' ? null : standing;
      // Also where another grant wrote the same: whether that one is over says whether what stands beside it is ours.
      if (ours?.writtenFor === grant && wholeSecond(ours.at) === at && same(ours.names, names)) return;
      const Name = scheduleName(slot);
      const what = `Writing the schedule ${Name}, which ends the assignment even if Curfew is gone`;
      const body = { Name, ...bodyOf({ names, at, grant }) };
      const how = { effect: 'write', what, call } as const;
      if (standing === null)
        await client.other(
          new CreateScheduleCommand(body),
          ({ scheduler }) =>
            (it, o) =>
              scheduler.send(it, o),
          how,
        );
      else
        await client.other(
          new UpdateScheduleCommand(body),
          ({ scheduler }) =>
            (it, o) =>
              scheduler.send(it, o),
          how,
        );
    },

    /** Removes the schedule of a slot. Success also when there is none. */
    async remove(slot: SlotKey, call: CallOptions): Promise<void> {
      const Name = scheduleName(slot);
      const how = { effect: 'write', what: `Deleting the schedule ${Name}`, call } as const;
      try {
        await client.other(
          new DeleteScheduleCommand({ Name }),
          ({ scheduler }) =>
            (it, o) =>
              scheduler.send(it, o),
          how,
        );
      } catch (error) {
        if (!(error instanceof ProviderFault) || error.kind !== 'target-gone') throw error;
      }
    },
  };
}

export type EndSchedules = ReturnType<typeof endSchedules>;

/** What a schedule says that decides what it does. */
function saidBy(output: GetScheduleCommandOutput) {
  const { Description, ScheduleExpression, ScheduleExpressionTimezone, ActionAfterCompletion, State } = output;
  const { Arn, RoleArn, Input, RetryPolicy, DeadLetterConfig } = output.Target ?? {};
  return {
    ...{ Description, ScheduleExpression, ScheduleExpressionTimezone, ActionAfterCompletion, State },
    FlexibleTimeWindow: output.FlexibleTimeWindow,
    Target: { Arn, RoleArn, Input, RetryPolicy, ...(DeadLetterConfig === undefined ? {} : { DeadLetterConfig }) },
  };
}

/** Input of the call that the schedule makes: the request of DeleteAccountAssignment, as its API reference writes it. */
function inputOf(names: AssignmentNames): string {
  return JSON.stringify({
    InstanceArn: names.instanceArn,
    TargetId: names.account,
    TargetType: 'AWS_ACCOUNT',
    PermissionSetArn: names.permissionSetArn,
    PrincipalType: 'USER',
    PrincipalId: names.userId,
  });
}

function namesIn(input: string): AssignmentNames | null {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch {
    return null;
  }
  const of = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const [instanceArn, permissionSetArn] = [of['InstanceArn'], of['PermissionSetArn']];
  const [account, userId] = [of['TargetId'], of['PrincipalId']];
  if (typeof instanceArn !== 'string' || typeof permissionSetArn !== 'string') return null;
  if (typeof account !== 'string' || typeof userId !== 'string') return null;
  return { instanceArn, permissionSetArn, account, userId };
}

const same = (one: AssignmentNames, other: AssignmentNames): boolean => inputOf(one) === inputOf(other);

/** Whether a schedule is later than an end that is now would have it. */
export function isToCome({ at }: StandingSchedule, now: Instant): boolean {
  return at > after(now, SOON_MS);
}

/** Whether a schedule fires later than anything that we write for this end does: then somebody has moved it. */
export function isMovedLater(
  schedule: StandingSchedule | 'edited' | null,
  endsAt: Instant,
  now: Instant,
): schedule is StandingSchedule {
  return schedule !== null && schedule !== 'edited' && schedule.at > endsAt && isToCome(schedule, now);
}

/** Whether a schedule of ours has not done in its minute what it is there for. */
export function isTriedAgain(schedule: StandingSchedule | 'edited' | null, now: Instant): boolean {
  return schedule !== null && schedule !== 'edited' && now > after(schedule.at, FIRES_WITHIN_MS);
}
