import canonicalizeModule from 'canonicalize';
import type { Extension } from '../core/grant.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { isSignedTier, type Role } from '../core/role.ts';
import { toIso, type Instant } from '../core/time.ts';
import { openSteps } from '../policy/approvals.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/types.ts';
import { ProviderFault, type SweeperRun } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';
import { approvalsOf } from '../store/approvals.ts';
import { findRequest, lastExtension, type RequestRecord } from '../store/requests.ts';
import { standingRevocations } from '../store/revocations.ts';
import { asJson } from './as-json.ts';
import { principalFor } from './grant-shape.ts';
import { sweepsOf } from './examine-clouds.ts';
import { raiseAlarms } from './raise-alarms.ts';
import type { StartRefusal } from './refusal.ts';
import { stoppedBy, stoppedWords } from './revocation-reach.ts';
import { recheckSignatures } from './recheck-signatures.ts';
import { storedDecision, storedQuestion } from './stored-decision.ts';
import { votesIn } from './votes.ts';
import type { RulesInForce, World } from './world.ts';

const canonical = canonicalizeModule as unknown as (value: unknown) => string | undefined;

const NOT_APPROVED: StartRefusal = { code: 'not-approved', text: 'The request behind this is not approved.' };
const ROLE_CHANGED: StartRefusal = {
  code: 'role-changed',
  text: 'The role was changed after it was approved; it must be asked for again.',
};

/** How far the clock of a sweeper may be ahead of ours. */
const CLOCKS_DIFFER_MS = 30_000;

/**
 * Decides again when a grant is about to start, or its end about to be moved to later, from the stored request of the one or the other,
 * the approvals and the rules in force: a rule tightened meanwhile refuses, and so does a role whose definition is no longer the one that
 * was approved, an order of the kill switch that stands over the person, the target, or everything, a signature that does not hold, and a sweeper that
 * fell silent.
 */
export async function recheckGrant(world: World, grant: GrantRecord): Promise<Result<null, StartRefusal>> {
  const rules = world.rules.current();
  // Rules that could not be read refuse nobody for good: the start waits until they can be.
  if (rules.directory.people.size === 0) throw new Error('nobody is known, because the directory cannot be read');
  // Read at every start: an order that was committed before this moment stops it, and one that comes later finds the grant.
  const [request, standing] = await Promise.all([
    findRequest(world.db, extensionOf(grant)?.request ?? grant.request),
    standingRevocations(world.db, grant.person, [grant.definition.target.key]),
  ]);
  if (request === null || request.state.kind !== 'approved') {
    return refused(NOT_APPROVED);
  }
  const { role: approvedRole, target: approvedTarget } = grant.definition;
  const owners = [approvedRole.owner, ...approvedTarget.owners];
  const order = await stoppedBy(world, world.db, standing, request, owners);
  if (order !== null) return refused({ code: 'access-stopped', text: stoppedWords(order) });
  const approved = await recheckApproval(world, grant, request, world.clock.now(), extensionOf(grant)?.until ?? null);
  if (!approved.ok) return approved;
  const same = recheckDefinition(rules, storedQuestion(request).requester, grant);
  return same.ok ? recheckSweepers(world, grant) : same;
}

/**
 * Decides again before something is handed out under a grant that is active: whoever can write in the database can write that one is. What
 * it is for must be what the rules mean by its role and target. Where that is of tier 0 or 1, the rules in force decide again as of its
 * start, and every signature under it is verified: an approval must stand for all of the time that the row claims.
 */
export async function recheckActive(world: World, grant: GrantRecord): Promise<Result<null, StartRefusal>> {
  const rules = world.rules.current();
  if (rules.directory.people.size === 0) throw new Error('nobody is known, because the directory cannot be read');
  const { role } = grant.definition;
  const request = await findRequest(world.db, grant.request);
  if (request === null || request.state.kind !== 'approved' || grant.activatedAt === null) return refused(NOT_APPROVED);
  const inForce = rules.policy.roles.get(role.name);
  // Its words may change while it runs; what it gives may not.
  if (inForce === undefined || givenBy(inForce) !== givenBy(role)) return refused(ROLE_CHANGED);
  const same = recheckPlace(rules, storedQuestion(request).requester, grant);
  if (!same.ok || !isSignedTier(role.tier)) return same;
  const first = await recheckApproval(world, grant, request, grant.activatedAt, null);
  if (!first.ok || grant.extended === 0) return first;
  const last = await lastExtension(world.db, grant.id);
  if (last === null) return refused(NOT_APPROVED);
  return recheckApproval(world, grant, last, last.createdAt, grant.endsAt);
}

function givenBy({ tier, aws, azure, gcp }: Role): string | undefined {
  return canonical(asJson({ tier, aws, azure, gcp }));
}

