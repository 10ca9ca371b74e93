import type { JsonObject } from '../../core/json.ts';
import { INLINE_LIMITS, inlineSize } from '../../core/timed-policy.ts';
import { after, instant, toIso, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK_TOLERANCE_MS, facts, goingOn, refuseSkew } from '../calling.ts';
import {
  ProviderFault,
  type BindingSpec,
  type CallOptions,
  type Ending,
  type IssuedCertificate,
  type Observation,
  type Plan,
  type Provisioned,
  type Tidied,
} from '../contract.ts';
import { anywhereControl, type AnywhereControl, type AnywherePlace } from './anywhere-control.ts';
import { RevocationLists } from './anywhere-crl.ts';
import { AnywhereDirectory, resolveAnywhere, type AnywhereNames, type ResolvedAnywhere } from './anywhere-place.ts';
import { endsBy, isArmedEnd, isOverdue, standingOf, type Standing } from './armed-end.ts';
import { IAM_WRITES, LONGEST_SESSION_S, ROLES_ANYWHERE } from './capabilities.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { identityCalls, showsAfterPut, type IdentityCalls, type KnownIdentity } from './identity-store.ts';
import { lookOrLost, type AskOrganization } from './lost-account.ts';
import type { Method } from '../method.ts';
import { rolePlace, wholeSecond, writerKey, type Partition, type RolePlace } from './names.ts';
import { asProvisioner } from './provisioner.ts';
import type { RevocationStore } from './revocation-store.ts';
import type { Sessions } from './sessions.ts';

/** The longest session that any role can have. */
const LONGEST_ROLE_SESSION_MS = 12 * 3_600_000;

const NO_AUTHORITY = 'This broker has no certificate authority (CURFEW_AWS_CA_FILE)';

export interface AnywherePorts {
  readonly partition: Partition;
  readonly sessions: Sessions;
  readonly store: RevocationStore;
  readonly clock: Clock;
  readonly place: AnywherePlace;
  /** `null`: there is no organization that could be asked. */
  readonly organization: AskOrganization | null;
  /** `elsewhere`: another process of this broker has it; `null`: it has none. */
  readonly authority: CertificateAuthority | 'elsewhere' | null;
}

/**
 * Each grant is a certificate of ours for a key that its holder has made, good until the end of the grant; with it the holder makes
 * sessions of an IAM role without us. Sessions outlive certificates, so before the first certificate leaves, a denial of the grant's source
 * identity is armed on the role, which AWS obeys from the end on by itself.
 */
