import {
  generateRegistrationOptions,
  SettingsService,
  verifyRegistrationResponse,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import { ok, refused, type Result } from '../../core/result.ts';
import type { BaseUrl } from '../base-url.ts';
import type { AttestationPolicy } from './attestation-policy.ts';
import { spkiOf } from './cose-key.ts';

/** COSE: ES256, EdDSA, RS256. What `src/ledger/assertion.ts` verifies, and nothing else. */
const ALGORITHMS = [-7, -8, -257];
/** Formats of statements whose certificates are checked against the configured ones. */
const FORMATS = ['packed', 'fido-u2f', 'tpm', 'android-key', 'apple'] as const;
const TIMEOUT_MS = 5 * 60_000;

/**
 * Registers passkeys (WebAuthn level 3, section 7.1) for one broker. Origin and relying party come from its configured address and never
 * from a request. The person must have been verified by the device. Statements about devices are asked for and judged only where they are
 * required: they say which device somebody has, which is nobody's business otherwise.
 */
export function createPasskeyCeremony(base: Pick<BaseUrl, 'origin'>, attestation: AttestationPolicy) {
  const { hostname } = new URL(base.origin);
  // A URL writes every IPv4 address as four numbers, and an IPv6 address in brackets.
  const rpId = /^(\d+\.){3}\d+$|^\[/.test(hostname) ? null : hostname;
  if (attestation.kind === 'required' && attestation.roots.length > 0)
    for (const identifier of FORMATS)
      SettingsService.setRootCertificates({ identifier, certificates: [...attestation.roots] });
  return {
    origin: base.origin,
    rpId,
    options: (wanted: {
      readonly challenge: string;
      readonly person: string;
      readonly name: string;
      readonly displayName: string;
      readonly exclude: readonly { readonly id: string; readonly transports: readonly string[] }[];
    }): Promise<object> =>
      generateRegistrationOptions({
        rpName: 'Curfew',
        rpID: rpId ?? '',
        userID: new TextEncoder().encode(wanted.person),
        userName: wanted.name,
        userDisplayName: wanted.displayName,
        challenge: new Uint8Array(Buffer.from(wanted.challenge, 'base64url')),
        timeout: TIMEOUT_MS,
        attestationType: attestation.kind === 'none' ? 'none' : 'direct',
        excludeCredentials: wanted.exclude.map(({ id, transports }) => ({ id, transports: [...transports] })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    verify: (response: object, challenge: string) =>
      verify({ origin: base.origin, rpId, attestation }, response as RegistrationResponseJSON, challenge),
  };
}

interface Registered {
  readonly id: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly synced: boolean;
  readonly transports: readonly string[];
  readonly attestation: { readonly format: string; readonly aaguid: string } | null;
}

async function verify(
  site: { readonly origin: string; readonly rpId: string | null; readonly attestation: AttestationPolicy },
  response: RegistrationResponseJSON,
  challenge: string,
): Promise<Result<Registered, string>> {
  const { origin, rpId, attestation } = site;
  const verified = await answerOf({ origin, rpId }, response, challenge);
  if (verified === null) return refused('it does not answer what was asked of this browser');
  const { credential, aaguid, fmt, credentialBackedUp } = verified;
  if (attestation.kind === 'required') {
    const why = unproven(response, fmt, aaguid, attestation);
    if (why !== null) return refused(why);
  }
  const publicKey = spkiOf(credential.publicKey);
  if (publicKey === null) return refused('its key is of a kind that is not taken');
  return ok({
    id: credential.id,
    publicKey,
    counter: credential.counter,
    synced: credentialBackedUp,
    transports: (credential.transports ?? []).filter((one) => /^[a-z-]{1,20}$/.test(one)).slice(0, 8),
    attestation: attestation.kind === 'none' ? null : { format: fmt, aaguid },
  });
}

/** The library throws for everything that does not fit; what exactly would help only somebody who forges. */
async function answerOf(
  { origin, rpId }: { readonly origin: string; readonly rpId: string | null },
  response: RegistrationResponseJSON,
  challenge: string,
) {
  try {
    const { registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId ?? '',
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return registrationInfo ?? null;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Why a device has not proven what it must; `null`: it has. */
function unproven(
  { response }: RegistrationResponseJSON,
  format: string,
  aaguid: string,
  { aaguids, roots }: Extract<AttestationPolicy, { readonly kind: 'required' }>,
): string | null {
  if (format === 'none') return 'this organisation takes only devices that prove what they are, and it did not';
  if (roots.length > 0) {
    const object = decodeAttestationObject(new Uint8Array(Buffer.from(response.attestationObject, 'base64url')));
    // A device that vouches for itself has no certificate; its word is not a maker's.
    const chain: unknown = object.get('attStmt').get('x5c');
    if (!Array.isArray(chain) || chain.length === 0) return 'its maker does not vouch for it';
  }
  if (aaguids.size > 0 && !aaguids.has(aaguid)) return 'this organisation does not take this model';
  return null;
}
