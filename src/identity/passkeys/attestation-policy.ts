import { readFileSync } from 'node:fs';
import { ConfigProblem, type PasskeyConfig } from '../../platform/config.ts';

/** Which devices may hold a passkey here. */
export type AttestationPolicy =
  | { readonly kind: 'none' }
  | {
      /** A device says what it is, signed by its maker. */
      readonly kind: 'required';
      /** Models that are taken; empty: all. */
      readonly aaguids: ReadonlySet<string>;
      /** Certificates of makers in PEM; empty: those that come with the platforms, and no proof for security keys. */
      readonly roots: readonly string[];
    };

/** Makes the policy of the configured one. Throws {@link ConfigProblem} for a file of certificates that holds none, or cannot be read. */
export function attestationPolicy(config: PasskeyConfig | undefined): AttestationPolicy {
  if (config === undefined) return { kind: 'none' };
  const { aaguids, rootsFile } = config;
  return { kind: 'required', aaguids: new Set(aaguids), roots: rootsFile === null ? [] : rootsIn(rootsFile) };
}

function rootsIn(file: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigProblem(`CURFEW_PASSKEY_ROOTS_FILE: ${error instanceof Error ? error.message : String(error)}`);
  }
  const roots = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (roots === null) throw new ConfigProblem(`CURFEW_PASSKEY_ROOTS_FILE: there is no certificate in ${file}.`);
  return roots;
}
