import { ListRolesCommand, ListUsersCommand, type IAMClient } from '@aws-sdk/client-iam';
import type { AwsIdentity } from '../../core/role.ts';
import { after, toIso, type Instant } from '../../core/time.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { EndVerifier } from '../signed-end.ts';
import { perform } from './call.ts';
import { parseDocument, readEndMarker, statementsOf } from './end-marker.ts';
import { identityCalls, type IdentityCalls } from './identity-store.ts';
import type { Partition } from './names.ts';
import { callOf, fewAtATime, mayBegin, patiently, rotated, type SweepPorts } from '../sweep-calls.ts';
import { isOurs, ownEnd, type IdentityPlace } from './timed-policy-document.ts';

/** One account whose people's identities are looked at. */
export interface TimedPolicyScope {
  readonly iam: IAMClient;
  readonly partition: Partition;
  readonly account: string;
}

/** What a policy under one of our names turns out to be. */
export type Verdict =
  | { readonly kind: 'live'; readonly endsAt: Instant; readonly edited: string | null }
  | { readonly kind: 'overdue'; readonly endsAt: Instant; readonly edited: string | null }
  | { readonly kind: 'deny' }
  /** Nothing about it is obeyed. */
  | { readonly kind: 'unclear'; readonly why: string };

const PLACES_AT_A_TIME = 4;
const PAGE = 1_000;
const PAGES = 20;
/** IAM may answer a read with what stood there before our call; it is asked again after these times. */
const LOOK_AGAIN_MS = [0, 200, 600, 1_500];

/**
 * Judges a policy by what is signed in it. The conditions that AWS obeys are compared with that, and never believed themselves: whoever
 * edits them later, or away, changes nothing about the end. What is not signed is not provably Curfew's, so it is left, and said.
 */
export function judgePolicy(
  text: string,
  place: { readonly identityArn: string; readonly policyName: string },
  verifier: EndVerifier,
  now: Instant,
): Verdict {
  const document = parseDocument(text);
  if (document === null) return { kind: 'unclear', why: 'it is not a policy document' };
  const effects = statementsOf(document).map(({ Effect }) => Effect);
  if (effects.length > 0 && effects.every((effect) => effect === 'Deny')) return { kind: 'deny' };
  const marker = readEndMarker(document, place, verifier);
  if (marker.kind === 'none') return { kind: 'unclear', why: 'it carries no end that Curfew signed' };
  if (marker.kind === 'bad')
    return { kind: 'unclear', why: 'the signature of its end is not by a key of this deployment' };
  const { endsAt } = marker;
  // A deny is never removed, and a policy goes as a whole.
  if (effects.includes('Deny'))
    return { kind: 'unclear', why: `it has a deny; it was signed to end at ${toIso(endsAt)}` };
  const obeyed = ownEnd(text);
  const edited = marker.tampered
    ? 'a second end with a bad signature was added'
    : obeyed === endsAt
      ? null
      : `AWS was told ${obeyed === null ? 'no end' : toIso(obeyed)}, signed is ${toIso(endsAt)}`;
  return { kind: now < after(endsAt, CLOCK_TOLERANCE_MS) ? 'live' : 'overdue', endsAt, edited };
}

/**
 * Ends what is overdue below these paths (`people/`) of an account. Faults become events: one that cannot be ended holds up no other. Each run
 * begins with other identities, because one may be too short for all.
 */
export async function sweepTimedPolicies(
  ports: SweepPorts,
  scope: TimedPolicyScope,
  paths: readonly string[],
): Promise<void> {
  const all: Found[] = [];
  for (const path of paths) {
    for (const kind of ['user', 'role'] as const) {
      try {
        const { places, cloudNow } = await patiently(ports, () => identities(scope, path, kind, callOf(ports)));
        // Ends are judged by AWS's clock, as AWS judges them; ours may be wrong.
        const aheadMs = cloudNow - ports.clock.now();
        all.push(...places.map((place) => ({ place, aheadMs })));
      } catch (error) {
        ports.notes.fault('timed-policy', `${kind}s under ${path} in ${scope.account}`, error);
      }
    }
  }
  let missed = 0;
  await fewAtATime(PLACES_AT_A_TIME, rotated(all, ports.turn, 'places'), async (found) => {
    if (mayBegin(ports)) await sweepIdentity(ports, scope, found);
    else missed += 1;
  });
  if (missed === 0) return;
  const message = `${missed} of ${all.length} identities were not looked at: the run had no time left. Later runs begin with others.`;
  ports.notes.event({ kind: 'failed', method: 'timed-policy', place: scope.account, message });
}

interface Found {
  readonly place: IdentityPlace;
  /** How far AWS's clock is ahead of ours. */
  readonly aheadMs: number;
}

