import type { JsonObject } from '../../core/json.ts';
import type { AwsAssumeRole } from '../../core/role.ts';
import { after, instant, toIso } from '../../core/time.ts';
import { CLOCK_TOLERANCE_MS, facts } from '../calling.ts';
import {
  ProviderFault,
  type BindingSpec,
  type CallOptions,
  type Ending,
  type Observation,
  type Plan,
} from '../contract.ts';
import { ASSUME_ROLE, IAM_WRITES } from './capabilities.ts';
import type { Method } from '../method.ts';
import { resolvePlace, sessionName, wholeSecond, writerKey, type Partition, type RolePlace } from './names.ts';
import type { RevocationStore } from './revocation-store.ts';
import { deniedBy, REVOCATION_POLICY } from './revocations.ts';
import { buildSessionPolicy, SESSION_POLICY_LIMIT, type SessionPolicy } from './session-policy.ts';
import type { Session, Sessions } from './sessions.ts';

/** One binding, resolved: the role it uses and the policy that bounds each of its sessions. */
interface Resolved {
  readonly place: RolePlace;
  readonly definition: AwsAssumeRole;
  readonly policy: SessionPolicy;
}

/** Each grant is sessions of one IAM role under /curfew/, each with a session policy that ends it to the second. */
export function assumeRole(partition: Partition, sessions: Sessions, store: RevocationStore): Method {
  return {
    capabilities: ASSUME_ROLE,
    plan: (wanted) => plan(partition, wanted),
    provision: async (wanted, call) => {
      const session = await openSession(partition, sessions, wanted, call);
      return { usable: true, native: describe(partition, wanted, session), credentials: [session.facts] };
    },
    observe: (binding, ending, call) => observe({ partition, sessions, store }, binding, ending, call),
    revoke: async (binding, ending, rung, call) => {
      // The session policy has ended the access, or will at its end, whether anybody calls AWS or not.
      // Unless a later end than the grant's was on its way.
      if (call.now >= binding.endsAt || (ending.cause === 'expired' && ending.since >= binding.endsAt)) return;
      const { place } = resolve(partition, binding);
      await store.deny(place, { spec: binding, ending, cutAll: rung >= 1 }, call);
    },
    exclusive: (binding, act) => {
      // A session is a thing of its own, and at its end nothing is written: only the denies of early ends share a policy.
      if (act === 'provision' || act === 'expire') return null;
      const found = resolvePlace(partition, binding);
      return found.ok ? writerKey(found.value.place) : null;
    },
    // What STS takes (600 calls a second of an account) is more than one database decides; the denial of an early end is a call of IAM.
    quota: ({ target }, act) => (act === 'end-early' ? [{ key: `aws:iam:${target.native}`, ...IAM_WRITES }] : []),
    issueCredential: async (binding, call) => {
      const { secret, facts: issued } = await openSession(partition, sessions, binding, call);
      const end = Math.floor(binding.endsAt / 1_000) * 1_000;
      return { facts: issued, usableUntil: instant(Math.min(issued.expiresAt, end)), secret };
    },
    landing: () => null,
    tidy: async (binding, call) => {
      const found = resolvePlace(partition, binding);
      if (!found.ok) throw new ProviderFault('invalid', found.refusal.message);
      return store.tidy(found.value.place, call);
    },
  };
}

function plan(partition: Partition, wanted: BindingSpec): Plan {
  const found = resolvePlace(partition, wanted);
  if (!found.ok) return { ok: false, ...found.refusal };
  const { place, definition } = found.value;
  const policy = buildSessionPolicy(definition, wanted.endsAt, partition);
  if (!policy.ok) return { ok: false, ...policy.refusal };
  const beyond =
    definition.allows.length === 0 ? '' : `; ${definition.allows.join(', ')}: what comes of that is not ended`;
  const words =
    `AssumeRole ${place.role} in ${place.account} as ${sessionName(wanted.principal, wanted.grant)}, until ` +
    `${wholeSecond(wanted.endsAt)}; session policy ${policy.value.text.length} of ${SESSION_POLICY_LIMIT} characters${beyond}`;
  return { ok: true, words, policyHash: policy.value.hash };
}

