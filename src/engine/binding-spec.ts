import { invariant } from '../core/result.ts';
import type { ProviderName } from '../core/target.ts';
import type { BindingSpec, MethodCapabilities, Provider } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';

/** What a provider needs to know about a grant's binding. Only a grant whose clock has started has one. */
export function bindingSpec(grant: GrantRecord): BindingSpec {
  invariant(grant.activatedAt !== null && grant.endsAt !== null, `grant ${grant.id} has no end yet`);
  return {
    slot: grant.slot,
    method: grant.method,
    target: grant.definition.target,
    role: grant.definition.role,
    grant: grant.id,
    principal: grant.principal,
    activatedAt: grant.activatedAt,
    endsAt: grant.endsAt,
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
