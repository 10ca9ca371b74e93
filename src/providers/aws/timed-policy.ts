import type { JsonObject } from '../../core/json.ts';
import { INLINE_LIMITS, inlineSize } from '../../core/timed-policy.ts';
import { after, toIso, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK_TOLERANCE_MS, facts, goingOn, refuseSkew } from '../calling.ts';
import {
  ProviderFault,
  type BindingSpec,
  type CallOptions,
  type FaultKind,
  type Observation,
  type Plan,
  type Provisioned,
  type Tidied,
} from '../contract.ts';
import type { EndSigner } from '../signed-end.ts';
import { ABANDONED_CALL_MS, IAM_WRITES, TIMED_POLICY } from './capabilities.ts';
import {
  findIdentity,
  identityCalls,
  showsAfterPut,
  type IdentityCalls,
  type KnownIdentity,
} from './identity-store.ts';
import { lookOrLost, type AskOrganization } from './lost-account.ts';
import type { Method } from '../method.ts';
import { wholeSecond, type Partition } from './names.ts';
import { asProvisioner } from './provisioner.ts';
import type { Sessions } from './sessions.ts';
import {
  isDenial,
  isOurs,
  ownEnd,
  recognise,
  resolveIdentity,
  resolvePolicy,
  type IdentityPlace,
  type ResolvedPolicy,
  type TimedPolicy,
} from './timed-policy-document.ts';

/**
 * Each grant is an inline policy on an identity that the person has already, named after the grant and bounded in time: AWS judges it at
 * every call, so it ends by itself, and with it what open sessions can do because of it. Afterwards it is litter, which an ending removes.
 * Nothing is handed out.
 */
export function timedPolicy(
  partition: Partition,
  sessions: Sessions,
  clock: Clock,
  signer: EndSigner | null,
  /** `null`: there is no organization that could be asked. */
  organization: AskOrganization | null,
): Method {
  const resolve = (spec: BindingSpec): ResolvedPolicy => {
    const found = resolvePolicy(partition, spec, signer);
    if (!found.ok) throw new ProviderFault('invalid', found.refusal.message);
    return found.value;
  };
  const litter = new Litter();
  const calling = <T>(place: IdentityPlace, call: CallOptions, work: (calls: IdentityCalls) => Promise<T>) =>
    asProvisioner(sessions, place.account, call, (iam) => work(identityCalls(iam, place, call)));

  return {
    capabilities: TIMED_POLICY,
    plan: (wanted) => plan(resolvePolicy(partition, wanted, signer), wanted),
    provision: async (wanted, call) => {
      const resolved = resolve(wanted);
      if (call.now >= wanted.endsAt)
        throw new ProviderFault('invalid', `The grant ${wanted.grant} ended at ${toIso(wanted.endsAt)}`);
      const ourNow = goingOn(clock, call);
      return calling(resolved.place, call, (calls) => provision(calls, resolved, wanted, { clock, ourNow }, call));
    },
    observe: async (binding, ending, call) => {
      const resolved = resolve(binding);
      const { place, policy } = resolved;
      const issued = { account: place.account, endsAt: binding.endsAt, evidence: describe(place, policy, binding) };
      return lookOrLost(organization, issued, ending, call, () =>
        calling(place, call, (calls) =>
          observe(calls, resolved, binding, { ending: ending !== null, now: call.now, litter }),
        ),
      );
    },
    revoke: async (binding, _ending, rung, call) => {
      const { place, policy } = resolve(binding);
      await calling(place, call, async (calls) => {
        const removal = { calls, policy, tellRemoved: () => litter.removed(policy.name, binding.endsAt, call.now) };
        if (rung > 0) return denyInstead(removal);
        return call.now < binding.endsAt ? calls.remove(policy.name) : removeOver(removal);
      });
    },
    // Every grant has a policy of its own name, so no two writers meet.
    exclusive: () => null,
    quota: ({ target }) => [{ key: `aws:iam:${target.native}`, ...IAM_WRITES }],
    issueCredential: ({ grant }) =>
      Promise.reject(
        new ProviderFault('invalid', `Nothing is handed out under ${grant}: its holder uses credentials of their own`),
      ),
    landing: (binding) => {
      const found = resolveIdentity(partition, binding);
      if (!found.ok) return null;
      const { place } = found.value;
      const words = `The access lands on your own IAM ${place.kind} ${place.arn}. Use your own credentials of it.`;
      return { identity: place.arn, words };
    },
    tidy: async (binding, call) => {
      const { place } = resolve(binding);
      return calling(place, call, (calls) => removeOverdue(calls, call));
    },
  };
}

function plan(found: ReturnType<typeof resolvePolicy>, wanted: BindingSpec): Plan {
  if (!found.ok) return { ok: false, ...found.refusal };
  const { place, policy, definition } = found.value;
  const beyond =
    definition.allows.length === 0 ? '' : `; ${definition.allows.join(', ')}: what comes of that is not ended`;
  const words =
    `Put the inline policy ${policy.name} on ${place.arn}, which AWS stops believing at ${wholeSecond(wanted.endsAt)}; ` +
    `${policy.characters} of the ${INLINE_LIMITS[place.kind]} characters that all inline policies of a ${place.kind} share${beyond}`;
  return { ok: true, words, policyHash: policy.hash };
}

