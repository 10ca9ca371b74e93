import { X509Certificate } from 'node:crypto';
import type { Result } from '../../core/result.ts';
import { ok, refused } from '../../core/result.ts';
import type { AwsRolesAnywhere } from '../../core/role.ts';
import { after, type Instant } from '../../core/time.ts';
import { ProviderFault, type BindingSpec } from '../contract.ts';
import type { AnywhereControl, Profile, TrustAnchor } from './anywhere-control.ts';
import { armedEnd, normal, type ArmedEnd } from './armed-end.ts';
import { notBy, rolePlace, type Partition, type Refusal, type RolePlace } from './names.ts';
import { buildSessionPolicy, type SessionPolicy } from './session-policy.ts';

/** Name of our trust anchor and of our revocation list in each account. */
export const ANCHOR = 'curfew';

/** What follows from a role on a target, for every grant. */
export interface AnywhereRole {
  readonly place: RolePlace;
  readonly definition: AwsRolesAnywhere;
  /** What the profile must hold: the same for all grants of the role, so without an end. */
  readonly policy: SessionPolicy;
}

/** Everything that follows from a binding by itself. */
export interface ResolvedAnywhere extends AnywhereRole {
  readonly end: ArmedEnd;
}

/** The ARNs with which a holder asks for a session. */
export interface AnywhereNames {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
}

/** Resolves a binding; refuses as {@link resolveAnywhereRole} does. */
export function resolveAnywhere(
  partition: Partition,
  spec: Pick<BindingSpec, 'role' | 'target' | 'grant' | 'endsAt'>,
): Result<ResolvedAnywhere, Refusal> {
  const found = resolveAnywhereRole(partition, spec);
  return found.ok ? ok({ ...found.value, end: armedEnd(spec.grant, spec.endsAt) }) : found;
}

/** Resolves a role on a target. Refuses what AWS could never accept, and what a certificate could not carry. */
export function resolveAnywhereRole(
  partition: Partition,
  spec: Pick<BindingSpec, 'role' | 'target'>,
): Result<AnywhereRole, Refusal> {
  const definition = spec.role.aws;
  if (definition?.method !== 'roles-anywhere') return refused(notBy('roles-anywhere', spec.role));
  const place = rolePlace(partition, spec.target, definition.role);
  if (!place.ok) return place;
  // The ARN becomes the session tag x509SAN/URI, and tags take fewer characters than names (API reference, AssumeRole, Tag).
  if (definition.role.includes(',') || place.value.arn.length > 256) {
    const message = `The role ${definition.role} has a comma or is too long for the session tag that binds a certificate to it.`;
    return refused({ message, hint: 'Name an IAM role without a comma, with a shorter path.' });
  }
  if (!/^[ a-zA-Z0-9_-]{1,255}$/.test(definition.profile)) {
    const message = `"${definition.profile}" cannot be the name of a profile of Roles Anywhere.`;
    return refused({ message, hint: 'Use letters, digits, spaces, - and _.' });
  }
  const policy = buildSessionPolicy(definition, null, partition);
  if (!policy.ok) return policy;
  return ok({ place: place.value, definition, policy: policy.value });
}

/** Whether a trust anchor is ours: of our name, and with the certificate of our authority in it. */
export function isOurAnchor({ name, certificates }: TrustAnchor, authority: string): boolean {
  const ours = new X509Certificate(authority).fingerprint256;
  const inIt = certificates.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return name === ANCHOR && inIt.some((pem) => fingerprintOf(pem) === ours);
}

function fingerprintOf(pem: string): string | null {
  try {
    return new X509Certificate(pem).fingerprint256;
  } catch {
    return null;
  }
}

/** Why a profile must not hand out the role. `null`: it is as it should be. */
export function wrongProfile(profile: Profile | undefined, { place, definition, policy }: AnywhereRole): string | null {
  if (profile === undefined) return `there is no profile ${definition.profile}`;
  if (!profile.enabled) return `the profile ${definition.profile} is disabled`;
  if (!profile.roleArns.includes(place.arn)) return `the profile ${definition.profile} does not name ${place.arn}`;
  if (profile.managedPolicyArns.length > 0) return `the profile ${definition.profile} has managed policies`;
  // Without it a session could go on to other roles, or undo its own end.
  if (normal(profile.sessionPolicy ?? '') !== normal(policy.text))
    return `the session policy of the profile ${definition.profile} is not the one that the role asks for`;
  return null;
}

/** For so long what was found in an account is believed: the control plane takes one call a second. */
const BELIEVED_MS = 300_000;

/**
 * Finds trust anchors and profiles, and remembers for a while what an account has, of which all its roles are reached: after a restart, and when
 * that is believed no more, many of them ask at once. `authority`: our certificate.
 */
export class AnywhereDirectory {
  readonly #anchors = new Lists<TrustAnchor>();
  readonly #profiles = new Lists<Profile>();

  /** What a binding is reached by. Throws `invalid` when something is not as it should be. */
  async find(
    resolved: AnywhereRole,
    authority: string,
    control: AnywhereControl,
    now: Instant,
  ): Promise<AnywhereNames> {
    const { place, definition } = resolved;
    const { account } = place;
    const anchor = await this.anchor(account, authority, control, now);
    if (anchor?.enabled !== true) {
      const state =
        anchor === undefined ? 'no trust anchor with the certificate of this broker' : 'a disabled trust anchor';
      throw new ProviderFault('invalid', `${account} has ${state}. "curfew doctor" says how to mend it.`);
    }
    const named = (all: readonly Profile[]) => all.find(({ name }) => name === definition.profile);
    const isRight = (all: readonly Profile[]) => wrongProfile(named(all), resolved) === null;
    const profile = named(await this.#profiles.of(account, now, () => control.profiles(), isRight));
    const wrong = wrongProfile(profile, resolved);
    if (profile === undefined || wrong !== null)
      throw new ProviderFault('invalid', `In ${account} ${wrong ?? ''}. "curfew doctor" says how to mend it.`);
    return { trustAnchorArn: anchor.arn, profileArn: profile.arn };
  }

  /** Our trust anchor in an account, of which all its roles are reached. */
  async anchor(
    account: string,
    authority: string,
    control: AnywhereControl,
    now: Instant,
  ): Promise<TrustAnchor | undefined> {
    const ours = (all: readonly TrustAnchor[]) => all.find((one) => isOurAnchor(one, authority));
    const isRight = (all: readonly TrustAnchor[]) => ours(all)?.enabled === true;
    return ours(await this.#anchors.of(account, now, () => control.trustAnchors(), isRight));
  }
}

/** What accounts have of one kind. */
class Lists<Value> {
  readonly #known = new Map<string, { readonly all: readonly Value[]; readonly until: Instant }>();
  readonly #asking = new Map<string, Promise<readonly Value[]>>();

  /** What an account had a while ago, if that is right; otherwise what it has, so that what was mended is seen at once. One question for all who ask at the same time. */
  async of(
    account: string,
    now: Instant,
    look: () => Promise<readonly Value[]>,
    isRight: (all: readonly Value[]) => boolean,
  ): Promise<readonly Value[]> {
    const known = this.#known.get(account);
    if (known !== undefined && now < known.until && isRight(known.all)) return known.all;
    const running = this.#asking.get(account);
    if (running !== undefined) return running;
    const answer = look().finally(() => this.#asking.delete(account));
    this.#asking.set(account, answer);
    const all = await answer;
    this.#known.set(account, { all, until: after(now, BELIEVED_MS) });
    return all;
  }
}
