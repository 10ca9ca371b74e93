import type { DirectorySnapshot } from '../core/directory.ts';
import { invariant } from '../core/result.ts';
import type { Role } from '../core/role.ts';
import type { ProviderName } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import type { GrantRecord } from '../store/grants.ts';
import type { BindingSpec, Landing, Provider, Residual } from '../providers/contract.ts';

/** The method by which a role is given on a cloud; `null` when it is not defined there or that provider does not exist yet. */
export function methodFor(role: Role, provider: ProviderName): string | null {
  switch (provider) {
    case 'aws':
      return role.aws?.method ?? null;
    case 'azure':
      return role.azure?.method ?? null;
    case 'gcp':
      return null;
  }
}

/** Whether nothing lengthens a grant any more: it is being ended or is over, or its time has passed and nobody has looked yet. */
export function grantIsOver({ state }: GrantRecord, now: Instant): boolean {
  return state.kind === 'active' ? now >= state.endsAt : state.kind !== 'scheduled' && state.kind !== 'activating';
}

/** What can survive the end of a grant of a role; `null` when this installation does not have the provider. */
export function residualOf(
  provider: Provider | undefined,
  binding: Pick<BindingSpec, 'method' | 'role' | 'target'>,
): Residual | null {
  return provider?.residual?.(binding) ?? provider?.methods[binding.method]?.residual ?? null;
}

/** What was said to survive the end of a grant before it was approved: by its role as it was then. */
export function residualBefore(
  providers: ReadonlyMap<ProviderName, Provider>,
  { provider, method, definition }: GrantRecord,
): Residual | null {
  return residualOf(providers.get(provider), { method, ...definition });
}

/** Where a grant lands when nothing is handed out; `null`: credentials are, or this installation does not have the provider. */
export function landingOf(
  provider: Provider | undefined,
  binding: Pick<BindingSpec, 'method' | 'role' | 'target' | 'principal'>,
): Landing | null {
  return provider?.landing?.(binding) ?? null;
}

/** What a person is called in a cloud's own logs: their account there, else their directory key. */
export function principalFor(directory: DirectorySnapshot, person: string, provider: ProviderName): string {
  const known = directory.people.get(person);
  invariant(known !== undefined, `${person} is not in the directory`);
  return known.accounts[provider] ?? known.key;
}
