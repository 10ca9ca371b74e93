import type { JsonObject } from '../../core/json.ts';
import type { Instant } from '../../core/time.ts';
import { ProviderFault, type BindingSpec } from '../contract.ts';
import type { IdentityCenterDirectory } from './identity-center-directory.ts';
import type { AssignmentPlace } from './identity-center-place.ts';
import type { AssignmentNames, EndSchedules, StandingSchedule } from './identity-center-schedule.ts';
import type { Asked } from './identity-center-statuses.ts';

/** What is known of a slot when it is looked at: everything that could stand there, also under the id that a user had before. */
export interface Located {
  readonly instanceArn: string;
  /** `null`: the instance has no permission set of that name. */
  readonly permissionSetArn: string | null;
  /** Empty: the directory has nobody of that name, and no schedule remembers one. */
  readonly userIds: readonly string[];
  /** `edited`: what stands in its place is none of ours any more, and nobody knows what it will do. */
  readonly schedule: StandingSchedule | 'edited' | null;
  /** What an edited schedule removes instead, where it is an assignment at all. */
  readonly elsewhere: AssignmentNames | null;
}

/** What could stand in a slot. The schedule remembers ids that the names may not lead to any more. */
export async function locate(
  { directory, schedules }: { readonly directory: IdentityCenterDirectory; readonly schedules: EndSchedules },
  place: AssignmentPlace,
  spec: BindingSpec,
  asked: Asked,
): Promise<Located> {
  const { arn: instanceArn } = await directory.instance(asked);
  const written = await schedules.read(spec.slot, asked.call);
  const userId = await directory.userId(place.userName, asked);
  const remembered = written === null || written === 'edited' ? null : written.names;
  const isHere =
    remembered?.instanceArn === instanceArn &&
    remembered.account === place.account &&
    (await directory.isNamed(remembered.permissionSetArn, place.permissionSet, asked));
  const userIds = [...new Set([isHere ? remembered.userId : null, userId])].flatMap((one) => one ?? []);
  const permissionSetArn = isHere
    ? remembered.permissionSetArn
    : await directory.permissionSetArn(place.permissionSet, asked);
  const found = { instanceArn, permissionSetArn, userIds };
  // Somebody has made it remove something else.
  if (remembered !== null && !isHere) return { ...found, schedule: 'edited', elsewhere: remembered };
  return { ...found, schedule: written, elsewhere: null };
}

/** Whether what stands in the place of a schedule may still do something, and nobody knows what. One for a set that is gone can do nothing. */
export async function isAstray(
  directory: IdentityCenterDirectory,
  { schedule, elsewhere }: Located,
  asked: Asked,
): Promise<boolean> {
  if (schedule !== 'edited') return false;
  return elsewhere === null || (await directory.permissionSets(asked)).includes(elsewhere.permissionSetArn);
}

/** Whom the set is assigned to; or, established from the parent, why there can be nobody any more. */
export async function assignedTo(
  directory: IdentityCenterDirectory,
  names: Omit<AssignmentNames, 'userId'>,
  asked: Asked,
  since: Instant,
): Promise<{ readonly users: ReadonlySet<string> } | { readonly gone: JsonObject }> {
  try {
    return { users: await directory.assigned(names, asked, since) };
  } catch (error) {
    if (!(error instanceof ProviderFault) || error.kind !== 'target-gone') throw error;
    if (!(await directory.permissionSets(asked)).includes(names.permissionSetArn))
      return { gone: { permissionSetIs: 'gone', saidBy: 'its instance' } };
    if ((await directory.accountState(names.account, asked)) === null)
      return { gone: { accountIs: 'gone', saidBy: 'its organization' } };
    throw error;
  }
}

/** Everybody who could stand in a slot, with the names of the permission set; nobody where that is gone. */
export function everybody(
  { account }: AssignmentPlace,
  { instanceArn, permissionSetArn, userIds }: Located,
): readonly AssignmentNames[] {
  return permissionSetArn === null ? [] : userIds.map((userId) => ({ instanceArn, permissionSetArn, account, userId }));
}
