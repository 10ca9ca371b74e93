import { importJWK, SignJWT } from 'jose';
import { createAccessTokens } from '../../../src/identity/access-tokens.ts';
import { parseBaseUrl } from '../../../src/identity/base-url.ts';
import { makeSigningJwk, publicJwk } from '../../../src/identity/keys.ts';
import type { EpochWatch } from '../../../src/operations/watch-epoch.ts';
import type { Actor } from '../../../src/operations/world.ts';
import type { Clock } from '../../../src/platform/clock.ts';

/** Signs access tokens as the authorization server does, with an end that no history reaches, and tries them as the API does. */
export interface Mint {
  issue(actor: Actor, epoch: string): Promise<string>;
  isTaken(token: string, watch: EpochWatch): Promise<boolean>;
}

const LASTS_S = 86_400;
/** Every token of a history belongs to one sign-in. */
const SIGN_IN = `ses_${'a'.repeat(20)}`;

export async function createMint(clock: Clock): Promise<Mint> {
  const base = parseBaseUrl('https://curfew.acme.example');
  const jwk = makeSigningJwk();
  const key = await importJWK({ ...jwk }, 'ES256');
  return {
    issue({ person, key: name }, epoch) {
      const iat = Math.floor(clock.now() / 1_000);
      const exp = iat + LASTS_S;
      const claims = { client_id: 'curfew-cli', preferred_username: name, sign_in: SIGN_IN, sign_in_exp: exp, epoch };
      return new SignJWT({ iss: base.issuer, aud: base.audience, sub: person, iat, exp, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, typ: 'at+jwt' })
        .sign(key);
    },
    async isTaken(token, watch) {
      const epoch = { known: () => watch.current()?.epoch.id ?? null, look: async () => (await watch.look()).id };
      const tokens = createAccessTokens({ base, verificationKeys: { keys: [publicJwk(jwk)] }, clock, epoch });
      return (await tokens.verify(token)).ok;
    },
  };
}
