import type { JsonObject } from '../../core/json.ts';
import type { GrantId } from '../../core/ids.ts';
import type { Result } from '../../core/result.ts';
import { ok, refused } from '../../core/result.ts';
import type { AwsIdentity, AwsTimedPolicy } from '../../core/role.ts';
import { INLINE_LIMITS, inlineSize, timedDocument, timedPolicyFlaws } from '../../core/timed-policy.ts';
import { after, fromIso, type Instant } from '../../core/time.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import type { BindingSpec } from '../contract.ts';
import type { EndSigner } from '../signed-end.ts';
import { parseDocument, statementsOf, timedPolicyEnd, withEndMarker, withoutEndMarker } from './end-marker.ts';
import { notAnAccount, notBy, sha256, wholeSecond, type Partition, type Refusal } from './names.ts';
import { ownStatements } from './session-policy.ts';

/** A person's own IAM role or user in one account. */
export interface IdentityPlace {
  readonly partition: Partition;
  readonly account: string;
  readonly kind: AwsIdentity;
  /** `/people/`, as IAM writes it. */
  readonly path: string;
  readonly name: string;
  readonly arn: string;
}

/** The policy of one grant. The same grant always gets the same text, so the hash proves what AWS was told. */
export interface TimedPolicy {
  /** `curfew-<grant id>`. */
  readonly name: string;
  readonly text: string;
  /** SHA-256 of `text`, hex. */
  readonly hash: string;
  /** What takes its place when it cannot be deleted: a deny of the same, within the same time. Never longer than `text`. */
  readonly denial: string;
  readonly characters: number;
}

/** Everything that follows from a binding by itself. */
export interface ResolvedPolicy {
  readonly place: IdentityPlace;
  readonly definition: AwsTimedPolicy;
  readonly policy: TimedPolicy;
}

const OURS = /^curfew-grt_[a-z0-9]+$/;

/** The name under which a grant's policy stands on the identity. */
export function policyName(grant: GrantId): string {
  return `curfew-${grant}`;
}

/** Whether a policy of this name is one that some grant made. */
export function isOurs(name: string): boolean {
  return OURS.test(name);
}

/** Where a binding lands. Refuses what could never be an identity, and Curfew's own path. */
export function resolveIdentity(
  partition: Partition,
  { role, target, principal }: Pick<BindingSpec, 'role' | 'target' | 'principal'>,
): Result<{ readonly place: IdentityPlace; readonly definition: AwsTimedPolicy }, Refusal> {
  const definition = role.aws;
  if (definition?.method !== 'timed-policy') return refused(notBy('timed-policy', role));
  const elsewhere = notAnAccount(target);
  if (elsewhere !== null) return refused(elsewhere);
  const { attachTo, path } = definition;
  // IAM: path of at most 512 characters, name of at most 64 from `[\w+=,.@-]`.
  if (!/^([\w+=,.@-]+\/)+$/.test(path) || path.length > 448 || /^(curfew|aws-reserved|aws-service-role)\//.test(path)) {
    return refused({
      message: `"${path}" is not a path of people's identities.`,
      hint: "Write it like people/. Identities under curfew/ are Curfew's own, and AWS lets nobody change its own.",
    });
  }
  if (!/^[\w+=,.@-]{1,64}$/.test(principal)) {
    return refused({
      message: `"${principal}" cannot be the name of an IAM ${attachTo}.`,
      hint: 'Correct the AWS account of this person in the directory.',
    });
  }
  const { native: account } = target;
  const arn = `arn:${partition}:iam::${account}:${attachTo}/${path}${principal}`;
  return ok({ place: { partition, account, kind: attachTo, path: `/${path}`, name: principal, arn }, definition });
}

/**
 * Builds the policy of a grant. Its beginning lies as far before the activation as two clocks may differ, so that a cloud whose clock is
 * behind ours lets the person in at once; its end is the grant's, to the second, and stands there signed as well where a signer is given.
 * Refuses what `timedPolicyFlaws` finds, what AWS would not store, and what is too long by itself, with the count.
 */
