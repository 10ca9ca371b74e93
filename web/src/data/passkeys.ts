import {
  startAuthentication,
  startRegistration,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/browser';
import { api, ApiFailure, ask, type AccessRequest } from './api.ts';
import { under } from './action.ts';
import { DeviceFailure } from './device-failure.ts';
import type { Change, Proposal } from './administration.ts';
import type { Recovery } from './recoveries.ts';

/** What an approver says besides yes. */
export interface Yes {
  readonly comment?: string;
  /** Less than was asked. */
  readonly durationMs?: number;
}

/**
 * Says yes; where the tier asks for it, the approver's passkey signs exactly this, over a document that the server makes for this one
 * answer. `key` is of the answer, not of the document: a second try has to be a new one.
 */
export async function approve(
  { id, needsSignature, rulesVersion: seen }: Pick<AccessRequest, 'id' | 'needsSignature' | 'rulesVersion'>,
  yes: Yes,
  key: string,
): Promise<AccessRequest> {
  const path = { id };
  if (!needsSignature)
    return ask(() =>
      api.POST('/v1/requests/{id}/approve', { params: { path, ...under(key) }, body: { ...yes, seen } }),
    );
  const { document, options } = await ask(() =>
    api.POST('/v1/requests/{id}/challenge', { params: { path }, body: { verdict: 'approve', ...yes, seen } }),
  );
  const response = await sign(options);
  return ask(() =>
    api.POST('/v1/requests/{id}/approve', {
      params: { path, ...under(key) },
      body: { ...yes, seen, assertion: { document, response } },
    }),
  );
}

/** Confirms with one's own passkey that a colleague lost all of theirs. */
export async function confirmRecovery(id: string, key: string): Promise<Recovery> {
  const path = { id };
  const { document, options } = await ask(() =>
    api.POST('/v1/passkey-recoveries/{id}/challenge', { params: { path }, body: {} }),
  );
  const response = await sign(options);
  return ask(() =>
    api.POST('/v1/passkey-recoveries/{id}/confirm', {
      params: { path, ...under(key) },
      body: { document, response },
    }),
  );
}

/** Proposes a change of Curfew itself: whoever has a passkey (`hasOne`) signs it. */
export function proposeChange(change: Change, hasOne: boolean, key: string): Promise<Proposal> {
  return signedIf(
    hasOne,
    () => ask(() => api.POST('/v1/administration/proposals/challenge', { body: change })),
    (signed, of) =>
      ask(() => api.POST('/v1/administration/proposals', { params: under(of), body: { ...change, ...signed } })),
    key,
  );
}

/** Confirms a change of Curfew itself as it was shown (`seen`): whoever has a passkey (`hasOne`) signs it. */
export function confirmProposal(id: string, seen: string, hasOne: boolean, key: string): Promise<Proposal> {
  const path = { id };
  return signedIf(
    hasOne,
    () => ask(() => api.POST('/v1/administration/proposals/{id}/challenge', { params: { path }, body: { seen } })),
    (signed, of) =>
      ask(() =>
        api.POST('/v1/administration/proposals/{id}/confirm', {
          params: { path, ...under(of) },
          body: { seen, ...signed },
        }),
      ),
    key,
  );
}

/** Does something that whoever has a passkey signs, over a document for this one answer: a second try is another deed, under another key. */
async function signedIf<Value>(
  hasOne: boolean,
  question: () => Promise<{ readonly document: string; readonly options: unknown }>,
  act: (signed: Partial<Signed>, key: string) => Promise<Value>,
  key: string,
): Promise<Value> {
  if (!hasOne) return act({}, key);
  const { document, options } = await question();
  const response = await sign(options);
  return act({ assertion: { document, response } }, crypto.randomUUID());
}

interface Signed {
  readonly assertion: { readonly document: string; readonly response: Awaited<ReturnType<typeof sign>> };
}

/**
 * Makes a passkey on this machine. The server wants to know that it is really its person: by a sign-in of a moment ago, or by a passkey
 * that is registered already.
 */
export async function makePasskey(hasOne: boolean): Promise<RegistrationResponseJSON> {
  const { options } = await creationOptions(hasOne);
  try {
    return await startRegistration({ optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON });
  } catch (error) {
    throw new DeviceFailure(wordsOf(error, 'No passkey was made'));
  }
}

function creationOptions(hasOne: boolean) {
  return withPasskey(hasOne, (shown) => ask(() => api.POST('/v1/me/passkeys/options', { body: shown })));
}

/** Begins to link an account at a provider; whoever has a passkey uses it first. The answer says where to go. */
export function beginLink(provider: string, returnTo: string): Promise<{ readonly url: string }> {
  return withPasskey(true, (shown) =>
    ask(() => api.POST('/v1/me/accounts', { body: { provider, return: returnTo, ...shown } })),
  );
}

interface Shown {
  readonly assertion?: { readonly response: Awaited<ReturnType<typeof sign>> };
}

/** Asks for something, and again with a passkey where the server wants to see one. */
async function withPasskey<Value>(hasOne: boolean, act: (shown: Shown) => Promise<Value>): Promise<Value> {
  try {
    return await act({});
  } catch (error) {
    if (!hasOne || !(error instanceof ApiFailure) || error.code !== 'step-up-required') throw error;
    const { options } = await ask(() => api.POST('/v1/me/passkeys/step-up', { body: {} }));
    const response = await sign(options);
    return act({ assertion: { response } });
  }
}

async function sign(options: unknown) {
  try {
    return await startAuthentication({ optionsJSON: options as PublicKeyCredentialRequestOptionsJSON });
  } catch (error) {
    throw new DeviceFailure(wordsOf(error, 'Nothing was signed'));
  }
}

/** What the browser says of itself is for programmers; people hear what they can do about it. */
export function wordsOf(error: unknown, what: string): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError') return `${what}: it was cancelled, or took too long. Nothing was changed.`;
  if (name === 'InvalidStateError') return `${what}: this device has one of yours already. Nothing was changed.`;
  if (name === 'SecurityError')
    return `${what}: passkeys work at the address of this server alone, over https. Nothing was changed.`;
  return `${what}: this browser or device could not do it. Nothing was changed.`;
}
