export { openAzure } from './open-azure.ts';
export { createAzureProvider, type AzureProvider, type AzureProviderOptions } from './provider.ts';
export type { AzureIdentity } from './identity.ts';
