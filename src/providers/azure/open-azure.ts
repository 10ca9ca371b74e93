import { ConfigProblem, type AzureConfig, type Config } from '../../platform/config.ts';
import { readTokenFile } from '../../platform/token-file.ts';
import { ProviderFault } from '../contract.ts';
import { isAuthority } from './endpoints.ts';
import type { AzureIdentity } from './identity.ts';
import { createAzureProvider, type AzureProvider, type AzureProviderOptions } from './provider.ts';

/** How long a start waits for a token. */
const START_MS = 5_000;

/**
 * Makes the provider that the configuration describes; `null`: it describes none. `simulated`: what only the demo has. Throws a
 * `ConfigProblem` for an identity that cannot be used.
 */
export async function openAzure(
  config: Config,
  simulated: {
    readonly endpoint: string;
    readonly identity: AzureIdentity;
    readonly pimIdentity?: AzureIdentity;
  } | null,
  ports: Pick<AzureProviderOptions, 'endSigner' | 'clock'>,
): Promise<AzureProvider | null> {
  const { azure, role } = config;
  if (azure === undefined) return null;
  if (azure.authority !== undefined && !isAuthority(azure.authority))
    throw new ConfigProblem(
      'AZURE_AUTHORITY_HOST is not where Microsoft issues tokens, such as https://login.microsoftonline.com/.',
    );
  const pimIdentity = simulated === null ? pimIdentityOf(azure) : simulated.pimIdentity;
  const provider = createAzureProvider({
    ...ports,
    identity: simulated?.identity ?? identityOf(azure),
    ...(pimIdentity === undefined ? {} : { pimIdentity }),
    ...(azure.authority === undefined ? {} : { authority: azure.authority }),
    ...(simulated === null ? {} : { endpoint: simulated.endpoint, allowCustomEndpoint: true }),
  });
  // At the start and not only at the first use: whoever configured it should hear it now. An API-only process needs none.
  if (role !== 'api') await requireIdentity(provider, ports.clock.timeout(START_MS));
  return provider;
}

/** The identity that the settings name. */
export function identityOf({ tenantId, identity }: AzureConfig): AzureIdentity {
  if (identity.kind !== 'federated') return identity;
  const { kind, clientId, tokenFile } = identity;
  return { kind, tenantId, clientId, assertion: () => readTokenFile(tokenFile) };
}

/** The same platform speaks for it, by another client id. */
function pimIdentityOf({ pimClientId: clientId, ...azure }: AzureConfig): AzureIdentity | undefined {
  return clientId === undefined ? undefined : identityOf({ ...azure, identity: { ...azure.identity, clientId } });
}

/** That a token service cannot be reached is no reason not to start: what ends in other clouds must end. */
async function requireIdentity(provider: AzureProvider, signal: AbortSignal): Promise<void> {
  try {
    await provider.requireIdentity(signal);
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error;
    if (error.kind !== 'forbidden-to-us') return;
    const fix = error.fix === null ? '' : ` See: ${error.fix}.`;
    throw new ConfigProblem(
      `Curfew has no identity on Azure here. ${error.message}.${fix} Or unset CURFEW_AZURE_TENANT to run without Azure.`,
    );
  }
}
