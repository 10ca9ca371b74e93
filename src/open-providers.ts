import type { ProviderName } from './core/target.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { openAws, type AwsProviderOptions, type IdentitySource } from './providers/aws/index.ts';
import { openAzure, type AzureIdentity } from './providers/azure/index.ts';
import type { Provider } from './providers/contract.ts';
import type { EndSigner } from './providers/signed-end.ts';

/** Simulated clouds, which only the demo has. */
export interface SimulatedClouds {
  readonly awsEndpoint: string;
  readonly awsIdentity: IdentitySource;
  /** Absent: Azure, where the configuration names it, is the real one. */
  readonly azure?: {
    readonly endpoint: string;
    readonly identity: AzureIdentity;
    readonly pimIdentity?: AzureIdentity;
  };
}

/** A part of the composition root: the providers that the configuration describes. Throws a `ConfigProblem`. */
export async function openProviders(
  config: Config,
  simulated: SimulatedClouds | undefined,
  ports: { readonly endSigner: EndSigner; readonly onCut: AwsProviderOptions['onCut'] },
): Promise<ReadonlyMap<ProviderName, Provider>> {
  const { endSigner, onCut } = ports;
  const aws = await openAws(
    config,
    simulated === undefined ? null : { endpoint: simulated.awsEndpoint, identity: simulated.awsIdentity },
    { endSigner, clock: systemClock, ...(onCut && { onCut }) },
  );
  const azure = await openAzure(config, simulated?.azure ?? null, { endSigner, clock: systemClock });
  const providers = new Map<ProviderName, Provider>();
  for (const provider of [aws, azure]) if (provider !== null) providers.set(provider.name, provider);
  return providers;
}
