import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';

/**
 * An authenticator and the browser in front of it, in memory: real keys, real signatures, and the encodings of WebAuthn level 3. It lies
 * exactly where a test tells it to.
 */
export interface SoftwareAuthenticator {
  readonly credentialId: string;
  readonly publicKey: KeyObject;
  /** DER of the SubjectPublicKeyInfo in base64. */
  readonly spki: string;
  /** Its public key as CBOR (COSE). */
  readonly cose: Uint8Array<ArrayBuffer>;
  counter: number;
  register(options: PublicKeyCredentialCreationOptionsJSON, lies?: Lies): RegistrationResponseJSON;
  assert(options: Pick<PublicKeyCredentialRequestOptionsJSON, 'challenge'>, lies?: Lies): AuthenticationResponseJSON;
}

/** What an answer says that is not so. */
export interface Lies {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly flags?: number;
  readonly counter?: number;
  readonly client?: Readonly<Record<string, unknown>>;
  /** Signs with this instead of its own key. */
  readonly key?: KeyObject;
}

/** Proves what kind of device it is: makes the statement of the format `packed` from what is to be signed. */
export type Attest = (signed: Buffer) => { readonly signature: Buffer; readonly x5c: readonly Buffer[] };

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256';

interface Options {
  /** Of the page that it is used on. */
  readonly origin: string;
  readonly algorithm?: Algorithm;
  /** Counts its signatures; most that are synced do not. */
  readonly counts?: boolean;
  readonly synced?: boolean;
  readonly aaguid?: string;
  readonly attest?: Attest;
  /** Hands out the private key, which no real one does. */
  readonly onKey?: (key: KeyObject) => void;
}

const PRESENT_AND_VERIFIED = 0x05;
const SYNCED = 0x18;

export function softwareAuthenticator(options: Options): SoftwareAuthenticator {
  const {
    origin,
    algorithm = 'ES256',
    counts = true,
    synced = false,
    aaguid = '00000000-0000-0000-0000-000000000000',
  } = options;
  const { publicKey, privateKey } = pairOf(algorithm);
  options.onKey?.(privateKey);
  const id = randomBytes(32);
  const cose = new Uint8Array(coseOf(publicKey, algorithm));
  const flagsNow = PRESENT_AND_VERIFIED | (synced ? SYNCED : 0);

  const clientData = (type: string, challenge: string, lies: Lies) =>
    Buffer.from(
      JSON.stringify({
        type: lies.type ?? type,
        challenge,
        origin: lies.origin ?? origin,
        crossOrigin: false,
        ...lies.client,
      }),
    );
  const head = (flags: number, lies: Lies) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(lies.counter ?? self.counter);
    const rpId = lies.rpId ?? new URL(origin).hostname;
    return Buffer.concat([sha256(Buffer.from(rpId)), Buffer.from([lies.flags ?? flags]), counter]);
  };

  const self: SoftwareAuthenticator = {
    credentialId: id.toString('base64url'),
    publicKey,
    spki: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    cose,
    counter: 0,
    register({ challenge }, lies = {}) {
      if (counts) self.counter += 1;
      const client = clientData('webauthn.create', challenge, lies);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const model = Buffer.from(aaguid.replaceAll('-', ''), 'hex');
      const authData = Buffer.concat([head(flagsNow | 0x40, lies), model, length, id, cose]);
      const statement = options.attest?.(Buffer.concat([authData, sha256(client)]));
      const attestationObject = cborMap([
        ['fmt', cborText(statement === undefined ? 'none' : 'packed')],
        [
          'attStmt',
          statement === undefined
            ? cborMap([])
            : cborMap([
                ['alg', cborInteger(-7)],
                ['sig', cborBytes(statement.signature)],
                ...(statement.x5c.length === 0 ? [] : [['x5c', cborList(statement.x5c.map(cborBytes))] as const]),
              ]),
        ],
        ['authData', cborBytes(authData)],
      ]);
      return {
        id: self.credentialId,
        rawId: self.credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          attestationObject: attestationObject.toString('base64url'),
          transports: ['internal'],
        },
      };
    },
    assert({ challenge }, lies = {}) {
      if (counts) self.counter += 1;
      const client = clientData('webauthn.get', challenge, lies);
      const authenticatorData = head(flagsNow, lies);
      const signed = Buffer.concat([authenticatorData, sha256(client)]);
      const signature = sign(algorithm === 'EdDSA' ? null : 'sha256', signed, lies.key ?? privateKey);
      return {
        id: self.credentialId,
        rawId: self.credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: authenticatorData.toString('base64url'),
          signature: signature.toString('base64url'),
        },
      };
    },
  };
  return self;
}

function pairOf(algorithm: Algorithm): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
  }
}

/** RFC 9053 and RFC 8812: the public key as a map of small integers. */
function coseOf(key: KeyObject, algorithm: Algorithm): Buffer {
  const jwk = key.export({ format: 'jwk' });
  const bytes = (text: string | undefined) => cborBytes(Buffer.from(text ?? '', 'base64url'));
  switch (algorithm) {
    case 'ES256':
      return cborMap([
        [1, cborInteger(2)],
        [3, cborInteger(-7)],
        [-1, cborInteger(1)],
        [-2, bytes(jwk.x)],
        [-3, bytes(jwk.y)],
      ]);
    case 'EdDSA':
      return cborMap([
        [1, cborInteger(1)],
        [3, cborInteger(-8)],
        [-1, cborInteger(6)],
        [-2, bytes(jwk.x)],
      ]);
    case 'RS256':
      return cborMap([
        [1, cborInteger(3)],
        [3, cborInteger(-257)],
        [-1, bytes(jwk.n)],
        [-2, bytes(jwk.e)],
      ]);
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** RFC 8949, as much of it as is needed here. */
function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}

const cborInteger = (value: number) => (value < 0 ? cborHead(1, -1 - value) : cborHead(0, value));
const cborBytes = (value: Uint8Array) => Buffer.concat([cborHead(2, value.length), value]);
const cborText = (value: string) => Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
const cborList = (items: readonly Uint8Array[]) => Buffer.concat([cborHead(4, items.length), ...items]);
const cborMap = (pairs: readonly (readonly [string | number, Uint8Array])[]) =>
  Buffer.concat([
    cborHead(5, pairs.length),
    ...pairs.flatMap(([key, value]) => [typeof key === 'string' ? cborText(key) : cborInteger(key), value]),
  ]);
