import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import type { RequestId } from '../../src/core/ids.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { askForStepUp, passkeyOptions, registerPasskey } from '../../src/operations/passkeys.ts';
import { challengeDecision, type ApprovalInput, type SigningView } from '../../src/operations/sign-decision.ts';
import type { Actor } from '../../src/operations/world.ts';
import {
  softwareAuthenticator,
  type Algorithm,
  type Lies,
  type SoftwareAuthenticator,
} from '../software-authenticator.ts';
import { ACME_ORIGIN, got, type AcmeOperations } from './acme-operations.ts';

/** Somebody with a passkey that is registered. */
export interface Signer {
  readonly actor: Actor;
  readonly device: SoftwareAuthenticator;
}

/** Signs somebody in and registers the passkey of a device, which is a new one unless given. */
export async function withPasskey(acme: AcmeOperations, key: string, algorithm: Algorithm = 'ES256'): Promise<Signer> {
  const actor = await acme.as(key);
  const device = softwareAuthenticator({ origin: ACME_ORIGIN, algorithm });
  await register(acme, actor, device);
  return { actor, device };
}

/** Registers the passkey of a device for somebody who may. */
export async function register(acme: AcmeOperations, actor: Actor, device: SoftwareAuthenticator, shown?: Signer) {
  const options = got(await optionsFor(acme, actor, shown));
  return got(await registerPasskey(acme.world, actor, { name: 'laptop', response: device.register(options) }));
}

/** Asks for what a browser needs to make a passkey; `shown` uses one that the person has. */
export async function optionsFor(acme: AcmeOperations, actor: Actor, shown?: Signer) {
  const who = { name: actor.key, displayName: actor.key };
  const step =
    shown === undefined ? undefined : { response: shown.device.assert(got(await askForStepUp(acme.world, actor))) };
  const outcome = await passkeyOptions(acme.world, actor, who, step);
  return outcome.ok
    ? { ok: true as const, value: outcome.value.options as PublicKeyCredentialCreationOptionsJSON }
    : outcome;
}

/** What somebody is asked to sign. */
export async function challenge(acme: AcmeOperations, { actor }: Signer, id: RequestId, input: ApprovalInput = {}) {
  return got(await challengeDecision(acme.world, actor, id, input));
}

/** Gives an approval with a signature over a document. */
export function send(
  acme: AcmeOperations,
  { actor, device }: Signer,
  id: RequestId,
  { document, options }: Pick<SigningView, 'document' | 'options'>,
  input: ApprovalInput = {},
  lies: Lies = {},
) {
  const assertion = { document, response: device.assert(options, lies) };
  return approveRequest(acme.world, actor, id, { ...input, assertion });
}

/** Approves with a signature, as a browser does: asks what is to be signed, signs it, sends it. */
export async function sign(acme: AcmeOperations, signer: Signer, id: RequestId, input: ApprovalInput = {}) {
  return send(acme, signer, id, await challenge(acme, signer, id, input), input);
}
