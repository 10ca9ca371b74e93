import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, PEOPLE, problem, type FakeState } from './cli-fake-state.ts';

interface Login {
  person: string;
  void: boolean;
}

/** The sign-in of the fake server: the steps of the real one, with cookies, PKCE, rotating refresh tokens and their reuse detection. */
export interface Oauth {
  handle(name: string, at: URL, request: IncomingMessage, response: ServerResponse, body: string): Promise<boolean>;
  personOf(request: IncomingMessage): string | null;
}

export function createOauth(state: FakeState, base: () => string): Oauth {
  const interactions = new Map<string, { query: URLSearchParams; person: string | null }>();
  const codes = new Map<string, { person: string; challenge: string; redirectUri: string }>();
  const refreshTokens = new Map<string, { login: Login; used: boolean }>();
  const accessTokens = new Map<string, { login: Login; endsAt: number }>();
  const devices = new Map<string, { polls: number }>();
  const redirect = (response: ServerResponse, location: string, cookies: string[] = []): true => {
    response.writeHead(303, { location, 'set-cookie': cookies }).end();
    return true;
  };
  const cookie = (request: IncomingMessage, name: string) =>
    request.headers.cookie
      ?.split('; ')
      .find((one) => one.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? null;

  function tokens(response: ServerResponse, login: Login): true {
    const access = `at-${randomBytes(9).toString('hex')}`;
    const refresh = `rt-${randomBytes(9).toString('hex')}`;
    accessTokens.set(access, { login, endsAt: Date.now() + state.accessTokenLife * 1_000 });
    refreshTokens.set(refresh, { login, used: false });
    return json(response, 200, {
      access_token: access,
      refresh_token: refresh,
      expires_in: state.accessTokenLife,
      token_type: 'Bearer',
    });
  }

  function token(response: ServerResponse, form: URLSearchParams): true {
    const refuse = (error: string) => json(response, 400, { error });
    if (form.get('client_id') !== 'curfew-cli') return refuse('invalid_client');
    if (form.get('resource') !== `${base()}/v1`) return refuse('invalid_target');
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const code = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        const challenge = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url');
        if (code === undefined || code.challenge !== challenge || code.redirectUri !== form.get('redirect_uri'))
          return refuse('invalid_grant');
        return tokens(response, { person: code.person, void: false });
      }
      case 'refresh_token': {
        const held = refreshTokens.get(form.get('refresh_token') ?? '');
        if (held?.used) {
          state.reused += 1;
          held.login.void = true;
        }
        if (held === undefined || held.used || held.login.void) return refuse('invalid_grant');
        held.used = true;
        state.refreshes += 1;
        return tokens(response, held.login);
      }
      case 'urn:ietf:params:oauth:grant-type:device_code': {
        const device = devices.get(form.get('device_code') ?? '');
        if (device === undefined) return refuse('invalid_grant');
        device.polls += 1;
        return device.polls < 2 ? refuse('authorization_pending') : tokens(response, { person: 'ana', void: false });
      }
      default:
        return refuse('unsupported_grant_type');
    }
  }

  return {
    personOf(request) {
      const held = accessTokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
      return held === undefined || held.login.void || held.endsAt < Date.now() ? null : held.login.person;
    },
    async handle(name, at, request, response, body) {
      const issuer = `${base()}/oauth`;
      if (name === 'GET /oauth/.well-known/openid-configuration') {
        return json(response, 200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          device_authorization_endpoint: `${issuer}/device/code`,
          revocation_endpoint: `${issuer}/token/revocation`,
          code_challenge_methods_supported: ['S256'],
          authorization_response_iss_parameter_supported: true,
        });
      }
      if (name === 'GET /oauth/authorize') {
        const query = at.searchParams;
        const redirectUri = new URL(query.get('redirect_uri') ?? 'about:blank');
        const good =
          query.get('client_id') === 'curfew-cli' &&
          query.get('response_type') === 'code' &&
          query.get('code_challenge_method') === 'S256' &&
          /^[\w-]{43}$/.test(query.get('code_challenge') ?? '') &&
          query.get('resource') === `${base()}/v1` &&
          redirectUri.hostname === '127.0.0.1' &&
          redirectUri.pathname === '/callback' &&
          (query.get('state') ?? '').length >= 16;
        if (!good) return problem(response, 400, 'bad-request', 'the authorization request is wrong');
        const uid = randomBytes(6).toString('hex');
        interactions.set(uid, { query, person: null });
        return redirect(response, `/sign-in/${uid}`, [
          `interaction=${uid}; Path=/sign-in; HttpOnly`,
          `resume=${uid}; Path=/oauth; HttpOnly`,
        ]);
      }
      if (name === 'GET /sign-in/callback') {
        const found = interactions.get(cookie(request, 'interaction') ?? '');
        if (found === undefined) return problem(response, 400, 'bad-request', 'another browser');
        found.person = at.searchParams.get('person');
        return redirect(response, `/oauth/authorize/${cookie(request, 'interaction') ?? ''}`, [
          'interaction=; Path=/sign-in; Max-Age=0',
        ]);
      }
      if (name.startsWith('GET /sign-in/')) {
        const found = interactions.get(at.pathname.slice('/sign-in/'.length));
        if (found === undefined || cookie(request, 'interaction') === null)
          return problem(response, 400, 'bad-request', 'no interaction');
        return redirect(response, `${base()}/idp/authorize?login_hint=${found.query.get('login_hint') ?? ''}`);
      }
      if (name === 'GET /idp/authorize') {
        const person = at.searchParams.get('login_hint') ?? '';
        if (!(person in PEOPLE)) {
          response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Who are you?</p>');
          return true;
        }
        return redirect(response, `${base()}/sign-in/callback?person=${person}`);
      }
      if (name.startsWith('GET /oauth/authorize/')) {
        const found = interactions.get(cookie(request, 'resume') ?? '');
        if (found === undefined || found.person === null || cookie(request, 'interaction') !== null)
          return problem(response, 400, 'bad-request', 'nothing to resume');
        const code = randomBytes(12).toString('hex');
        const redirectUri = found.query.get('redirect_uri') ?? '';
        codes.set(code, { person: found.person, challenge: found.query.get('code_challenge') ?? '', redirectUri });
        const back = new URL(redirectUri);
        back.searchParams.set('code', code);
        back.searchParams.set('state', state.wrongState ? 'another-state-entirely' : (found.query.get('state') ?? ''));
        back.searchParams.set('iss', state.wrongIssuer ? 'http://localhost:1/oauth' : issuer);
        return redirect(response, back.href);
      }
      if (name === 'POST /oauth/token') return token(response, new URLSearchParams(body));
      if (name === 'POST /oauth/device/code') {
        const code = randomBytes(9).toString('hex');
        devices.set(code, { polls: 0 });
        return json(response, 200, {
          device_code: code,
          user_code: 'BCDF-GHJK',
          verification_uri: `${issuer}/device`,
          expires_in: 60,
          interval: 0.05,
        });
      }
      if (name === 'POST /oauth/token/revocation') {
        const held = refreshTokens.get(new URLSearchParams(body).get('token') ?? '');
        if (held !== undefined) held.login.void = true;
        return json(response, 200, {});
      }
      return false;
    },
  };
}
