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
  /** What was assigned there last, as the answer said: its permission set may be gone since. */
  readonly made: AssignmentNames | null;
}

/** What could stand in a slot. The schedule and the binding remember ids that the names may not lead to any more. */
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
  const said = namesMade(spec.native);
  const made = said?.instanceArn === instanceArn && said.account === place.account ? said : null;
  const isHere =
    remembered?.instanceArn === instanceArn &&
    remembered.account === place.account &&
    // Of the same set, but from somebody else: what they have there is none of ours. Whoever bears the name now is nobody else, though the
    // directory may have given them another id since: an end is written for that one.
    !(
      made?.permissionSetArn === remembered.permissionSetArn &&
      made.userId !== remembered.userId &&
      remembered.userId !== userId
    ) &&
    // A set that is gone has no name any more, and what we wrote for it is ours for all that.
    ((remembered.permissionSetArn === made?.permissionSetArn && remembered.userId === made.userId) ||
      (await directory.isNamed(remembered.permissionSetArn, place.permissionSet, asked)));
  const permissionSetArn = isHere
    ? remembered.permissionSetArn
    : await directory.permissionSetArn(place.permissionSet, asked);
  const ids = [
    isHere ? remembered.userId : null,
    userId,
    made?.permissionSetArn === permissionSetArn ? made.userId : null,
  ];
  const userIds = [...new Set(ids)].flatMap((one) => one ?? []);
  const found = { instanceArn, permissionSetArn, userIds, made };
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

/** What `Provisioned.native` says of an assignment. */
export function nativeNames(names: AssignmentNames): Readonly<Record<string, string>> {
  const { instanceArn, permissionSetArn, account, userId } = names;
  return { instance: instanceArn, account, permissionSet: permissionSetArn, user: userId };
}

function namesMade(native: JsonObject | undefined): AssignmentNames | null {
  const { instance, account, permissionSet, user } = native ?? {};
  if (typeof instance !== 'string' || typeof account !== 'string') return null;
  if (typeof permissionSet !== 'string' || typeof user !== 'string') return null;
  return { instanceArn: instance, permissionSetArn: permissionSet, account, userId: user };
}

/** Everybody of whom there may be a lease: those who could stand there, and who did in a permission set that is gone since. */
export function everybodyLeased(place: AssignmentPlace, at: Located): readonly AssignmentNames[] {
  const all = everybody(place, at);
  const { made } = at;
  const isKnown = all.some((one) => one.userId === made?.userId && one.permissionSetArn === made.permissionSetArn);
  return made === null || isKnown ? all : [...all, made];
}

/** Everybody who could stand in a slot, with the names of the permission set; nobody where that is gone. */
export function everybody(
  { account }: AssignmentPlace,
  { instanceArn, permissionSetArn, userIds }: Located,
): readonly AssignmentNames[] {
  return permissionSetArn === null ? [] : userIds.map((userId) => ({ instanceArn, permissionSetArn, account, userId }));
}