export function rolesAnywhere(ports: AnywherePorts): Method {
  const { partition, sessions, store, place: where } = ports;
  const directory = new AnywhereDirectory();
  const authorityOf = (): CertificateAuthority => {
    const { authority } = ports;
    if (authority !== null && authority !== 'elsewhere') return authority;
    throw new ProviderFault(
      'forbidden-to-us',
      authority === null ? NO_AUTHORITY : 'This process has no certificate authority; the engine has',
    );
  };
  const resolve = (spec: BindingSpec): ResolvedAnywhere => {
    const found = resolveAnywhere(partition, spec);
    if (!found.ok) throw new ProviderFault('invalid', found.refusal.message);
    return found.value;
  };
  const control = (account: string, call: CallOptions): AnywhereControl =>
    anywhereControl(sessions, where, account, call);
  const lists = new RevocationLists({ clock: ports.clock, authority: authorityOf, control, directory });
  const onRole = <T>({ place }: ResolvedAnywhere, call: CallOptions, work: (calls: IdentityCalls) => Promise<T>) =>
    asProvisioner(sessions, place.account, call, (iam) => work(identityCalls(iam, identityOf(place), call)));

  return {
    capabilities: ROLES_ANYWHERE,
    plan: (wanted) => plan(ports, wanted),
    provision: async (wanted, call) => {
      const resolved = resolve(wanted);
      const ourNow = goingOn(ports.clock, call);
      const authority = authorityOf();
      requireRunning(wanted, call.now);
      const names = await directory.find(
        resolved,
        authority.certificate,
        control(resolved.place.account, call),
        call.now,
      );
      const { roleId, ...shown } = await onRole(resolved, call, (calls) =>
        arm(calls, resolved, { clock: ports.clock, ourNow }, call),
      );
      const native = { ...evidenceOf(resolved, wanted), ...facts({ ...names, roleId, region: where.region }) };
      return { ...shown, native, credentials: [] };
    },
    observe: async (binding, ending, call) => {
      const resolved = resolve(binding);
      const evidence = evidenceOf(resolved, binding);
      // Whatever became of the role and its account: no certificate is good any more, and no session of it can be alive.
      if (call.now >= after(binding.endsAt, CLOCK_TOLERANCE_MS + LONGEST_ROLE_SESSION_MS)) {
        const seen = { ...evidence, standing: 'sessions expired', clockToleranceMs: CLOCK_TOLERANCE_MS };
        return { presence: 'absent', proof: 'by-construction', evidence: seen, final: true };
      }
      const issued = { account: resolved.place.account, endsAt: binding.endsAt, evidence };
      return lookOrLost(ports.organization, issued, ending, call, () =>
        onRole(resolved, call, (calls) => observe(calls, resolved, { binding, ending, lists }, call)),
      );
    },
    revoke: async (binding, ending, rung, call) => {
      const resolved = resolve(binding);
      try {
        await onRole(resolved, call, (calls) => bar(calls, resolved, binding, ending));
      } finally {
        if (rung >= 1) await store.deny(resolved.place, { spec: binding, ending, cutAll: true }, call);
      }
      // Second, and whatever becomes of it: what is denied already stays denied, and a fault is only heard.
      await lists.revoke(resolved.place.account, (await call.issued?.()) ?? [], call);
    },
    // Each grant has a policy of its own; what a second rung, and whoever sweeps, writes to is shared.
    exclusive: ({ target, role: { aws } }, act) => {
      if (aws?.method !== 'roles-anywhere' || act === 'provision') return null;
      const found = rolePlace(partition, target, aws.role);
      return found.ok ? writerKey(found.value) : null;
    },
    quota: ({ target }) => [{ key: `aws:iam:${target.native}`, ...IAM_WRITES }],
    issueCredential: ({ grant }) =>
      Promise.reject(
        new ProviderFault(
          'invalid',
          `Under ${grant} a certificate is handed out, for a key of its holder: curfew creds aws-anywhere`,
        ),
      ),
    issueCertificate: async (binding, call, holderKey) => {
      const ourNow = goingOn(ports.clock, call);
      const resolved = resolve(binding);
      const authority = authorityOf();
      requireRunning(binding, call.now);
      await onRole(resolved, call, (calls) => requireArmed(calls, resolved, binding, ourNow));
      const names = await directory.find(
        resolved,
        authority.certificate,
        control(resolved.place.account, call),
        call.now,
      );
      return issue(authority, resolved, binding, { holderKey, names, region: where.region, now: call.now });
    },
    landing: () => null,
    tidy: async (binding, call) => {
      const resolved = resolve(binding);
      const cuts = await store.tidy(resolved.place, call);
      const ends = await onRole(resolved, call, (calls) => removeOverdue(calls, call));
      // Certificates of early ends whose list was refused for as long as their proof took.
      await lists.revoke(resolved.place.account, (await call.issued?.()) ?? [], call);
      return { removed: cuts.removed || ends.removed, left: cuts.left + ends.left };
    },
  };
}

/** The role as the calls on identities name it. */
export function identityOf({ partition, account, role, roleName, arn }: RolePlace) {
  const path = `/${role.slice(0, role.length - roleName.length)}`;
  return { partition, account, kind: 'role', path, name: roleName, arn } as const;
}

function plan({ partition, authority }: AnywherePorts, wanted: BindingSpec): Plan {
  const found = resolveAnywhere(partition, wanted);
  if (!found.ok) return { ok: false, ...found.refusal };
  if (authority === null)
    return {
      ok: false,
      message: `${NO_AUTHORITY}.`,
      hint: 'Whoever runs the broker must make one: docs/providers/aws.md.',
    };
  if (authority !== 'elsewhere' && wanted.endsAt > authority.notAfter) {
    const message = `The certificate authority of this broker ends at ${toIso(authority.notAfter)}, before the grant would.`;
    return { ok: false, message, hint: 'Whoever runs the broker must make a new one: docs/providers/aws.md.' };
  }
  const { place, definition, end } = found.value;
  const beyond =
    definition.allows.length === 0 ? '' : `; ${definition.allows.join(', ')}: what comes of that is not ended`;
  const words =
    `Arm a denial of ${wanted.grant} from ${wholeSecond(wanted.endsAt)} on, as ${end.name} on ${place.role} in ${place.account}, ` +
    `then issue a certificate until then for a key of the holder, with which the profile ${definition.profile} hands out sessions${beyond}`;
  return { ok: true, words, policyHash: end.hash };
}

function requireRunning(spec: BindingSpec, now: Instant): void {
  if (now < spec.endsAt) return;
  const ended = `The grant ${spec.grant} ended at ${toIso(spec.endsAt)}; nothing is issued under it`;
  throw new ProviderFault('invalid', ended);
}

