import helmet from '@fastify/helmet';
import type { BaseUrl } from '../identity/base-url.ts';
import { isLoopback } from '../identity/base-url.ts';
import type { ApiServer } from './parts.ts';
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
