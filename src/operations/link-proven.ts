import type { SessionId } from '../core/ids.ts';
import { refused, type Result } from '../core/result.ts';
import { rolesOf } from '../store/role-assignments.ts';
import { recogniseSession } from './browser-sessions.ts';
import { linkAccount } from './linked-accounts.ts';
import type { OperationRefusal } from './refusal.ts';
import type { VerifiedIdentity } from './sign-in.ts';
import type { World } from './world.ts';

/**
 * Links an account that was proven in a browser to the person who is signed in there, if that is the very session that began it: in
 * between somebody else may have signed in, and an account must not go to whoever sits there by then.
 */
export async function linkProven(
  world: World,
  session: { readonly id: SessionId; readonly token: string },
  identity: VerifiedIdentity,
): Promise<Result<null, OperationRefusal>> {
  const found = await recogniseSession(world, session.token);
  if (!found.ok || found.value.id !== session.id) return refused(ANOTHER_SESSION);
  const { id, person, key, authenticatedAt, mfaAt } = found.value;
  const context = { via: 'web', ...(mfaAt === null ? {} : { mfaAt }) } as const;
  const roles = await rolesOf(world.db, person);
  const { issuer, subject, accounts: name, use } = identity;
  return linkAccount(
    world,
    { kind: 'person', person, key, roles, context, signIn: { id, authenticatedAt } },
    { issuer, subject, name, proof: 'sign-in', signsIn: use === 'sign-in' },
  );
}

const ANOTHER_SESSION: OperationRefusal = {
  code: 'unauthenticated',
  detail: 'You were signed out here meanwhile, or somebody else signed in. The account goes to nobody.',
  hint: 'Begin again on your page.',
};
