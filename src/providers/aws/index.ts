export { openAws } from './open-aws.ts';
export { createAwsProvider, type AwsProvider, type AwsProviderOptions } from './provider.ts';
export {
  ambientIdentity,
  refuseStaticKeys,
  StaticKeyRefused,
  type IdentitySource,
  type ResolvedIdentity,
} from './identity.ts';
export { isSweeperName } from './heartbeat.ts';
export { sweepOnce, sweeperRoleArn, type SweepOptions } from './sweep.ts';
export { authorityOf } from './authority-file.ts';
