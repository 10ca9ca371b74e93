export { createAwsProvider, type AwsProvider, type AwsProviderOptions } from './provider.ts';
export {
  ambientIdentity,
  refuseStaticKeys,
  StaticKeyRefused,
  type IdentitySource,
  type ResolvedIdentity,
} from './identity.ts';