async function provision(
  calls: IdentityCalls,
  { place, policy }: ResolvedPolicy,
  spec: BindingSpec,
  { clock, ourNow }: { readonly clock: Clock; readonly ourNow: () => Instant },
  call: CallOptions,
): Promise<Provisioned> {
  const identity = await findIdentity(calls, place);
  const wrong = wrongIdentity(identity, place, spec);
  if (identity === null || wrong !== null) throw new ProviderFault('invalid', wrong ?? `${place.arn} does not exist`);
  refuseSkew(identity.cloudNow, ourNow());
  await putWithin(calls, place, policy);
  const isOurs = (text: string | null): boolean => text !== null && recognise(policy, text) === 'ours';
  const shown = await showsAfterPut(calls, policy.name, isOurs, { clock, signal: call.signal });
  return { ...shown, native: { ...describe(place, policy, spec), identityId: identity.id }, credentials: [] };
}

/** Why nothing may be put on what bears this name. `null`: it is the requester's own. */
function wrongIdentity(identity: KnownIdentity | null, place: IdentityPlace, spec: BindingSpec): string | null {
  if (identity === null)
    return `${place.arn} does not exist: the requester has no IAM ${place.kind} there that anything could be put on`;
  // IAM finds an identity by its name alone; the same name under another path is somebody or something else.
  if (identity.arn !== place.arn) return `The IAM ${place.kind} ${place.name} is ${identity.arn}, not ${place.arn}`;
  if (madeAnew(identity, spec))
    return `${place.arn} was made anew after the grant began; it may be somebody else's, so the access must be asked for again`;
  return null;
}

/** Whether the identity is younger than the grant: then it is another one than the one that was there, under the same name. */
function madeAnew({ madeAt }: KnownIdentity, { activatedAt }: BindingSpec): boolean {
  return madeAt !== null && madeAt > after(activatedAt, CLOCK_TOLERANCE_MS);
}

/** Puts the policy. When it does not fit beside what stands there already, says by how much; nothing is ever shortened for it. */
async function putWithin(calls: IdentityCalls, place: IdentityPlace, policy: TimedPolicy): Promise<void> {
  try {
    await calls.put(policy.name, policy.text);
  } catch (error) {
    if (!(error instanceof ProviderFault) || error.kind !== 'invalid' || !error.message.includes('LimitExceeded'))
      throw error;
    let others = 0;
    for (const name of await calls.policies())
      if (name !== policy.name) others += inlineSize((await calls.read(name)) ?? '');
    const limit = INLINE_LIMITS[place.kind];
    throw new ProviderFault(
      'invalid',
      `AWS lets all inline policies of a ${place.kind} have ${limit} characters together. Those of ${place.arn} have ${others} already, ` +
        `this one has ${policy.characters}: ${others + policy.characters - limit} too many. Move some into managed policies.`,
    );
  }
}

/**
 * Which policies this process has read, past their end, to be ours and unedited, and then removed. Where nothing stands, nobody knows what was
 * believed there a moment ago; of these it is known, so that their end needs no wait.
 */
class Litter {
  readonly #removed = new Map<string, Instant>();