/** Puts the armed end on the role, unless it stands there. Only what was read back counts. */
async function arm(
  calls: IdentityCalls,
  { place, end }: ResolvedAnywhere,
  { clock, ourNow }: { readonly clock: Clock; readonly ourNow: () => Instant },
  call: CallOptions,
): Promise<Pick<Provisioned, 'usable' | 'unseen'> & { readonly roleId: string }> {
  const role = await calls.known();
  refuseSkew(role.cloudNow, ourNow());
  // IAM finds a role by its name alone; the same name under another path is another role to everybody else.
  if (role.arn !== place.arn)
    throw new ProviderFault('invalid', `The role ${place.roleName} is ${role.arn}, not ${place.arn}`);
  requireShortSessions(role, place);
  const before = standingOf(await calls.read(end.name), end);
  // A call of ours, of which this start knows nothing: whoever ends the grant must look, and tidy.
  if (before === 'barred')
    throw new ProviderFault('invalid', `${end.name} ends the grant already`, { hasWritten: true });
  if (before === 'armed') return { usable: true, roleId: role.id };
  await putWithin(calls, place, end, call);
  const isArmed = (text: string | null): boolean => standingOf(text, end) === 'armed';
  const shown = await showsAfterPut(calls, end.name, isArmed, { clock, signal: call.signal });
  return { ...shown, roleId: role.id };
}

function requireShortSessions({ longestSessionS }: KnownIdentity, { roleName, role, account }: RolePlace): void {
  if (longestSessionS === LONGEST_SESSION_S) return;
  const fix = `aws iam update-role --role-name ${roleName} --max-session-duration ${LONGEST_SESSION_S}`;
  const may = `Sessions of ${role} in ${account} may last ${longestSessionS ?? 0} s; ${LONGEST_SESSION_S} is the most`;
  throw new ProviderFault('invalid', `${may}. Run: ${fix}`);
}

/** Puts it whole or not at all. When the role has no room, what is overdue makes some; when there is still none, says of how many ends. */
async function putWithin(
  calls: IdentityCalls,
  place: RolePlace,
  end: ResolvedAnywhere['end'],
  call: CallOptions,
): Promise<void> {
  const put = async (): Promise<boolean> => {
    try {
      await calls.put(end.name, end.armed);
      return true;
    } catch (error) {
      const full =
        error instanceof ProviderFault && error.kind === 'invalid' && error.message.includes('LimitExceeded');
      if (!full) throw error;
      return false;
    }
  };
  if (await put()) return;
  const { removed, left } = await removeOverdue(calls, call);
  if (removed && (await put())) return;
  throw new ProviderFault(
    'invalid',
    `${place.role} in ${place.account} is full: the ends of ${left} grants stand there, and with the role's other inline policies they leave ` +
      `less than the ${inlineSize(end.armed)} of ${INLINE_LIMITS.role} characters that one more needs. An end makes room an hour after it; ` +
      'or spread the people over several IAM roles.',
  );
}

/** Denies at once. At the end of its time nothing is written where the armed end stands, unless a later one than the grant's was on its way. */
async function bar(
  calls: IdentityCalls,
  { end }: ResolvedAnywhere,
  { endsAt }: BindingSpec,
  ending: Ending,
): Promise<void> {
  if (ending.cause === 'expired' && ending.since >= endsAt && standingOf(await calls.read(end.name), end) === 'armed')
    return;
  await calls.put(end.name, end.barred);
}

/** No certificate leaves unless the end of its sessions stands in AWS at that moment, for as long as they last: the role may have been made anew since, or changed. */
async function requireArmed(
  calls: IdentityCalls,
  { place, end }: ResolvedAnywhere,
  spec: BindingSpec,
  ourNow: () => Instant,
): Promise<void> {
  const role = await calls.known();
  refuseSkew(role.cloudNow, ourNow());
  requireShortSessions(role, place);
  if (standingOf(await calls.read(end.name), end) === 'armed') return;
  throw new ProviderFault(
    'conflict',
    `${place.role} in ${place.account} does not end ${spec.grant} at ${wholeSecond(spec.endsAt)}: the role was made anew, or somebody ` +
      `changed ${end.name}. Nothing is issued; ask for the access again.`,
  );
}

