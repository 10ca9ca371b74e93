import type { IAMClient } from '@aws-sdk/client-iam';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { Sessions } from './sessions.ts';

/** Runs work as the provisioner of an account; when AWS does not accept that session, the next attempt gets a new one. Throws faults. */
export async function asProvisioner<T>(
  sessions: Sessions,
  account: string,
  call: CallOptions,
  work: (iam: IAMClient) => Promise<T>,
): Promise<T> {
  const iam = await sessions.iam(account, call);
  try {
    return await work(iam);
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'forbidden-to-us') sessions.forget(account);
    throw error;
  }
}
