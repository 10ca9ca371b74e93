import { STSClient } from '@aws-sdk/client-sts';
import { ProviderFault } from '../contract.ts';

/** Credentials as AWS's SDKs resolve them. */
export interface ResolvedIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Resolves the broker's own credentials; called again when they are about to expire. */
export type IdentitySource = () => Promise<ResolvedIdentity>;

/** The broker was given a key that never expires. It does not work with one, so that there is none to steal. */
export class StaticKeyRefused extends Error {
  constructor() {
    super(
      'Curfew refuses to run with a static AWS access key: give it a role instead (EKS Pod Identity, an ECS task role, an ' +
        'instance profile, or AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE) and remove AWS_ACCESS_KEY_ID.',
    );
    this.name = 'StaticKeyRefused';
  }
}

/** Throws {@link StaticKeyRefused} for a long-term key: an `AKIA…` id, or anything without a session token. */
export function refuseStaticKeys(identity: ResolvedIdentity): void {
  if (identity.accessKeyId.startsWith('AKIA') || !identity.sessionToken) throw new StaticKeyRefused();
}

/**
 * The identity that the platform gives to this process: container credentials, web identity or the instance's role, by
 * the SDK's own chain. Every set of credentials is checked, not only the first: a chain may change its mind when a file
 * or an endpoint vanishes.
 */
export function ambientIdentity(region: string): IdentitySource {
  const client = new STSClient({ region });
  return () => client.config.credentials();
}

/**
 * Wraps a source so that a static key is never used, whenever it turns up. Throws faults: without an identity nothing was
 * sent, so the outcome of the call that needed it is certain. The error of the source is dropped; it may quote what it read.
 */
export function withoutStaticKeys(source: IdentitySource): IdentitySource {
  return async () => {
    let identity: ResolvedIdentity;
    try {
      identity = await source();
    } catch {
      throw new ProviderFault('unreachable', 'The platform gave the broker no AWS credentials');
    }
    try {
      refuseStaticKeys(identity);
    } catch (error) {
      if (error instanceof StaticKeyRefused) throw new ProviderFault('forbidden-to-us', error.message);
      throw error;
    }
    return identity;
  };
}