async function sweepIdentity(ports: SweepPorts, { iam }: TimedPolicyScope, { place, aheadMs }: Found): Promise<void> {
  const calls = () => identityCalls(iam, place, callOf(ports));
  const failed = (where: string, error: unknown) => ports.notes.fault('timed-policy', where, error);
  let names: readonly string[];
  try {
    names = await patiently(ports, () => policiesOf(calls()));
  } catch (error) {
    return failed(place.arn, error);
  }
  for (const policyName of names.filter(isOurs)) {
    const where = `${place.arn} ${policyName}`;
    try {
      await sweepPolicy(ports, calls, { place, policyName, where, aheadMs });
    } catch (error) {
      failed(where, error);
    }
  }
}

/** Whoever was deleted since the list was made has no policies. */
async function policiesOf(calls: IdentityCalls): Promise<readonly string[]> {
  try {
    return await calls.policies();
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'target-gone') return [];
    throw error;
  }
}

interface PolicyPlace extends Found {
  readonly policyName: string;
  readonly where: string;
}

async function sweepPolicy(
  ports: SweepPorts,
  calls: () => IdentityCalls,
  { place, policyName, where, aheadMs }: PolicyPlace,
): Promise<void> {
  const judge = async (): Promise<Verdict | null> => {
    const text = await calls().read(policyName);
    const now = after(ports.clock.now(), aheadMs);
    return text === null ? null : judgePolicy(text, { identityArn: place.arn, policyName }, ports.verifier, now);
  };
  const verdict = await patiently(ports, judge);
  if (verdict === null) return;
  ports.notes.seen(verdict.kind);
  const event = (kind: 'ended' | 'would-end' | 'alarm' | 'failed', message: string, endsAt?: Instant) =>
    ports.notes.event({
      kind,
      method: 'timed-policy',
      place: where,
      message,
      ...(endsAt === undefined ? {} : { endsAt }),
    });
  if (verdict.kind === 'deny') return;
  if (verdict.kind === 'unclear')
    return event('alarm', `Left as it is, because ${verdict.why}. Look who put it there, and remove it by hand.`);
  const { endsAt, edited } = verdict;
  if (edited !== null) event('alarm', `Somebody edited it: ${edited}. The signed end counts.`, endsAt);
  if (verdict.kind === 'live') return;
  if (ports.dryRun) return event('would-end', 'Overdue; it would be deleted.', endsAt);
  await patiently(ports, async () => {
    // Looked at anew each time: a later end may have been written since, and an earlier try may have succeeded.
    if ((await judge())?.kind === 'overdue') await calls().remove(policyName);
  });
  for (const waitMs of LOOK_AGAIN_MS) {
    if (waitMs > 0) await ports.clock.sleep(waitMs, ports.signal);
    const left = await patiently(ports, judge);
    if (left === null) return event('ended', 'Deleted, and seen to be gone.', endsAt);
    if (left.kind === 'live' || left.kind === 'deny') return;
  }
  event('failed', 'Deleted, but IAM shows it still.', endsAt);
}

/** Every identity of a kind below the path, and AWS's time when it answered. */
async function identities(
  { iam, partition, account }: TimedPolicyScope,
  path: string,
  kind: AwsIdentity,
  call: CallOptions,
): Promise<{ readonly places: readonly IdentityPlace[]; readonly cloudNow: Instant }> {
  const how = { effect: 'read', what: `Listing the ${kind}s under ${path} in ${account}`, call } as const;
  const places: IdentityPlace[] = [];
  let cloudNow: Instant | null = null;
  let Marker: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const input = { PathPrefix: `/${path}`, MaxItems: PAGE, ...(Marker === undefined ? {} : { Marker }) };
    const answer =
      kind === 'user'
        ? await perform(new ListUsersCommand(input), (it, o) => iam.send(it, o), how)
        : await perform(new ListRolesCommand(input), (it, o) => iam.send(it, o), how);
    cloudNow ??= answer.cloudNow;
    const { output } = answer;
    const found =
      'Users' in output
        ? (output.Users ?? []).map(({ Arn, UserName, Path }) => ({ arn: Arn, name: UserName, path: Path }))
        : 'Roles' in output
          ? (output.Roles ?? []).map(({ Arn, RoleName, Path }) => ({ arn: Arn, name: RoleName, path: Path }))
          : [];
    for (const { arn = '', name = '', path: own = '/' } of found)
      places.push({ partition, account, kind, path: own, name, arn });
    Marker = output.Marker;
    if (Marker === undefined || Marker === '') return { places, cloudNow: cloudNow ?? call.now };
  }
  throw new ProviderFault('unreachable', `${how.what}: AWS never came to the end`);
}