  removed(name: string, endsAt: Instant, now: Instant): void {
    for (const [other, at] of this.#removed) if (now >= after(at, ABANDONED_CALL_MS)) this.#removed.delete(other);
    if (now >= after(endsAt, CLOCK_TOLERANCE_MS)) this.#removed.set(name, now);
  }

  has(name: string): boolean {
    return this.#removed.has(name);
  }
}

/**
 * What a document under the grant's name means, and since when it means nothing. A document that is not ours is never harmless, whatever it
 * seems to say. After the end, ours is: AWS does not believe it, so the access is gone by construction; it counts as there again, though not
 * usable, until it has been removed, because it takes up room that the identity needs. Where nothing stands and this process has not removed it
 * so, somebody may have removed an edit that AWS obeys for some seconds yet.
 */
async function observe(
  calls: IdentityCalls,
  { place, policy, definition }: ResolvedPolicy,
  spec: BindingSpec,
  { ending, now, litter }: { readonly ending: boolean; readonly now: Instant; readonly litter: Litter },
): Promise<Observation> {
  // It is AWS's clock that ends it, and ours may be ahead of it by so much.
  const finalAt = after(spec.endsAt, CLOCK_TOLERANCE_MS);
  const over = now >= spec.endsAt;
  const notCovered = definition.allows.length === 0 ? null : definition.allows.join(', ');
  const evidence = { ...describe(place, policy, spec), ...facts({ notCovered }) };
  const absent = (more: JsonObject): Observation => ({
    presence: 'absent',
    proof: 'observed',
    evidence: { ...evidence, ...more },
    // Before the end, a call that was given up could still put the policy there again.
    final: false,
  });
  const ended = (more: JsonObject): Observation => ({
    presence: 'absent',
    proof: 'by-construction',
    evidence: { ...evidence, clockToleranceMs: CLOCK_TOLERANCE_MS, ...more },
    final: now >= finalAt,
    ...(now < finalAt ? { finalAt } : {}),
  });
  const standing = await calls.read(policy.name).catch(async (error: unknown) => {
    const forbidden = error instanceof ProviderFault && error.kind === 'forbidden-to-us';
    // An identity that does not exist has no path, so AWS forbids us to look at it.
    if (!forbidden || (await findIdentity(calls, place)) !== null) throw error;
    return null;
  });
  if (standing === null) {
    // IAM says the same of a missing policy and of a missing identity.
    const identity = await findIdentity(calls, place);
    if (identity === null) return absent({ standing: 'nothing', identity: 'does not exist', saidBy: 'its account' });
    const anew = madeAnew(identity, spec) ? { identityMadeAnewAt: toIso(identity.madeAt ?? now) } : {};
    const seen = { standing: 'nothing', identityId: identity.id, ...anew };
    return litter.has(policy.name) ? ended(seen) : absent(seen);
  }
  switch (recognise(policy, standing)) {
    case 'denial':
      // It may have taken the place of an edit just now, also past the end, and AWS needs some seconds to obey it.
      return absent({ standing: 'a deny of what it allowed' });
    case 'ours':
      if (over && now < finalAt) return ended({ standing: 'our own policy, whose time is over' });
      return { presence: 'present', usable: !over, native: { ...evidence, standing: 'our own policy' } };
    case 'edited': {
      const end = ownEnd(standing);
      const native = { ...evidence, standing: 'edited by somebody', itsOwnEnd: end === null ? null : toIso(end) };
      // To whoever waits for the access it is not the access that was granted; to whoever takes it away it may well be some.
      const seen = { presence: 'present', usable: ending, native } as const;
      // An extension that never arrived leaves an earlier end of ours.
      return end === null || end > spec.endsAt ? { ...seen, endIsEdited: true } : seen;
    }
  }
}

interface Removal {
  readonly calls: IdentityCalls;
  readonly policy: TimedPolicy;
  /** Told when what was read to be ours and unedited has been removed. */
  readonly tellRemoved: () => void;
}

/** Refusals after which nothing was put: an edit may be shorter than the denial, and the identity full; or we may delete and not put. */
const NOT_PUT: ReadonlySet<FaultKind> = new Set(['invalid', 'forbidden-to-us']);

/**
 * Removes a policy whose time is over. One that somebody edited may be believed still, and AWS needs some seconds to obey its removal, by
 * which nothing would be left to tell: a denial takes its place, which counts once it has stood there long enough, and is litter then. Where
 * none can be put it is removed all the same, and whoever ends the grant comes back when AWS believes it no more.
 */
async function removeOver({ calls, policy, tellRemoved }: Removal): Promise<void> {
  const standing = await calls.read(policy.name);
  if (standing === null || recognise(policy, standing) !== 'edited') {
    await calls.remove(policy.name);
    if (standing !== null && recognise(policy, standing) === 'ours') tellRemoved();
    return;
  }
  try {
    await calls.put(policy.name, policy.denial);
  } catch (error) {
    if (!(error instanceof ProviderFault) || !NOT_PUT.has(error.kind)) throw error;
    await calls.remove(policy.name);
    throw new ProviderFault(
      'conflict',
      `${policy.name}, which somebody had edited, was removed, and AWS may believe it for some seconds. No denial could be put in its place: ${error.message}`,
      { hasWritten: true, retryAfterMs: ABANDONED_CALL_MS },
    );
  }
}

/** The last resort when a policy cannot be deleted. Where nothing stands, nothing is put. */
async function denyInstead(removal: Removal): Promise<void> {
  const { calls, policy } = removal;
  if ((await calls.read(policy.name)) === null) return;
  try {
    await removeOver(removal);
  } catch (error) {
    if (!(error instanceof ProviderFault) || error.hasWritten) throw error;
    await calls.put(policy.name, policy.denial);
  }
}

/**
 * Removes from an identity what grants that are long over have left there; the documents say themselves when that was. A denial may have taken
 * the place of an edit at the end, and says so for as long as whoever ends that grant looks at it.
 */
async function removeOverdue(calls: IdentityCalls, { now, alongside }: CallOptions): Promise<Tidied> {
  const ours = (await calls.policies()).filter(isOurs);
  const overdue: string[] = [];
  for (const name of ours) {
    const text = (await calls.read(name)) ?? '';
    const end = ownEnd(text);
    const keptMs = CLOCK_TOLERANCE_MS + (isDenial(text) ? ABANDONED_CALL_MS : 0);
    if (end !== null && now >= after(end, keptMs)) overdue.push(name);
  }
  const [removed, left] = [overdue.length > 0, ours.length - overdue.length];
  if (removed) await alongside?.removes(left);
  for (const name of overdue) await calls.remove(name);
  return { removed, left };
}

function describe(place: IdentityPlace, policy: TimedPolicy, spec: BindingSpec): JsonObject {
  return facts({
    identity: place.arn,
    policyName: policy.name,
    policyHash: policy.hash,
    policyCharacters: policy.characters,
    endsAt: wholeSecond(spec.endsAt),
  });
}
