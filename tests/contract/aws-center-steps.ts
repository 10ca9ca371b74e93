import { CreateAccountAssignmentCommand, DeleteAccountAssignmentCommand } from '@aws-sdk/client-sso-admin';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { whenFree, type CenterHarness, type Remembered } from './aws-center-harness.ts';
import { PERMISSION_SET } from './aws-center-world.ts';

/** What tests of `method: identity-center` look at and do in the cloud. */
type Center = Remembered['identityCenter'];

/** Id of the person of a binding. */
export const idOf = ({ users }: Center, { principal }: BindingSpec): string | undefined =>
  users.find((user) => user.userName === principal)?.id;

/** When the schedule of a person fires; `null`: there is none. */
export async function scheduledAt(on: CenterHarness, spec: BindingSpec): Promise<number | null> {
  const { schedules, identityCenter } = await on.remembered();
  const id = idOf(identityCenter, spec);
  return id === undefined ? null : (schedules.find((one) => one.target.input.includes(id))?.at ?? null);
}

/** Somebody who is not Curfew makes or removes an assignment, and waits until it is done. */
export async function byHand(on: CenterHarness, what: 'create' | 'delete', spec: BindingSpec): Promise<void> {
  const { identityCenter } = await on.remembered();
  const input = {
    InstanceArn: identityCenter.instanceArn,
    TargetId: spec.target.native,
    TargetType: 'AWS_ACCOUNT' as const,
    PermissionSetArn: identityCenter.permissionSets.find((one) => one.name === PERMISSION_SET)?.arn ?? '',
    PrincipalType: 'USER' as const,
    PrincipalId: idOf(identityCenter, spec) ?? '',
  };
  const admin = await on.admin();
  if (what === 'create') await whenFree(() => admin.send(new CreateAccountAssignmentCommand(input)));
  else await whenFree(() => admin.send(new DeleteAccountAssignmentCommand(input)));
  await new Promise((resolve) => setTimeout(resolve, 60));
}
