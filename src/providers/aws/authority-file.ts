import type { Instant } from '../../core/time.ts';
import { ConfigProblem, type Config } from '../../platform/config.ts';
import { KeyFileProblem, readSecretFile } from '../../platform/key-files.ts';
import { AuthorityProblem } from './certificate-serial.ts';
import type { AwsProviderOptions } from './provider.ts';

/**
 * Our own certificate authority, opened in processes that issue; an API alone only knows that there is one. What makes certificates is
 * loaded only by a broker that has one. Throws {@link ConfigProblem}.
 */
export async function authorityOf(
  file: string | undefined,
  role: Config['role'],
  now: Instant,
): Promise<Pick<AwsProviderOptions, 'authority'>> {
  if (file === undefined) return {};
  if (role === 'api') return { authority: 'elsewhere' };
  try {
    const { openAuthority } = await import('./certificate-authority.ts');
    return { authority: await openAuthority(readSecretFile(file), now) };
  } catch (error) {
    if (error instanceof AuthorityProblem || error instanceof KeyFileProblem)
      throw new ConfigProblem(`CURFEW_AWS_CA_FILE: ${error.message}`);
    throw error;
  }
}
