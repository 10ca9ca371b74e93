import {
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { instant, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Effect } from '../calling.ts';
import { ProviderFault, type CallOptions, type Provisioned } from '../contract.ts';
import { perform, type Answer } from './call.ts';
import { LONGEST_SESSION_S } from './capabilities.ts';
import { decodeDocument } from './revocation-store.ts';
import type { IdentityPlace } from './timed-policy-document.ts';

/** An identity as the account knows it. */
export interface KnownIdentity {
  /** AIDA… or AROA…: another one when the identity was deleted and made anew under the same name. */
  readonly id: string;
  readonly madeAt: Instant | null;
  readonly arn: string;
  /** ARN of its permissions boundary. */
  readonly boundary: string | null;
  /** How long a session of a role may last, in seconds; `null` for a user. */
  readonly longestSessionS: number | null;
  /** AWS's time when it answered, or ours if it did not say. */
  readonly cloudNow: Instant;
}

/** IAM may answer a read with what stood there before our write; it is asked again after these times. */
const LOOK_AGAIN_MS = [100, 300, 900];

/** The names of inline policies and the paths of identities come in pages of at most this many (API reference, MaxItems). */
const PAGE = 1_000;
/** More pages than any account can fill (IAM quotas: 5,000 users and roles), so that a broken cloud cannot keep us for ever. */
const PAGES = 20;

/**
 * Calls on one identity and its inline policies: the same for a user and for a role, which IAM has separate actions for. The client acts
 * as the provisioner of the account. All throw faults.
 */
export function identityCalls(iam: IAMClient, place: IdentityPlace, call: CallOptions) {
  const { kind, name } = place;
  const where = `${kind} ${place.path.slice(1)}${name} in ${place.account}`;
  const user = { UserName: name };
  const role = { RoleName: name };
  const how = (effect: Effect, what: string) => ({ effect, what, call });
  const run = <Command extends object, Output>(
    command: Command,
    send: (command: Command, options: { abortSignal: AbortSignal }) => Promise<Output>,
    effect: Effect,
    what: string,
  ): Promise<Answer<Output>> => perform(command, send, how(effect, what));

  return {
    /** The identity as it is. Throws `target-gone`, or `forbidden-to-us` where the permissions end at the path. */
    async known(): Promise<KnownIdentity> {
      const what = `Looking at the ${where}`;
      const { output, cloudNow } =
        kind === 'user'
          ? await run(new GetUserCommand(user), (it, o) => iam.send(it, o), 'read', what)
          : await run(new GetRoleCommand(role), (it, o) => iam.send(it, o), 'read', what);
      const found = 'User' in output ? output.User : 'Role' in output ? output.Role : undefined;
      if (found?.Arn === undefined) throw new ProviderFault('unreachable', `${what}: AWS answered without it`);
      const id = ('UserId' in found ? found.UserId : 'RoleId' in found ? found.RoleId : undefined) ?? '';
      return {
        id,
        madeAt: found.CreateDate === undefined ? null : instant(found.CreateDate.getTime()),
        arn: found.Arn,
        boundary: found.PermissionsBoundary?.PermissionsBoundaryArn ?? null,
        longestSessionS: 'RoleId' in found ? (found.MaxSessionDuration ?? LONGEST_SESSION_S) : null,
        cloudNow: cloudNow ?? call.now,
      };
    },

    /** Names of all identities of the kind under the path: what the account itself says, whoever of them is gone. */
    async listed(): Promise<readonly string[]> {
      const what = `Listing the ${kind}s under ${place.path} in ${place.account}`;
      return pages(what, async (Marker) => {
        const page = { PathPrefix: place.path, MaxItems: PAGE, Marker };
        if (kind === 'user') {
          const { output } = await run(new ListUsersCommand(page), (it, o) => iam.send(it, o), 'read', what);
          return { names: output.Users?.map((one) => one.UserName ?? ''), next: output.Marker };
        }
        const { output } = await run(new ListRolesCommand(page), (it, o) => iam.send(it, o), 'read', what);
        return { names: output.Roles?.map((one) => one.RoleName ?? ''), next: output.Marker };
      });
    },

    /** Names of all its inline policies. */
    async policies(): Promise<readonly string[]> {
      const what = `Listing the policies of the ${where}`;
      return pages(what, async (Marker) => {
        const page = { MaxItems: PAGE, Marker };
        const { output } =
          kind === 'user'
            ? await run(new ListUserPoliciesCommand({ ...user, ...page }), (it, o) => iam.send(it, o), 'read', what)
            : await run(new ListRolePoliciesCommand({ ...role, ...page }), (it, o) => iam.send(it, o), 'read', what);
        return { names: output.PolicyNames, next: output.Marker };
      });
    },

    /** The document of one; `null` when IAM knows no such policy, or no such identity. */
    async read(PolicyName: string): Promise<string | null> {
      const what = `Reading ${PolicyName} of the ${where}`;
      try {
        const { output } =
          kind === 'user'
            ? await run(new GetUserPolicyCommand({ ...user, PolicyName }), (it, o) => iam.send(it, o), 'read', what)
            : await run(new GetRolePolicyCommand({ ...role, PolicyName }), (it, o) => iam.send(it, o), 'read', what);
        return decodeDocument(output.PolicyDocument ?? '');
      } catch (error) {
        if (error instanceof ProviderFault && error.kind === 'target-gone') return null;
        throw error;
      }
    },

    async put(PolicyName: string, PolicyDocument: string): Promise<void> {
      const what = `Putting ${PolicyName} on the ${where}`;
      const input = { PolicyName, PolicyDocument };
      if (kind === 'user')
        await run(new PutUserPolicyCommand({ ...user, ...input }), (it, o) => iam.send(it, o), 'write', what);
      else await run(new PutRolePolicyCommand({ ...role, ...input }), (it, o) => iam.send(it, o), 'write', what);
    },

    /** Success also when it is not there. */
    async remove(PolicyName: string): Promise<void> {
      const what = `Deleting ${PolicyName} from the ${where}`;
      try {
        if (kind === 'user')
          await run(new DeleteUserPolicyCommand({ ...user, PolicyName }), (it, o) => iam.send(it, o), 'write', what);
        else await run(new DeleteRolePolicyCommand({ ...role, PolicyName }), (it, o) => iam.send(it, o), 'write', what);
      } catch (error) {
        if (!(error instanceof ProviderFault) || error.kind !== 'target-gone') throw error;
      }
    },
  };
}

export type IdentityCalls = ReturnType<typeof identityCalls>;

/**
 * Whether a policy that was put shows as it should. It was put, so a fault of a look only means that this could not be seen, and is told
 * as that: thrown, it would sound as if nothing had happened.
 */
export async function showsAfterPut(
  calls: IdentityCalls,
  name: string,
  isIt: (text: string | null) => boolean,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Pick<Provisioned, 'usable' | 'unseen'>> {
  try {
    for (const waitMs of [0, ...LOOK_AGAIN_MS]) {
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      if (isIt(await calls.read(name))) return { usable: true };
    }
    return { usable: false };
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error;
    return { usable: false, unseen: `${error.kind}: ${error.message}` };
  }
}

/**
 * The identity, or `null` when its account says that it does not exist. Who does not exist has no path, so AWS may answer that we are
 * forbidden to look; then the list of its path decides, which is the parent's own word.
 */
export async function findIdentity(calls: IdentityCalls, place: IdentityPlace): Promise<KnownIdentity | null> {
  try {
    return await calls.known();
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error;
    if (error.kind === 'target-gone') return null;
    if (error.kind !== 'forbidden-to-us') throw error;
    const names = await calls.listed().catch((refusal: unknown) => {
      // That we may not list either says nothing more than the first answer.
      if (refusal instanceof ProviderFault && refusal.kind === 'forbidden-to-us') throw error;
      throw refusal;
    });
    if (names.includes(place.name)) throw error;
    return null;
  }
}

async function pages(
  what: string,
  page: (marker: string | undefined) => Promise<{ names: readonly string[] | undefined; next: string | undefined }>,
): Promise<readonly string[]> {
  const all: string[] = [];
  let marker: string | undefined;
  for (let number = 0; number < PAGES; number += 1) {
    const { names = [], next } = await page(marker);
    all.push(...names);
    if (next === undefined || next === '') return all;
    marker = next;
  }
  throw new ProviderFault('unreachable', `${what}: AWS never came to the end`);
}