export function resolvePolicy(
  partition: Partition,
  spec: BindingSpec,
  signer: EndSigner | null,
): Result<ResolvedPolicy, Refusal> {
  const found = resolveIdentity(partition, spec);
  if (!found.ok) return found;
  const { place, definition } = found.value;
  const shape = ownStatements(definition.policy, 'policy', 'policy');
  if (!shape.ok) return shape;
  const [flaw] = timedPolicyFlaws(definition.policy, definition.allows);
  if (flaw !== undefined) {
    const { statement, message, hint } = flaw;
    return refused({ message: `Statement ${statement + 1} of the policy: ${message}.`, hint });
  }
  const from = wholeSecond(after(spec.activatedAt, -CLOCK_TOLERANCE_MS));
  const name = policyName(spec.grant);
  const bounded = timedDocument(definition.policy, from, wholeSecond(spec.endsAt));
  const document =
    signer === null ? bounded : withEndMarker(bounded, signer, timedPolicyEnd(place.arn, name, spec.endsAt));
  const text = JSON.stringify(document);
  // API reference, PutUserPolicy and PutRolePolicy, PolicyDocument: the character set.
  if (!/^[\t\n\r\u0020-\u00FF]+$/.test(text)) {
    return refused({
      message: 'The policy contains a character that AWS does not accept.',
      hint: 'Use characters of Latin-1 only.',
    });
  }
  const characters = inlineSize(text);
  const limit = INLINE_LIMITS[place.kind];
  if (characters > limit) {
    return refused({
      message: `The policy has ${characters} characters, ${characters - limit} more than the ${limit} that AWS accepts on a ${place.kind}.`,
      hint: 'Join statements (each one brings two times), shorten lists of actions with wildcards, or split the role in two.',
    });
  }
  const policy = { name, text, hash: sha256(text), denial: denialOf(document), characters };
  return ok({ place, definition, policy });
}

function denialOf(document: JsonObject): string {
  const Statement = statementsOf(document).map((statement) => ({ ...statement, Effect: 'Deny' }));
  return JSON.stringify({ ...document, Statement });
}

/** What a document under a grant's name turns out to be. */
export type Standing = 'ours' | 'denial' | 'edited';

/**
 * Compares what stands there with what we wrote; white space apart, because a person who looked may have saved it again, and the signed
 * marker apart, because AWS obeys a document just the same without it or with one by an earlier key.
 */
export function recognise(policy: TimedPolicy, standing: string): Standing {
  const text = asObeyed(standing);
  if (text === asObeyed(policy.text)) return 'ours';
  return text === asObeyed(policy.denial) ? 'denial' : 'edited';
}

function asObeyed(text: string): string {
  const document = parseDocument(text);
  return document === null ? text : JSON.stringify(withoutEndMarker(document));
}

/**
 * When AWS stops believing a document by itself: the latest end of its statements. `null`: it has none, or not everywhere, or it cannot
 * be read.
 */
export function ownEnd(text: string): Instant | null {
  const document = parseDocument(text);
  const ends = document === null ? [] : statementsOf(document).map(endOf);
  let last: Instant | null = null;
  for (const end of ends) {
    if (end === null) return null;
    if (last === null || end > last) last = end;
  }
  return last;
}

/** Whether a document allows nothing. */
export function isDenial(text: string): boolean {
  const document = parseDocument(text);
  return document !== null && statementsOf(document).every(({ Effect }) => Effect === 'Deny');
}

function endOf(statement: JsonObject): Instant | null {
  const condition = statement['Condition'];
  const before = isObject(condition) ? condition['DateLessThan'] : undefined;
  const time = isObject(before) ? before['aws:CurrentTime'] : undefined;
  return typeof time === 'string' ? fromIso(time) : null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