/** Whether the rules in force and signed approvals allow what a request was approved for, judged as of `now`. `until`: the later end of an extension. */
async function recheckApproval(
  world: World,
  grant: GrantRecord,
  request: RequestRecord,
  now: Instant,
  until: Instant | null,
): Promise<Result<null, StartRefusal>> {
  const rules = world.rules.current();
  const decision = decide(rules.policy, rules.directory, { ...storedQuestion(request), now });
  raiseAlarms(world, 'start', decision);
  const refusal = decision.refusals[0];
  if (decision.effect === 'deny') {
    return refused({ code: refusal?.code ?? 'denied', text: refusal?.text ?? 'The rules in force refuse this.' });
  }
  const durationMs = until === null || grant.activatedAt === null ? grant.durationMs : until - grant.activatedAt;
  if (durationMs > decision.maxDurationMs) {
    return refused({ code: 'duration-too-long', text: 'The rules in force allow a shorter time than was approved.' });
  }
  // Nobody can have voted where nobody has to.
  const said = votesWereAsked(request, decision)
    ? ((await approvalsOf(world.db, [request.id])).get(request.id) ?? [])
    : [];
  // First: what somebody changed is to be told as such, and not as a vote that is missing.
  const signed = await recheckSignatures(world, grant, request, said, until);
  if (!signed.ok) return signed;
  const open = openSteps(decision, votesIn(said)).find((step) => step.missing > 0);
  if (open !== undefined) {
    return refused({ code: 'approval-missing', text: `The rules in force ask for another approval (${open.rule}).` });
  }
  return ok(null);
}

/**
 * Whether the sweepers that the role demands are alive: what ends the access while all of us are gone. Every one that ever ran counts, because
 * none says what it looks after; a cloud that does not tell is one without.
 */
async function recheckSweepers(world: World, grant: GrantRecord): Promise<Result<null, StartRefusal>> {
  const { sweeperMaxAgeMs } = grant.definition.role;
  if (sweeperMaxAgeMs === undefined) return ok(null);
  const provider = world.providers.get(grant.provider);
  const silent = (why: string) =>
    refused({ code: 'sweeper-silent', text: `The role begins only while a sweeper is alive: ${why}.` });
  try {
    const runs = provider === undefined ? [] : await sweepsOf(world, provider);
    if (runs.length === 0) return silent('none has ever run');
    const now = world.clock.now();
    for (const run of runs) {
      const why = whyNotAlive(run, now, sweeperMaxAgeMs);
      if (why !== null) return silent(why);
    }
    return ok(null);
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error;
    return silent(`whether one is cannot be read (${error.kind})`);
  }
}

/**
 * Why a sweeper is no reason to begin; `null`: it runs, and could do all that it had to. What it alarms for is not Curfew's, or was ended in spite
 * of it, so alarms hold nobody up: whoever can cause one must not be able to stop every start.
 */
function whyNotAlive({ name, at, failures }: SweeperRun, now: Instant, maxAgeMs: number): string | null {
  if (now - at > maxAgeMs)
    return `"${name}" ran last at ${toIso(at)}; start it again, or delete the heartbeat of one that is retired`;
  if (at - now > CLOCKS_DIFFER_MS)
    return `"${name}" says that it ran at ${toIso(at)}, which is to come; set its clock right, or find out who wrote its heartbeat`;
  if (failures > 0)
    return `"${name}" ran at ${toIso(at)} with ${failures} failures; its output and curfew doctor say which, and once a run has none, ask again`;
  return null;
}

/** Whether anybody had to vote, then or now. */
function votesWereAsked(request: RequestRecord, now: Pick<Decision, 'steps'>): boolean {
  return now.steps.length > 0 || storedDecision(request).steps.length > 0;
}

function extensionOf({ state }: GrantRecord): Extension | null {
  return state.kind === 'active' ? state.extension : null;
}

/** Whether what the rules mean now is what was approved for a grant: the role, the place, and who the requester is there. */
export function recheckDefinition(
  rules: RulesInForce,
  requester: string,
  grant: GrantRecord,
): Result<null, StartRefusal> {
  const role = rules.policy.roles.get(grant.definition.role.name);
  if (role === undefined || canonical(asJson(role)) !== canonical(asJson(grant.definition.role))) {
    return refused(ROLE_CHANGED);
  }
  return recheckPlace(rules, requester, grant);
}

/** What the rules judge now must be what will be made: the same place in the cloud, under the same name. */
function recheckPlace(rules: RulesInForce, requester: string, grant: GrantRecord): Result<null, StartRefusal> {
  const { target: approved } = grant.definition;
  const target = rules.policy.vocabulary.targets.get(approved.key);
  if (
    target === undefined ||
    target.provider !== approved.provider ||
    target.kind !== approved.kind ||
    target.native !== approved.native
  ) {
    const text = 'The target is another one than was approved; it must be asked for again.';
    return refused({ code: 'target-changed', text });
  }
  if (principalFor(rules.directory, requester, grant.provider) !== grant.principal) {
    const text = 'The requester has another identity in that cloud than was approved; it must be asked for again.';
    return refused({ code: 'identity-changed', text });
  }
  return ok(null);
}
