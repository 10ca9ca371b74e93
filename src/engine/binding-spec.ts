import type { EndCause } from '../core/grant.ts';
import { invariant } from '../core/result.ts';
import type { ProviderName } from '../core/target.ts';
import { after, type Instant } from '../core/time.ts';
import type { BindingPlace, BindingSpec, MethodCapabilities, Provider } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';

/** What a provider needs to know about a grant's binding. Only a grant whose clock has started has one. */
export function bindingSpec(grant: GrantRecord): BindingSpec {
  invariant(grant.activatedAt !== null && grant.endsAt !== null, `grant ${grant.id} has no end yet`);
  return specOf(grant, grant.activatedAt, grant.endsAt);
}

/** Whether nothing has to be done for a grant to be over: its time has come, and no later end can stand in the cloud. */
export function endsByItself(grant: GrantRecord, cause: EndCause): boolean {
  return cause === 'expired' && boundSpec(grant).endsAt === grant.endsAt;
}

/**
 * The same for a grant that is being ended: with the latest end that may stand in the cloud, which is later than the grant's when an
 * extension was on its way and nobody knows whether it arrived.
 */
export function boundSpec(grant: GrantRecord): BindingSpec {
  return { ...bindingSpec(grant), endsAt: grant.boundUntil ?? bindingSpec(grant).endsAt };
}

/** The same for a grant whose clock has not started, as if it started at `now`: to look before anything is called. */
export function plannedSpec(grant: GrantRecord, now: Instant): BindingSpec {
  return specOf(grant, now, after(now, grant.durationMs));
}

function specOf(grant: GrantRecord, activatedAt: Instant, endsAt: Instant): BindingSpec {
  return { ...bindingPlace(grant), activatedAt, endsAt };
}

/** Where a grant's binding stands, whether its clock has started or not. */
export function bindingPlace(grant: GrantRecord): BindingPlace {
  return {
    slot: grant.slot,
    method: grant.method,
    target: grant.definition.target,
    role: grant.definition.role,
    grant: grant.id,
    principal: grant.principal,
  };
}

/** The provider of a grant and what its method declares. A grant is only made for a provider that exists. */
export function methodOf(
  providers: ReadonlyMap<ProviderName, Provider>,
  grant: Pick<GrantRecord, 'id' | 'provider' | 'method'>,
): { readonly provider: Provider; readonly capabilities: MethodCapabilities } {
  const provider = providers.get(grant.provider);
  const capabilities = provider?.methods[grant.method];
  invariant(
    provider && capabilities,
    `grant ${grant.id} needs ${grant.provider} ${grant.method}, which this process does not have`,
  );
  return { provider, capabilities };
}
