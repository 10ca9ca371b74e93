import {
  DeleteInlinePolicyFromPermissionSetCommand,
  ProvisionPermissionSetCommand,
  PutInlinePolicyToPermissionSetCommand,
} from '@aws-sdk/client-sso-admin';
import { after, instant } from '../../src/core/time.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { parseTombstones, printTombstones, roomFor, type Tombstone } from '../../src/providers/aws/tombstone-policy.ts';
import type { BindingSpec, CallOptions, Ending, Observation } from '../../src/providers/contract.ts';
import { portalSession, QUICK, whenFree, type CenterHarness } from './aws-center-harness.ts';
import { OWNED_SET, OWNERS_POLICY } from './aws-center-world.ts';
import { attempt, readInvoice } from './aws-harness.ts';
import { ACCOUNT } from './aws-world.ts';
import { pause, retried } from './contract-steps.ts';
import type { Held } from './provider-harness.ts';

/** A policy with no room for another tombstone. */
export function filled(text: string): string {
  const policy = parseTombstones(text);
  if (policy === null) throw new Error('it is no policy');
  for (let length = 1; ; length += 20) {
    const Resource = `arn:aws:s3:::${'x'.repeat(length)}`;
    const more = { ...policy, foreign: [...policy.foreign, { Effect: 'Allow', Action: 's3:Get*', Resource }] };
    if (roomFor(more) === 0) return printTombstones(more) ?? '';
  }
}

/** The clock of a process, which a test can put forward. */
export function clockAhead(): Clock & { aheadMs: number } {
  const clock = { ...systemClock, aheadMs: 0, now: () => after(systemClock.now(), clock.aheadMs) };
  return clock;
}

/** What tests of `tombstone: true` look at and do in the cloud. */
export function tombstoneSteps(on: () => CenterHarness) {
  const call = (now = on().now()): CallOptions => ({ now, signal: AbortSignal.timeout(5_000) });
  const returned = (): Ending => ({ cause: 'returned', since: on().now() });
  const fresh = (change: Partial<BindingSpec> = {}): BindingSpec => on().over({}, change);

  async function theSet(name = OWNED_SET) {
    const { identityCenter } = await on().remembered();
    const found = identityCenter.permissionSets.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no permission set ${name}`);
    return found;
  }

  async function tombstonesOf(spec: BindingSpec): Promise<readonly Tombstone[]> {
    const { identityCenter } = await on().remembered();
    const id = identityCenter.users.find((user) => user.userName === spec.principal)?.id;
    const policy = parseTombstones((await theSet()).inlinePolicy ?? '');
    return [...(policy?.tombstones.values() ?? [])].filter((one) => one.userId === id);
  }

  const tombstoneOf = async (spec: BindingSpec) => (await tombstonesOf(spec))[0];

  /** How many statements of a person's slot stand there, edited ones too. */
  async function countOf(spec: BindingSpec): Promise<number> {
    const { identityCenter } = await on().remembered();
    const id = identityCenter.users.find((user) => user.userName === spec.principal)?.id ?? 'nobody';
    return ((await theSet()).inlinePolicy ?? '').split(id).length - 1;
  }

  async function schedulesOf(spec: BindingSpec): Promise<number> {
    const { schedules, identityCenter } = await on().remembered();
    const id = identityCenter.users.find((user) => user.userName === spec.principal)?.id ?? 'nobody';
    return schedules.filter((one) => one.target.input.includes(id)).length;
  }

  let operationsBefore = 0;
  /** A test begins: the set has what its owner wrote, and the cloud is quick. */
  async function begin(): Promise<void> {
    // No schedule fires: that of an earlier test would begin a removal of its own, with which AWS lets nobody else's begin.
    await on().settings({ ...QUICK, fireDelayMs: [86_400_000, 86_400_000] });
    await byHand(OWNERS_POLICY);
    operationsBefore = (await on().remembered()).identityCenter.operations.length;
  }

  /** What became of operations of a kind since the test began. */
  async function done(kind?: string) {
    const all = (await on().remembered()).identityCenter.operations.slice(operationsBefore);
    return all.filter((one) => kind === undefined || one.kind === kind);
  }

  async function puts(): Promise<number> {
    const entries = (await (await fetch(`${on().url}/_sim/journal`)).json()) as readonly {
      action: string;
      principal: string | null;
    }[];
    return entries.filter(
      ({ action, principal }) =>
        action === 'PutInlinePolicyToPermissionSet' && principal?.includes('/curfew-identity-center/'),
    ).length;
  }

  /** Somebody who is not Curfew writes the set's policy, and brings it to the account if asked. */
  async function byHand(InlinePolicy: string | null, bringsIt = false): Promise<void> {
    const admin = await on().admin();
    const names = {
      InstanceArn: (await on().remembered()).identityCenter.instanceArn,
      PermissionSetArn: (await theSet()).arn,
    };
    if (InlinePolicy === null) {
      await whenFree(() => admin.send(new DeleteInlinePolicyFromPermissionSetCommand(names)));
    } else await whenFree(() => admin.send(new PutInlinePolicyToPermissionSetCommand({ ...names, InlinePolicy })));
    if (!bringsIt) return;
    const there = { TargetType: 'AWS_ACCOUNT', TargetId: ACCOUNT } as const;
    await whenFree(() => admin.send(new ProvisionPermissionSetCommand({ ...names, ...there })));
    await pause(60);
  }

  async function session(spec: BindingSpec): Promise<Held> {
    const held = await portalSession(on().url, spec.principal, OWNED_SET);
    if (held === null) throw new Error('the portal gives no session');
    return held;
  }

  const use = (held: Held) => attempt(() => readInvoice(on().url, held));

  /** Takes away as the engine does, and tells everything that was seen on the way. */
  async function takingAway(
    harness: CenterHarness,
    spec: BindingSpec,
    ending: Ending,
    look: (seen: Observation) => Promise<void> = async () => {},
  ): Promise<readonly Observation[]> {
    const until = instant(Date.now() + 15_000);
    const all: Observation[] = [];
    for (;;) {
      const seen = await harness.provider.observe(spec, ending, call());
      all.push(seen);
      await look(seen);
      if (seen.presence === 'absent' || Date.now() > until) return all;
      await retried(harness, () => harness.provider.revoke(spec, ending, 0, call()));
      await pause(50);
    }
  }

  return {
    call,
    returned,
    fresh,
    theSet,
    tombstoneOf,
    countOf,
    schedulesOf,
    begin,
    done,
    puts,
    byHand,
    session,
    use,
    takingAway,
  };
}
