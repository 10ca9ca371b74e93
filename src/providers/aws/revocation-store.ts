import {
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { after, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import { ProviderFault, type BindingSpec, type CallOptions, type Ending, type Tidied } from '../contract.ts';
import { perform } from './call.ts';
import { gather } from './gather.ts';
import type { RolePlace } from './names.ts';
import { asProvisioner } from './provisioner.ts';
import {
  COLLAPSE_AT,
  collapsed,
  countedSize,
  deniedBy,
  NO_REVOCATIONS,
  parseRevocations,
  printRevocations,
  REVOCATION_POLICY,
  withCut,
  withEntry,
  withoutExpired,
  type Revocations,
} from './revocations.ts';
import type { Sessions } from './sessions.ts';

/** What stands on a role now. */
export interface Stored {
  /** `null`: the role has no revocation policy. */
  readonly text: string | null;
  readonly all: Revocations;
  /** AWS's time when it answered, or ours if it did not say. */
  readonly cloudNow: Instant;
}

/** Reads and writes the revocation policy of a role, as the provisioner of its account. Throws faults. */
export interface RevocationStore {
  /** Answers only after a cut that stands there has been reported. */
  read(place: RolePlace, call: CallOptions): Promise<Stored>;
  /**
   * Denies the sessions of a grant; what is asked for meanwhile for the same role is written together. The caller's process holds the
   * role's writer lock. `cutAll` cuts every older session as well. A cut is not
   * reported here, because taking away waits for no record: nothing is proven gone before somebody has read.
   */
  deny(place: RolePlace, ending: Denial, call: CallOptions): Promise<void>;
  /** Removes entries that no session can need any more, and reports a cut that stands there. The caller holds the writer lock. */
  tidy(place: RolePlace, call: CallOptions): Promise<Tidied>;
}

export interface Denial {
  readonly spec: BindingSpec;
  readonly ending: Ending;
  readonly cutAll: boolean;
}

/** IAM may answer a read with what stood there before our write; it is asked again after these times. */
const LOOK_AGAIN_MS = [100, 300, 900];

export function createRevocationStore(
  sessions: Sessions,
  clock: Clock,
  onCut: (place: RolePlace, at: Instant) => Promise<void>,
): RevocationStore {
  async function write(iam: IAMClient, place: RolePlace, text: string | null, call: CallOptions): Promise<void> {
    const names = { RoleName: place.roleName, PolicyName: REVOCATION_POLICY };
    const how = {
      effect: 'write' as const,
      what: `Writing ${REVOCATION_POLICY} of ${place.role} in ${place.account}`,
      call,
    };
    if (text === null) {
      const command = new DeleteRolePolicyCommand(names);
      await perform(command, (it, options) => iam.send(it, options), how);
      return;
    }
    const command = new PutRolePolicyCommand({ ...names, PolicyDocument: text });
    await perform(command, (it, options) => iam.send(it, options), how);
  }

  /** Writes the ends of several grants of one role at once. */
  async function deny(iam: IAMClient, place: RolePlace, denials: readonly Denial[], call: CallOptions): Promise<void> {
    const stored = await readPolicy(iam, place, call);
    let next = withoutExpired(stored.all, call.now);
    for (const { spec } of denials) next = withEntry(next, spec.grant, spec.endsAt);
    next = await withOthers(next, call);
    // A cut that already covers an ending is not repeated: every cut costs the live grants of the role their sessions.
    const { cut } = next;
    const covers = (ending: Ending) => cut !== null && cut.at > after(ending.since, CLOCK_TOLERANCE_MS);
    if (denials.some(({ cutAll, ending }) => cutAll && !covers(ending))) next = withCut(next, stored.cloudNow);
    const smaller = collapsed(next, new Set(denials.map(({ spec }) => spec.grant)), stored.cloudNow);
    let text = printRevocations(next);
    if (text !== null && countedSize(text) > COLLAPSE_AT) text = printRevocations(smaller);
    if (text !== stored.text) {
      const written = await writeOrCollapse(iam, place, text, printRevocations(smaller), call);
      // Too much for one policy, however it is put: each on its own then.
      if (!written) return denyEach(iam, place, denials, call);
    }
    await seen(iam, place, denials, call);
  }

  async function denyEach(
    iam: IAMClient,
    place: RolePlace,
    denials: readonly Denial[],
    call: CallOptions,
  ): Promise<void> {
    if (denials.length === 1)
      throw new ProviderFault('invalid', `${place.role} in ${place.account} has no room for ${REVOCATION_POLICY}`);
    for (const denial of denials) await deny(iam, place, [denial], call);
  }

  /**
   * The role's other inline policies count against the same limit, so ours can be too long before it is long. False: it is too long
   * even when it is collapsed.
   */
  async function writeOrCollapse(
    iam: IAMClient,
    place: RolePlace,
    text: string | null,
    smaller: string | null,
    call: CallOptions,
  ): Promise<boolean> {
    try {
      await write(iam, place, text, call);
      return true;
    } catch (error) {
      if (!isTooLong(error)) throw error;
      if (smaller === null || smaller.length >= (text ?? '').length) return false;
      return writeOrCollapse(iam, place, smaller, null, call);
    }
  }

  async function seen(iam: IAMClient, place: RolePlace, denials: readonly Denial[], call: CallOptions): Promise<void> {
    for (const waitMs of [...LOOK_AGAIN_MS, 0]) {
      const { all } = await readPolicy(iam, place, call);
      if (denials.every(({ spec, ending }) => deniedBy(all, spec.grant, ending.since) !== null)) return;
      if (waitMs > 0) await clock.sleep(waitMs, call.signal);
    }
    throw new ProviderFault(
      'conflict',
      `${REVOCATION_POLICY} of ${place.role} in ${place.account} does not show what was written`,
    );
  }

  const denyTogether = gather<{ readonly place: RolePlace; readonly denial: Denial }>((wishes, call) => {
    const [first] = wishes;
    if (first === undefined) return Promise.resolve();
    const { place } = first;
    const denials = wishes.map(({ denial }) => denial);
    return asProvisioner(sessions, place.account, call, (iam) => deny(iam, place, denials, call));
  });

  /** The cut that was reported last for each role: the same one is no news, though it stands there for hours. */
  const reported = new Map<string, Instant>();

  async function report(place: RolePlace, { cut }: Revocations): Promise<void> {
    const key = `${place.account}/${place.role}`;
    if (cut === null || reported.get(key) === cut.at) return;
    await onCut(place, cut.at);
    reported.set(key, cut.at);
  }

  return {
    read: async (place, call) => {
      const stored = await asProvisioner(sessions, place.account, call, (iam) => readPolicy(iam, place, call));
      await report(place, stored.all);
      return stored;
    },
    deny: (place, denial, call) => denyTogether(`${place.account}/${place.role}`, { item: { place, denial }, call }),
    tidy: (place, call) =>
      asProvisioner(sessions, place.account, call, async (iam) => {
        const stored = await readPolicy(iam, place, call);
        await report(place, stored.all);
        const kept = withoutExpired(stored.all, call.now);
        const removed = kept.entries.size < stored.all.entries.size || kept.cut !== stored.all.cut;
        if (removed) {
          await call.alongside?.removes(kept.entries.size);
          await write(iam, place, printRevocations(await withOthers(kept, call)), call);
        }
        return { removed, left: kept.entries.size };
      }),
  };
}

/** Whoever writes denies what else is being ended on the role too: a write that was given up may have put back a document without it. */
async function withOthers(all: Revocations, { alongside }: CallOptions): Promise<Revocations> {
  const others = (await alongside?.ending()) ?? [];
  const missing = others.filter(({ grant, since }) => deniedBy(all, grant, since) === null);
  if (missing.length > 0) await alongside?.restores(missing.map(({ grant }) => grant));
  return missing.reduce((next, { grant, endsAt }) => withEntry(next, grant, endsAt), all);
}

function isTooLong(error: unknown): boolean {
  return error instanceof ProviderFault && error.kind === 'invalid' && error.message.includes('LimitExceeded');
}

async function readPolicy(iam: IAMClient, place: RolePlace, call: CallOptions): Promise<Stored> {
  const command = new GetRolePolicyCommand({ RoleName: place.roleName, PolicyName: REVOCATION_POLICY });
  const what = `Reading ${REVOCATION_POLICY} of ${place.role} in ${place.account}`;
  try {
    const { output, cloudNow } = await perform(command, (it, options) => iam.send(it, options), {
      effect: 'read',
      what,
      call,
    });
    const text = decodeDocument(output.PolicyDocument ?? '');
    const all = parseRevocations(text);
    if (all === null) {
      throw new ProviderFault(
        'conflict',
        `${REVOCATION_POLICY} of ${place.role} in ${place.account} is not a policy document; it is not overwritten`,
      );
    }
    return { text, all, cloudNow: cloudNow ?? call.now };
  } catch (error) {
    if (!(error instanceof ProviderFault) || error.kind !== 'target-gone') throw error;
    // IAM says the same of a missing policy and of a missing role.
    const cloudNow = await assertRole(iam, place, call);
    return { text: null, all: NO_REVOCATIONS, cloudNow };
  }
}

/** Throws `target-gone` when the account answers and does not know the role. That is no proof that its sessions are dead. */
async function assertRole(iam: IAMClient, place: RolePlace, call: CallOptions): Promise<Instant> {
  const what = `Looking for the role ${place.role} in ${place.account}, whose provisioner does answer`;
  const command = new GetRoleCommand({ RoleName: place.roleName });
  const { cloudNow } = await perform(command, (it, options) => iam.send(it, options), { effect: 'read', what, call });
  return cloudNow ?? call.now;
}

/** IAM sends documents percent-encoded (RFC 3986), and the JavaScript SDK leaves them so. */
export function decodeDocument(text: string): string {
  if (text.trimStart().startsWith('{')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
