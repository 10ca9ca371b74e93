import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import type { PersonId } from '../core/ids.ts';
import { after, instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { deleteSurplusOidcPayloads, saveOidcPayload, takeOidcPayload } from '../store/oidc-payloads.ts';
import { nameSignIn } from '../store/company-names.ts';
import type { Db } from '../store/schema.ts';
import type { BaseUrl } from './base-url.ts';
import type { BrowserSignIn } from './browser-sign-in.ts';
import { CALLBACK, callbackOf, companyNamed, lastProvider, signsInNobody, type Companies } from './companies.ts';
import type { CompanyChecks, CompanyRefusal } from './company-provider.ts';
import { MOST_UNFINISHED, type EndSignIn } from './oidc-adapter.ts';
import { CLI_SCOPE, DATED, LIFETIMES } from './oidc-configuration.ts';
import type { CompanyIdentity, People, SignInFacts } from './people.ts';
import type { Seal } from './seal.ts';
import { signInId } from './sign-in-id.ts';
import { errorPage } from './sign-in-pages.ts';

/**
 * The pages below `/sign-in`: that of the portal (`browser-sign-in.ts`), and the one interaction there is. Our authorization server sends the browser here; we send it on to the company's provider;
 * that sends it back to `/sign-in/callback`; we map the identity to a person and hand the browser back.
 *
 * The way back is bound three times: `state` finds the stored checks and is used up, the cookie shows that it is the same
 * browser (a callback that was planted in another browser signs nobody in), and nonce, issuer and PKCE bind the answer.
 */
export interface SignIn {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface SignInParts {
  readonly provider: Provider;
  readonly companies: Companies;
  readonly people: People;
  readonly base: BaseUrl;
  readonly db: Db;
  readonly seal: Seal;
  readonly browser: BrowserSignIn;
  readonly endSignIn: EndSignIn;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Stored between the two visits under the hash of `state`. */
interface Pending extends CompanyChecks {
  readonly interaction: string;
  /** The name of the provider that was asked. */
  readonly provider: string;
}

const MODEL = 'CompanySignIn';
const BROWSER = '/sign-in/browser';

export function createSignIn(parts: SignInParts): SignIn {
  return {
    async handle(request, response) {
      try {
        if (request.method !== 'GET' && request.method !== 'HEAD')
          return respond(response, 405, 'This page is only read.');
        // The path and the query are the sender's, the rest of the URL is ours.
        const url = new URL(request.url ?? '/', parts.base.origin);
        if (url.pathname === BROWSER) return await parts.browser.begin(request, response, url);
        if (url.pathname !== CALLBACK && !url.pathname.startsWith(`${CALLBACK}/`))
          return await begin(parts, request, response);
        if (parts.browser.awaits(url)) return await parts.browser.finish(request, response, url);
        await finish(parts, request, response, url);
      } catch (error) {
        if (error instanceof errors.SessionNotFound) {
          return respond(response, 400, 'This sign-in has ended, or was started in another browser.');
        }
        parts.log.error({ error: error instanceof Error ? error.message : String(error) }, 'sign-in failed');
        respond(response, 500, 'Something went wrong here. Try again in a moment.');
      }
    },
  };
}

async function begin(parts: SignInParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { provider, companies, random, base, clock } = parts;
  const interaction = await provider.interactionDetails(request, response);
  // Our answer settles every prompt at once; a second round would only send the browser in a circle.
  if (interaction.lastSubmission?.login !== undefined)
    return respond(response, 400, 'This sign-in asks for more than Curfew hands out.');
  const secret = (): string => random.bytes(32).toString('base64url');
  // A command line opens the browser of its person, who may be known at another provider than the company's own.
  const company = lastProvider(companies, base, request.headers.cookie);
  const pending: Pending = {
    provider: company.name,
    interaction: interaction.uid,
    state: secret(),
    nonce: secret(),
    codeVerifier: secret(),
    // Whoever names a greatest age wants to be asked anew: nobody is signed in here from before.
    fresh: interaction.params['max_age'] !== undefined,
    begunAt: clock.now(),
  };
  const hint = interaction.params['login_hint'];
  const target = await company.authorizationUrl(
    pending,
    `${base.origin}${callbackOf(companies, company)}`,
    typeof hint === 'string' ? hint : null,
  );
  if (!target.ok) return reportRefusal(parts, response, target.refusal);
  await remember(parts, pending);
  redirect(response, target.value.href);
}

async function finish(parts: SignInParts, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const { provider, companies, people, log } = parts;
  const pending = await take(parts, url.searchParams.get('state') ?? '');
  if (pending === null) return respond(response, 400, 'This sign-in has ended or was already used.');
  const interaction = await provider.interactionDetails(request, response);
  if (interaction.uid !== pending.interaction)
    return respond(response, 400, 'Another sign-in was started in this browser.');
  const company = companyNamed(companies, pending.provider);
  if (company === null || url.pathname !== callbackOf(companies, company))
    return respond(response, 400, 'The answer comes from another sign-in provider than the one that was asked.');
  if (company.use === 'link')
    return hand(provider, request, response, { error: 'access_denied', error_description: signsInNobody(company) });
  const identity = await company.redeem(url, pending);
  if (!identity.ok) {
    if (identity.refusal.kind !== 'refused') return reportRefusal(parts, response, identity.refusal);
    log.info({ cause: identity.refusal.log }, 'the company provider refused a sign-in');
    return hand(provider, request, response, { error: 'access_denied', error_description: identity.refusal.detail });
  }
  const person = await people.admit(identity.value);
  if (!person.ok) {
    log.warn(
      { issuer: identity.value.issuer, reason: person.refusal.detail },
      'somebody whom the directory does not admit signed in',
    );
    return hand(provider, request, response, { error: 'access_denied', error_description: person.refusal.detail });
  }
  const result = await admitted(parts, person.value, identity.value, interaction.params['client_id']);
  await hand(provider, request, response, result);
}

/** What somebody is told whose sign-in was ended before it was finished. */
const ENDED_MEANWHILE = {
  'signed-out-at-company': 'You were signed out at your company while you signed in here.',
  'account-unlinked': 'The account by which you signed in was taken off you meanwhile, or signs in nobody any more.',
} as const;

/** What the person may hand to the client: our own command line, so there is nothing to ask. */
async function admitted(
  { provider, base, db, endSignIn }: SignInParts,
  person: PersonId,
  facts: CompanyIdentity & SignInFacts,
  clientId: unknown,
): Promise<InteractionResults> {
  const grant = new provider.Grant({ accountId: person, clientId: String(clientId) });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(base.audience, CLI_SCOPE);
  const grantId = await grant.save();
  // Nothing came out of the authorization yet, so a logout, or the end of the account, before it has these names finds nothing to end.
  const id = signInId(grantId);
  const named = await nameSignIn(db, { id, person, at: facts, begunAt: facts.begunAt });
  if (named !== 'named') {
    await endSignIn(id, named);
    return { error: 'access_denied', error_description: ENDED_MEANWHILE[named] };
  }
  return {
    login: {
      accountId: person,
      remember: false,
      ...(facts.authenticatedAt === null ? {} : { ts: Math.floor(facts.authenticatedAt / 1_000), acr: DATED }),
      ...(facts.mfaAt === null ? {} : { amr: ['mfa'] }),
    },
    consent: { grantId },
  };
}

async function hand(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  result: InteractionResults,
): Promise<void> {
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function remember({ db, seal, clock }: SignInParts, pending: Pending): Promise<void> {
  const idHash = seal.hash(pending.state);
  await deleteSurplusOidcPayloads(db, MODEL, MOST_UNFINISHED);
  await saveOidcPayload(db, {
    model: MODEL,
    idHash,
    sealed: seal.seal(JSON.stringify(pending), `${MODEL}:${idHash}`),
    grantId: null,
    uid: null,
    userCodeHash: null,
    expiresAt: after(clock.now(), LIFETIMES.interaction * 1_000),
    person: null,
    signIn: null,
    savedAt: clock.now(),
  });
}

/** Uses the stored checks up: an answer that is sent twice finds nothing. */
async function take({ db, seal }: SignInParts, state: string): Promise<Pending | null> {
  const idHash = seal.hash(state);
  const sealed = await takeOidcPayload(db, MODEL, idHash);
  const text = sealed === null ? null : seal.open(sealed, `${MODEL}:${idHash}`);
  if (text === null) return null;
  const pending = JSON.parse(text) as Pending;
  return { ...pending, begunAt: instant(pending.begunAt) };
}

function reportRefusal({ log }: SignInParts, response: ServerResponse, refusal: CompanyRefusal): void {
  log.warn({ cause: refusal.log, kind: refusal.kind }, 'sign-in at the company provider failed');
  respond(response, refusal.kind === 'unreachable' ? 503 : 400, refusal.detail);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store', 'content-length': '0' }).end();
}

function respond(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.end();
  const body = errorPage(text);
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body);
}
