import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApi } from './cli-fake-api.ts';
import { createOauth } from './cli-fake-oauth.ts';
import { json, type FakeState } from './cli-fake-state.ts';

/**
 * A server with the wire format of Curfew's API and none of its code: strict about what it is sent, so that the command line is
 * tested against the contract and not against itself. Rules: `invoice-reader` on aws/prod needs Bo, `log-reader` on aws/prod is
 * automatic, everything else is refused. Its sign-in takes the same steps as the real one, with cookies and PKCE.
 */
export interface FakeServer {
  readonly url: string;
  readonly state: FakeState;
  close(): Promise<void>;
}

export async function startFakeServer(changes: Partial<FakeState> = {}): Promise<FakeServer> {
  const state: FakeState = {
    calls: [],
    bodies: [],
    requests: new Map(),
    grants: new Map(),
    events: new Set(),
    reused: 0,
    refreshes: 0,
    issued: 0,
    accessTokenLife: 600,
    credentialLifeMs: 3_600_000,
    settleMs: 0,
    clockOffsetMs: 0,
    demo: true,
    version: '0.1.0',
    policyProblems: [],
    policyWarnings: [],
    policyDirectory: null,
    cloudFindings: [],
    orders: [],
    wrongIssuer: false,
    wrongState: false,
    console: 'https://signin.aws.amazon.com/federation?Action=login&SigninToken=secret-console-token',
    vkey: '',
    override: null,
    rulesVersion: 'v1',
    delay: null,
    dropAnswers: 0,
    audit: { entries: [], checkpoints: [] },
    ...changes,
  };
  const oauth = createOauth(state, () => url);
  const api = createApi(state, oauth);
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  let url = '';

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = new URL(request.url ?? '/', url);
    const name = `${request.method ?? ''} ${at.pathname}`;
    state.calls.push(`${name}${at.search}`);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    state.bodies.push(body);
    if (state.delay !== null && name.startsWith(state.delay.match))
      await new Promise((done) => setTimeout(done, state.delay?.ms));
    response.setHeader('date', new Date(Date.now() + state.clockOffsetMs).toUTCString());
    if (state.override !== null && name.startsWith(state.override.match)) {
      const { status, body: answer, once } = state.override;
      if (once) state.override = null;
      return void json(response, status, answer);
    }
    if (await oauth.handle(name, at, request, response, body)) return;
    await api(name, at, request, response, body);
  }

  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url,
    state,
    close: () =>
      new Promise((done) => {
        for (const stream of state.events) stream.end();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