function resolve(partition: Partition, spec: BindingSpec): Resolved {
  const found = resolvePlace(partition, spec);
  if (!found.ok) throw new ProviderFault('invalid', found.refusal.message);
  const policy = buildSessionPolicy(found.value.definition, spec.endsAt, partition);
  if (!policy.ok) throw new ProviderFault('invalid', policy.refusal.message);
  return { ...found.value, policy: policy.value };
}

/** Assumes the role of a grant that is not over yet. */
async function openSession(
  partition: Partition,
  sessions: Sessions,
  spec: BindingSpec,
  call: CallOptions,
): Promise<Session> {
  const { place, policy } = resolve(partition, spec);
  if (call.now >= spec.endsAt) {
    throw new ProviderFault(
      'invalid',
      `The grant ${spec.grant} ended at ${toIso(spec.endsAt)}; nothing is issued under it`,
    );
  }
  return sessions.forGrant(spec, place, policy, call);
}

function describe(partition: Partition, spec: BindingSpec, session: Session): JsonObject {
  const { place, policy } = resolve(partition, spec);
  return facts({
    roleArn: place.arn,
    assumedRoleArn: session.assumedRoleArn,
    sessionName: sessionName(spec.principal, spec.grant),
    sourceIdentity: spec.grant,
    policyHash: policy.hash,
    policyCharacters: policy.text.length,
    packedPolicyPercent: session.packedPolicyPercent,
    endsAt: wholeSecond(spec.endsAt),
  });
}

/**
 * A session is nothing that could be listed, so what is looked at is what decides whether one can act:
 * after the end, the end itself, which stands in the policy of every session of the grant; after an early end, the role's
 * revocation policy; otherwise whether the role can still be assumed for the grant.
 */
async function observe(
  cloud: { readonly partition: Partition; readonly sessions: Sessions; readonly store: RevocationStore },
  binding: BindingSpec,
  ending: Ending | null,
  call: CallOptions,
): Promise<Observation> {
  const { place, definition, policy } = resolve(cloud.partition, binding);
  // What the role may let outlive its sessions is beyond any proof about them, and the receipt says so.
  const notCovered = definition.allows.length === 0 ? null : definition.allows.join(', ');
  if (call.now >= binding.endsAt) {
    const evidence = facts({
      endsAt: wholeSecond(binding.endsAt),
      policyHash: policy.hash,
      clockToleranceMs: CLOCK_TOLERANCE_MS,
      roleArn: place.arn,
      notCovered,
    });
    // It is AWS's clock that ends the sessions, and ours may be ahead of it by so much.
    const finalAt = after(binding.endsAt, CLOCK_TOLERANCE_MS);
    const final = call.now >= finalAt;
    return { presence: 'absent', proof: 'by-construction', evidence, final, ...(final ? {} : { finalAt }) };
  }
  if (ending === null) {
    const session = await openSession(cloud.partition, cloud.sessions, binding, call);
    const native = describe(cloud.partition, binding, session);
    return { presence: 'present', usable: true, native, credentials: [session.facts] };
  }
  const stored = await cloud.store.read(place, call);
  const statement = deniedBy(stored.all, binding.grant, ending.since);
  const seen = facts({
    roleArn: place.arn,
    policy: REVOCATION_POLICY,
    statement,
    collapsedAt: stored.all.cut === null ? null : toIso(stored.all.cut.at),
    foreignStatements: stored.all.foreign.length,
    notCovered,
  });
  if (statement === null) return { presence: 'present', usable: true, native: seen };
  // Another grant's write, given up but still under way, could put an older document in its place.
  return { presence: 'absent', proof: 'observed', evidence: seen, final: false };
}
