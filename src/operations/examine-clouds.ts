import { definedOn } from '../core/role.ts';
import type { Target } from '../core/target.ts';
import type { PolicySet } from '../policy/load.ts';
import { matchesTarget } from '../policy/selectors.ts';
import type { DoctorPlace, Provider, SweeperRun } from '../providers/contract.ts';
import { judge } from './authorisation.ts';
import { standingToTarget } from './standing.ts';
import type { Actor, World } from './world.ts';

/** The clouds are asked for no longer than this; what could not be looked at by then is a finding that says so. */
const CALL_TIMEOUT_MS = 60_000;

/** One thing that was looked at, and the command that mends it where it is not well. */
export interface CloudFinding {
  /** Key of the target; the provider's name for what concerns all of them. */
  readonly target: string;
  readonly ok: boolean;
  readonly message: string;
  readonly fix?: string;
}

/**
 * Looks whether Curfew has every permission that it needs, on the targets that this person answers for, and for each role that
 * a rule offers there. The findings tell how an account is set up, so whoever owns no target gets none.
 */
export async function examineClouds(
  world: Pick<World, 'rules' | 'providers' | 'clock'>,
  actor: Pick<Actor, 'key' | 'kind' | 'roles'>,
  examineMail: (() => Promise<CloudFinding>) | null = null,
): Promise<readonly CloudFinding[]> {
  const { policy, directory } = world.rules.current();
  const owned = [...policy.vocabulary.targets.values()].filter(
    ({ owners }) => judge('examineClouds', actor, standingToTarget(directory, actor, owners)) === null,
  );
  const places = owned.map((target) => placeOf(policy, target)).filter(({ roles }) => roles.length > 0);
  const signal = world.clock.timeout(CALL_TIMEOUT_MS);
  const findings = [...world.providers.values()].map(async (provider) => {
    const own = places.filter(({ target }) => target.provider === provider.name);
    return own.length === 0 ? [] : provider.doctor(own, { now: world.clock.now(), signal });
  });
  // The same people: whether mail goes out says how an installation is set up, too.
  if (owned.length > 0 && examineMail !== null) findings.push(examineMail().then((one) => [one]));
  return (await Promise.all(findings)).flat();
}

/** A scrape, or a start, waits no longer than this for a cloud. */
const RUNS_TIMEOUT_MS = 3_000;

/** When each sweeper ran last, over all clouds. Throws a `ProviderFault` when one of them does not answer. */
export async function lastSweeps(world: Pick<World, 'providers' | 'clock'>): Promise<readonly SweeperRun[]> {
  return (await Promise.all([...world.providers.values()].map((provider) => sweepsOf(world, provider)))).flat();
}

/** When each sweeper of one cloud ran last. Throws a `ProviderFault`. */
export async function sweepsOf({ clock }: Pick<World, 'clock'>, provider: Provider): Promise<readonly SweeperRun[]> {
  return (await provider.sweeperRuns?.({ now: clock.now(), signal: clock.timeout(RUNS_TIMEOUT_MS) })) ?? [];
}

function placeOf({ roles, policies, vocabulary }: PolicySet, target: Target): DoctorPlace {
  const offered = policies.filter((rule) => matchesTarget(rule.targets, target, vocabulary.targets));
  return {
    target,
    roles: [...roles.values()].filter(
      (role) => definedOn(role, target.provider) && offered.some((rule) => rule.roles.has(role.name)),
    ),
  };
}
