import { z } from 'zod';

/** The shapes of WebAuthn (level 3, section 5.1.8) as browsers send them. What else they send is dropped: nothing reads it. */

const base64url = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[A-Za-z0-9_-]+$/);

export const assertionResponse = z
  .object({
    id: base64url(1_400),
    response: z.object({
      authenticatorData: base64url(4_000),
      clientDataJSON: base64url(4_000),
      signature: base64url(1_400),
    }),
  })
  .meta({ description: 'AuthenticationResponseJSON of WebAuthn.' });

export const registrationResponse = z
  .object({
    id: base64url(1_400),
    rawId: base64url(1_400),
    type: z.literal('public-key'),
    clientExtensionResults: z.object({}),
    response: z.object({
      clientDataJSON: base64url(4_000),
      attestationObject: base64url(32_000),
      transports: z.array(z.string().max(20)).max(8).optional(),
    }),
  })
  .meta({ description: 'RegistrationResponseJSON of WebAuthn.' });

export const requestOptions = z
  .object({
    challenge: z.string(),
    rpId: z.string(),
    timeout: z.number(),
    userVerification: z.literal('required'),
    allowCredentials: z
      .array(z.object({ id: z.string(), type: z.literal('public-key'), transports: z.array(z.string()).readonly() }))
      .readonly(),
  })
  .meta({ id: 'RequestOptions', description: 'PublicKeyCredentialRequestOptionsJSON of WebAuthn.' });

export const creationOptions = z
  .looseObject({ challenge: z.string() })
  .meta({ id: 'CreationOptions', description: 'PublicKeyCredentialCreationOptionsJSON of WebAuthn.' });

/** What was signed comes back as the very text that was given out. */
export const signedDocument = z
  .string()
  .max(20_000)
  .meta({ description: 'What was signed, exactly as it was given out.' });

export const signingView = z
  .object({
    document: z.string().meta({ description: 'Canonical JSON of what is signed; its SHA-256 is the challenge.' }),
    options: requestOptions,
    expiresAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Signing' });
