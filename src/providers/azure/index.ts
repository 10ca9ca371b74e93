export { identityOf, openAzure } from './open-azure.ts';
export { createAzureProvider, type AzureProvider, type AzureProviderOptions } from './provider.ts';
export type { AzureIdentity } from './identity.ts';
export { sweepOnce, type SweepOptions } from './sweep.ts';
