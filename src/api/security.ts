import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { BaseUrl } from '../identity/base-url.ts';
import { isLoopback } from '../identity/base-url.ts';
import type { ApiParts, ApiServer } from './parts.ts';
import { ApiProblem } from './problems.ts';

/**
 * Pages of the sign-in load our stylesheet and nothing else. `form-action` is left out on purpose: browsers apply it to
 * the redirects after a form too, and these lead to the company's provider and to the command line.
 */
export const SIGN_IN_CSP =
  "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Headers for every answer: no inline script or style, no framing, no referrer, https for ever once it was https. */
export async function secureHeaders(app: ApiServer, base: BaseUrl): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: base.secure ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  // A page of somebody else can give its own name our loopback address and would then be "same origin" with us.
  if (isLoopback(new URL(base.origin))) {
    app.addHook('onRequest', async (request) => {
      const host = URL.parse(`http://${request.headers.host ?? ''}`);
      if (host === null || !isLoopback(host)) {
        throw new ApiProblem({
          code: 'misdirected',
          detail: 'This server answers under its own name only.',
          hint: base.origin,
        });
      }
    });
  }
}

const LIMITS = { perAddressPerMinute: 3_000, signInsPerAddressPerMinute: 600, perPersonPerMinute: 600 } as const;
/** Where a sign-in begins or goes on. Tokens are refreshed elsewhere, and the company's provider calls elsewhere. */
const SIGN_IN = /^\/(sign-in\/(?!back-channel-logout)|oauth\/(authorize|device))/;

/** What ends access or decides about it, with what a yes to it has to sign. */
const ENDS_OR_DECIDES =
  /^\/v1\/(grants\/:id\/(return|revoke)|revocations(\/:id\/(confirm|lift))?|requests\/:id\/(challenge|approve|deny|withdraw))$/;

/** Counted by itself: however much a page or a script of somebody reads, they can still stop what must not go on. */
function countedAs({ method, routeOptions }: FastifyRequest): 'end ' | '' {
  return method === 'POST' && ENDS_OR_DECIDES.test(routeOptions.url ?? '') ? 'end ' : '';
}

/** Bounds what one address may ask (also with a token that is none) and what one person may. */
export async function limitRates(app: ApiServer, { limits }: Pick<ApiParts, 'limits'>): Promise<void> {
  const { perAddressPerMinute, signInsPerAddressPerMinute, perPersonPerMinute } = { ...LIMITS, ...limits };
  await app.register(rateLimit, { global: false });
  const perAddress = app.createRateLimit({
    max: perAddressPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => `${countedAs(request)}${request.ip}`,
  });
  const signIns = app.createRateLimit({
    max: signInsPerAddressPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => `sign-in ${request.ip}`,
  });
  const perPerson = app.createRateLimit({
    max: perPersonPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => `${countedAs(request)}${request.session?.actor.person ?? request.ip}`,
  });
  // As hooks of the whole server, because limits of single routes would run after the authentication of a folder.
  app.addHook('onRequest', async (request) => {
    refuseIfExceeded(await perAddress(request));
    if (SIGN_IN.test(request.url)) refuseIfExceeded(await signIns(request));
  });
  app.addHook('preHandler', async (request, reply) => {
    if (request.session === null) return;
    const use = await perPerson(request);
    refuseIfExceeded(use);
    if (use.isAllowed) return;
    void reply
      .header('x-ratelimit-limit', use.max)
      .header('x-ratelimit-remaining', use.remaining)
      .header('x-ratelimit-reset', use.ttlInSeconds);
  });
}

type Use =
  | { readonly isAllowed: true }
  | { readonly isAllowed: false; readonly isExceeded: boolean; readonly ttlInSeconds: number };

function refuseIfExceeded(use: Use): void {
  if (use.isAllowed || !use.isExceeded) return;
  throw new ApiProblem({
    code: 'rate-limited',
    detail: 'That was more than one minute may hold.',
    retryAfterSeconds: Math.max(1, use.ttlInSeconds),
  });
}
