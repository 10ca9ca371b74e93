import type { GrantId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import { deadline } from '../platform/clock.ts';
import { newId } from '../platform/random.ts';
import {
  ProviderFault,
  type AwsCertificate,
  type AwsCredential,
  type BindingSpec,
  type CallOptions,
  type IssuedCertificate,
  type IssuedCredential,
  type Provider,
} from '../providers/contract.ts';
import { insertCredential } from '../store/credentials.ts';
import { appNow } from '../store/database.ts';
import { findGrant, type GrantRecord } from '../store/grants.ts';
import { judge, type Operation } from './authorisation.ts';
import { landingOf } from './grant-shape.ts';
import { recheckActive } from './recheck-grant.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToGrant } from './standing.ts';
import type { Actor, World } from './world.ts';

/** A call that a person waits for is given up after this. */
const CALL_TIMEOUT_MS = 8_000;

/** A credential on its way to its holder. Contains secrets: never log, never store. */
export interface CredentialView {
  readonly grant: { readonly id: GrantId; readonly endsAt: string };
  readonly secret: AwsCredential;
  /** By the cloud's clock, which also says which sessions were cut: compare it with `reissueAfter` of the grant. */
  readonly issuedAt: string;
  /** The cloud's own expiry. */
  readonly expiresAt: string;
  /** The earlier of that and the grant's end. */
  readonly usableUntil: string;
}

/** Hands a credential to the holder of an active grant. It leaves only after its fingerprint stands in the ledger. */
export async function issueCredential(
  world: World,
  actor: Actor,
  id: GrantId,
): Promise<Result<CredentialView, OperationRefusal>> {
  const issued = await issue(world, actor, id, 'issueCredential', byProvider);
  if (!issued.ok) return issued;
  const { credential, grant } = issued.value;
  return ok({
    grant: { id, endsAt: toIso(grant.endsAt) },
    secret: credential.secret,
    issuedAt: toIso(credential.facts.issuedAt),
    expiresAt: toIso(credential.facts.expiresAt),
    usableUntil: toIso(credential.usableUntil),
  });
}

/** A certificate for a key of the holder's. */
export interface CertificateView {
  readonly grant: { readonly id: GrantId; readonly endsAt: string };
  readonly certificate: AwsCertificate;
  readonly expiresAt: string;
}

/** Issues a certificate for a public key, or a PKCS #10 request, of the holder of an active grant. Recorded as a credential is. */
export async function issueCertificate(
  world: World,
  actor: Actor,
  id: GrantId,
  input: { readonly publicKey: string },
): Promise<Result<CertificateView, OperationRefusal>> {
  const issued = await issue(world, actor, id, 'issueCertificate', (provider, spec, call) => {
    if (provider.issueCertificate === undefined)
      throw new ProviderFault('invalid', `${provider.name} issues no certificates`);
    return provider.issueCertificate(spec, call, input.publicKey);
  });
  if (!issued.ok) return issued;
  const { credential, grant } = issued.value;
  const { certificate, facts } = credential;
  return ok({ grant: { id, endsAt: toIso(grant.endsAt) }, certificate, expiresAt: toIso(facts.expiresAt) });
}

/** Makes a URL that signs the holder's browser in to the cloud's console. The URL is a secret. */
export async function openConsole(
  world: World,
  actor: Actor,
  id: GrantId,
): Promise<Result<{ url: string }, OperationRefusal>> {
  const issued = await issue(world, actor, id, 'openConsole', byProvider);
  if (!issued.ok) return issued;
  const { credential, grant } = issued.value;
  const provider = world.providers.get(grant.provider);
  if (provider?.consoleUrl === undefined) {
    return refused({ code: 'console-not-available', detail: `${grant.provider} has no console sign-in here.` });
  }
  try {
    const url = await provider.consoleUrl(credential, {
      now: world.clock.now(),
      ...deadline(world.clock, CALL_TIMEOUT_MS),
    });
    return ok({ url });
  } catch (error) {
    return refused(fromFault(error));
  }
}

type Running = GrantRecord & { readonly endsAt: NonNullable<GrantRecord['endsAt']> };

const byProvider = (provider: Provider, spec: BindingSpec, call: CallOptions): Promise<IssuedCredential> =>
  provider.issueCredential(spec, call);

async function issue<Issued extends Pick<IssuedCredential & IssuedCertificate, 'facts' | 'usableUntil'>>(
  world: World,
  actor: Actor,
  id: GrantId,
  operation: Extract<Operation, 'issueCredential' | 'issueCertificate' | 'openConsole'>,
  by: (provider: Provider, spec: BindingSpec, call: CallOptions) => Promise<Issued>,
): Promise<Result<{ credential: Issued; grant: Running }, OperationRefusal>> {
  const grant = await findGrant(world.db, id);
  if (grant === null) return refused(NOT_FOUND);
  const no = judge(operation, actor, await standingToGrant(world, world.db, actor, grant));
  if (no !== null) return refused(no);
  const now = await appNow(world.db);
  const spec = activeSpec(grant, now);
  if (spec === null) return refused(notActive(grant));
  const provider = world.providers.get(grant.provider);
  if (provider === undefined)
    return refused({ code: 'provider-fault', detail: `${grant.provider} is not configured here.` });
  const landing = landingOf(provider, spec);
  if (landing !== null) {
    const hint = 'Call the cloud as you always do, or: curfew assume … -- command';
    return refused({ code: 'nothing-to-hand-out', detail: landing.words, hint });
  }
  const verdict = await recheckActive(world, grant);
  if (!verdict.ok) {
    const { code, text } = verdict.refusal;
    world.log.error({ grant: id, code }, 'nothing is handed out under a grant that is not what was approved');
    return refused({ code: 'request-refused', detail: text, hint: 'Give it back and ask again.' });
  }
  let credential: Issued;
  try {
    credential = await by(provider, spec, { now, ...deadline(world.clock, CALL_TIMEOUT_MS) });
  } catch (error) {
    return refused(fromFault(error));
  }
  // The grant may have ended while the cloud answered: then the credential is dropped here, and the denial of that
  // grant in the cloud covers it as well as every other one.
  return world.db.transaction().execute(async (trx) => {
    const current = await findGrant(trx, id, true);
    const at = await appNow(trx);
    if (current === null || activeSpec(current, at) === null) return refused(notActive(current ?? grant));
    const credentialId = newId(world.random, 'crd');
    await insertCredential(trx, { id: credentialId, grant: id, ...credential.facts });
    await world.append(trx, {
      kind: operation === 'openConsole' ? 'console.opened' : 'credential.issued',
      at,
      actor: { kind: 'person', id: actor.person },
      subjects: { grant: id, request: grant.request, person: grant.person, credential: credentialId },
      facts: {
        fingerprint: credential.facts.fingerprint,
        policyHash: credential.facts.policyHash,
        expiresAt: toIso(credential.facts.expiresAt),
        usableUntil: toIso(credential.usableUntil),
      },
    });
    return ok({ credential, grant: { ...current, endsAt: spec.endsAt } });
  });
}

function activeSpec(grant: GrantRecord, now: number): BindingSpec | null {
  if (grant.state.kind !== 'active' || now >= grant.state.endsAt) return null;
  return {
    slot: grant.slot,
    method: grant.method,
    target: grant.definition.target,
    role: grant.definition.role,
    grant: grant.id,
    principal: grant.principal,
    activatedAt: grant.state.activatedAt,
    endsAt: grant.state.endsAt,
  };
}

function notActive(grant: GrantRecord): OperationRefusal {
  const { role, target } = grant.definition;
  if (grant.state.kind === 'scheduled' || grant.state.kind === 'activating') {
    return {
      code: 'grant-not-active',
      detail: `This grant is ${grant.state.kind}.`,
      hint: 'Wait a moment, or see "curfew ls".',
    };
  }
  return {
    code: 'grant-ended',
    detail: `This grant is ${grant.state.kind === 'active' ? 'over' : grant.state.kind}.`,
    hint: `curfew request ${role.name} --on ${target.key}`,
  };
}

function fromFault(error: unknown): OperationRefusal {
  if (!(error instanceof ProviderFault)) throw error;
  if (error.kind === 'throttled')
    return { code: 'provider-throttled', detail: 'The cloud asks us to slow down.', hint: 'Try again in a moment.' };
  if (error.kind === 'unreachable' || error.kind === 'unknown-outcome') {
    return {
      code: 'provider-unreachable',
      detail: 'The cloud did not answer in time. Nothing was handed out.',
      hint: 'Try again in a moment.',
    };
  }
  return { code: 'provider-fault', detail: error.message, hint: 'Whoever owns the target can run "curfew doctor".' };
}