async function issue(
  authority: CertificateAuthority,
  { place, end }: ResolvedAnywhere,
  spec: BindingSpec,
  of: { readonly holderKey: string; readonly names: AnywhereNames; readonly region: string; readonly now: Instant },
): Promise<IssuedCertificate> {
  const notAfter = instant(Math.floor(spec.endsAt / 1_000) * 1_000);
  // AWS's clock may be behind ours.
  const notBefore = after(spec.activatedAt, -CLOCK_TOLERANCE_MS);
  const { holderKey, names, region, now } = of;
  const wanted = { holderKey, grant: spec.grant, roleArn: place.arn, notBefore, notAfter };
  const { pem, serial, fingerprint } = await authority.issue(wanted);
  return {
    facts: { fingerprint, issuedAt: now, expiresAt: notAfter, policyHash: end.hash },
    usableUntil: notAfter,
    certificate: { pem, serial, roleArn: place.arn, region, ...names },
  };
}

function evidenceOf({ place, end, definition }: ResolvedAnywhere, { grant, endsAt }: BindingSpec): JsonObject {
  return facts({
    roleArn: place.arn,
    policyName: end.name,
    policyHash: end.hash,
    sourceIdentity: grant,
    endsAt: wholeSecond(endsAt),
    notCovered: definition.allows.length === 0 ? null : definition.allows.join(', '),
  });
}

/**
 * What decides is what stands on the role: sessions are nothing that could be listed, and their holders make them alone. After the end it
 * is the armed end, which is read back, because a role that was made anew has none.
 */
async function observe(
  calls: IdentityCalls,
  resolved: ResolvedAnywhere,
  of: { readonly binding: BindingSpec; readonly ending: Ending | null; readonly lists: RevocationLists },
  call: CallOptions,
): Promise<Observation> {
  const { binding, ending, lists } = of;
  const finalAt = after(binding.endsAt, CLOCK_TOLERANCE_MS);
  const final = call.now >= finalAt;
  const evidence = (standing: Standing): JsonObject => ({
    ...evidenceOf(resolved, binding),
    standing,
    ...(call.now >= binding.endsAt ? { clockToleranceMs: CLOCK_TOLERANCE_MS } : {}),
  });
  const text = await calls.read(resolved.end.name);
  const standing = standingOf(text, resolved.end);
  if (call.now >= binding.endsAt && standing === 'armed')
    return {
      presence: 'absent',
      proof: 'by-construction',
      evidence: evidence(standing),
      final,
      ...(final ? {} : { finalAt }),
    };
  // It may have been put just now, and IAM needs some seconds to obey it, also past the end, where somebody had taken the armed one away.
  // And a call of ours that was given up could still put that in its place again, which denies nothing before its time.
  if (ending !== null && standing === 'barred') {
    const seenOnRevocationList = await lists.look(resolved.place.account, (await call.issued?.()) ?? [], call);
    const seen = { ...evidence(standing), ...facts({ seenOnRevocationList }) };
    return { presence: 'absent', proof: 'observed', evidence: seen, final: false };
  }
  // Without a certificate there is no session, and none leaves any more. A role that is full takes no denial, and needs none.
  if (ending !== null && standing !== 'armed' && (await call.issued?.())?.length === 0) {
    const seen = { ...evidence(standing), certificates: 0 };
    return { presence: 'absent', proof: 'observed', evidence: seen, final: false };
  }
  // To whoever waits for the access it is there once its end is; to whoever takes it away it may be there without one.
  const usable = ending !== null || standing === 'armed';
  const seen = { presence: 'present', usable, native: evidence(standing) } as const;
  // There is a certificate, so its end was armed: somebody has taken it away since, or changed it.
  const isEdited = ending !== null && !endsBy(text, binding.grant, binding.endsAt);
  return isEdited ? { ...seen, endIsEdited: true } : seen;
}

/**
 * Removes ends of sessions that cannot be alive any more; the documents say themselves when that is, as long as the role lets none last longer
 * than when they were armed. Where it does by now, a session that is as long as any role's may have been made meanwhile.
 */
async function removeOverdue(calls: IdentityCalls, { now, alongside }: CallOptions): Promise<Tidied> {
  const ends = (await calls.policies()).filter(isArmedEnd);
  const over: { readonly name: string; readonly text: string }[] = [];
  for (const name of ends) {
    const text = (await calls.read(name)) ?? '';
    if (isOverdue(text, now)) over.push({ name, text });
  }
  const isShort = over.length === 0 || (await calls.known()).longestSessionS === LONGEST_SESSION_S;
  const overdue = over.filter(({ text }) => isShort || isOverdue(text, now, LONGEST_ROLE_SESSION_MS));
  const [removed, left] = [overdue.length > 0, ends.length - overdue.length];
  if (removed) await alongside?.removes(left);
  for (const { name } of overdue) await calls.remove(name);
  return { removed, left };
}
