import { ConfigProblem, type Config } from '../../platform/config.ts';
import { authorityOf } from './authority-file.ts';
import { ambientIdentity, refuseStaticKeys, StaticKeyRefused, type IdentitySource } from './identity.ts';
import { createAwsProvider, type AwsProvider, type AwsProviderOptions } from './provider.ts';

/**
 * Makes the provider that the configuration describes; `null`: it describes none. `simulated`: what only the demo has. Throws a
 * `ConfigProblem` for an identity that cannot be used.
 */
export async function openAws(
  config: Config,
  simulated: { readonly endpoint: string; readonly identity: IdentitySource } | null,
  ports: Pick<AwsProviderOptions, 'endSigner' | 'clock' | 'onCut'>,
): Promise<AwsProvider | null> {
  if (config.aws === null) return null;
  const { aws, role } = config;
  const identity = simulated?.identity ?? ambientIdentity(aws.region);
  // At the start and not only at the first use: whoever configured a static key should hear it now. Without any identity
  // yet (an API-only process has none) the provider says so when it is used.
  if (role !== 'api') await requireIdentity(identity);
  return createAwsProvider({
    ...aws,
    ...ports,
    issuer: config.baseUrl,
    identity,
    ...(await authorityOf(aws.authorityFile, role, ports.clock.now())),
    ...(simulated === null ? {} : { endpoint: simulated.endpoint, allowCustomEndpoint: true }),
  });
}

/** Refuses to start with a static key, or with no identity at all, in words that say what to do. */
async function requireIdentity(identity: IdentitySource): Promise<void> {
  try {
    refuseStaticKeys(await identity());
  } catch (error) {
    if (error instanceof StaticKeyRefused) throw new ConfigProblem(error.message);
    throw new ConfigProblem(
      'Curfew has no AWS identity here. Run it with a role: EKS Pod Identity, an ECS task role, an instance profile, or ' +
        'AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE; or unset CURFEW_AWS_EXTERNAL_ID to run without AWS.',
    );
  }
}
