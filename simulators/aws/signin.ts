import { AwsError } from './aws-error.ts';
import { parseQuery, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { sessionArn, type Session, type Sessions } from './sessions.ts';
import type { Seal } from './seal.ts';
import type { SignatureClaim } from './sigv4-verify.ts';
import { escapeXml } from './xml.ts';

/** A sign-in URL is good for this long. */
const URL_MS = 15 * 60_000;

/** The federation endpoint of the console: turns session keys into a sign-in token, and a token into a signed-in page. */
export function answerSignin(call: HttpCall, sessions: Sessions, seal: Seal, now: () => number): HttpAnswer {
  const pairs = new Map([
    ...call.query,
    ...(call.method === 'POST' ? parseQuery(call.body.toString('utf8').replaceAll('+', '%20')) : []),
  ]);
  const bad = (message: string): AwsError => new AwsError('InvalidParameter', 400, message);
  switch (pairs.get('Action')) {
    case 'getSigninToken': {
      const session = readSession(pairs.get('Session') ?? '', sessions);
      // Sessions here are always of an assumed role, and for those AWS refuses a duration of its own.
      if (pairs.has('SessionDuration'))
        throw bad('SessionDuration is not allowed with the credentials of a chained role');
      sessions.requireUnexpired(session, 'signin');
      const token = seal.seal('signin', { session, until: now() + URL_MS });
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ SigninToken: token }),
      };
    }
    case 'login': {
      const opened = seal.open('signin', pairs.get('SigninToken') ?? '') as { session: Session; until: number } | null;
      if (opened === null || opened.until < now()) throw bad('The sign-in token is invalid or has expired');
      sessions.requireUnexpired(opened.session, 'signin');
      return {
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" },
        body: page(opened.session),
      };
    }
    default:
      throw bad('Action must be getSigninToken or login');
  }
}

function readSession(text: string, sessions: Sessions): Session {
  try {
    const { sessionId, sessionKey, sessionToken } = JSON.parse(text) as Record<string, string>;
    const claim = {
      accessKeyId: sessionId ?? '',
      sessionToken: sessionToken ?? null,
      scope: { service: 'signin', date: '', region: '' },
    };
    const session = sessions.open(claim as SignatureClaim);
    if (sessions.secretOf(session.accessKeyId) !== sessionKey) throw new Error('wrong key');
    return session;
  } catch {
    throw new AwsError('InvalidParameter', 400, 'The Session parameter does not hold valid temporary credentials');
  }
}

function page(session: Session): string {
  return `<!doctype html><meta charset="utf-8"><title>Simulated AWS console</title>
<h1>Simulated AWS console</h1><p>Signed in as <code>${escapeXml(sessionArn(session))}</code></p>
<p>Until ${new Date(session.expiresAt).toISOString()}</p>`;
}
