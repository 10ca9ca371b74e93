import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiUnderTest, GRANT_ID, REQUEST_ID, type ApiUnderTest } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

const REVOCATION_ID = 'rev_aaaaaaaaaaaaaaaaaaaa';

const ACCOUNT_ID = `lnk_${'k'.repeat(20)}`;

const PROPOSAL_ID = `prp_${'p'.repeat(20)}`;

const SESSION_ID = `ses_${'s'.repeat(20)}`;

const RECOVERY_ID = 'rcv_aaaaaaaaaaaaaaaaaaaa';
const PASSKEY_ID = 'pky_aaaaaaaaaaaaaaaaaaaa';

const ROUTES = [
  ['GET', '/v1/me'],
  ['POST', '/v1/me/sign-out'],
  ['GET', '/v1/me/favourites'],
  ['PUT', '/v1/me/favourites'],
  ['GET', '/v1/me/stops'],
  ['GET', '/v1/me/sessions'],
  ['DELETE', `/v1/me/sessions/${SESSION_ID}`],
  ['GET', '/v1/me/passkeys'],
  ['POST', '/v1/me/passkeys'],
  ['POST', '/v1/me/passkeys/options'],
  ['POST', '/v1/me/passkeys/step-up'],
  ['POST', '/v1/me/passkeys/recovery'],
  ['DELETE', '/v1/me/passkeys/recovery'],
  ['GET', '/v1/passkey-recoveries'],
  ['POST', `/v1/passkey-recoveries/${RECOVERY_ID}/challenge`],
  ['POST', `/v1/passkey-recoveries/${RECOVERY_ID}/confirm`],
  ['PATCH', `/v1/me/passkeys/${PASSKEY_ID}`],
  ['DELETE', `/v1/me/passkeys/${PASSKEY_ID}`],
  ['GET', '/v1/me/notifications'],
  ['PUT', '/v1/me/notifications'],
  ['GET', '/v1/catalogue'],
  ['POST', '/v1/requests'],
  ['POST', '/v1/requests/preview'],
  ['GET', '/v1/requests'],
  ['GET', `/v1/requests/${REQUEST_ID}`],
  ['GET', `/v1/requests/${REQUEST_ID}/explanation`],
  ['GET', `/v1/requests/${REQUEST_ID}/circumstances`],
  ['POST', `/v1/requests/${REQUEST_ID}/challenge`],
  ['POST', `/v1/requests/${REQUEST_ID}/approve`],
  ['POST', `/v1/requests/${REQUEST_ID}/deny`],
  ['POST', `/v1/requests/${REQUEST_ID}/withdraw`],
  ['POST', `/v1/requests/${REQUEST_ID}/mute`],
  ['DELETE', `/v1/requests/${REQUEST_ID}/mute`],
  ['GET', '/v1/grants'],
  ['GET', `/v1/grants/${GRANT_ID}`],
  ['POST', `/v1/grants/${GRANT_ID}/extend`],
  ['POST', `/v1/grants/${GRANT_ID}/extend/preview`],
  ['POST', `/v1/grants/${GRANT_ID}/return`],
  ['POST', `/v1/grants/${GRANT_ID}/revoke`],
  ['POST', `/v1/grants/${GRANT_ID}/credentials`],
  ['POST', `/v1/grants/${GRANT_ID}/console`],
  ['POST', `/v1/grants/${GRANT_ID}/certificate`],
  ['GET', '/v1/live'],
  ['GET', '/v1/events'],
  ['GET', '/v1/policy'],
  ['GET', '/v1/doctor'],
  ['GET', '/v1/audit/entries'],
  ['GET', '/v1/audit/checkpoints'],
  ['GET', '/v1/audit/checkpoint'],
  ['GET', '/v1/audit/proof/0'],
  ['GET', '/v1/audit/personal/0'],
  ['GET', '/v1/audit/reconciliation'],
  ['GET', '/v1/audit/search'],
  ['GET', '/v1/me/accounts'],
  ['DELETE', `/v1/me/accounts/${ACCOUNT_ID}`],
  ['GET', '/v1/administration'],
  ['POST', '/v1/administration/claim'],
  ['POST', '/v1/administration/proposals'],
  ['POST', '/v1/administration/proposals/challenge'],
  ['POST', `/v1/administration/proposals/${PROPOSAL_ID}/challenge`],
  ['POST', `/v1/administration/proposals/${PROPOSAL_ID}/confirm`],
  ['POST', `/v1/administration/proposals/${PROPOSAL_ID}/refuse`],
  ['POST', '/v1/revocations'],
  ['GET', '/v1/revocations/outlook'],
  ['GET', `/v1/revocations/${REVOCATION_ID}`],
  ['POST', `/v1/revocations/${REVOCATION_ID}/confirm`],
  ['POST', `/v1/revocations/${REVOCATION_ID}/lift`],
] as const;

test('the list below names every route of /v1', () => {
  const printed = api.app.swagger() as { paths: Record<string, object> };
  const described = Object.keys(printed.paths).filter((path) => path.startsWith('/v1/'));
  const listed = ROUTES.map(([, path]) =>
    path
      .replace(REQUEST_ID, '{id}')
      .replace(GRANT_ID, '{id}')
      .replace(SESSION_ID, '{id}')
      .replace(PROPOSAL_ID, '{id}')
      .replace(ACCOUNT_ID, '{id}')
      .replace(REVOCATION_ID, '{id}')
      .replace(PASSKEY_ID, '{id}')
      .replace(RECOVERY_ID, '{id}')
      .replace('/0', '/{seq}'),
  );
  expect([...new Set(listed)].sort()).toEqual(described.sort());
});

describe.each(ROUTES)('%s %s answers 401', (method, url) => {
  test.each([
    ['without a token', null, {}],
    ['to a token that is none', 'eve', {}],
    ['to somebody who has left', 'zoe', {}],
    ['to a token in another scheme', null, { authorization: 'Basic YW5hOmFuYQ==' }],
    ['to a token in the address', null, {}, '?access_token=ana'],
  ] as const)('%s', async (_name, person, headers, query: string = '') => {
    const answer = await api.as(person, { method, url: `${url}${query}`, headers });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
    expect(answer.json()).toMatchObject({
      code: 'unauthenticated',
      type: 'http://localhost:7420/docs/problems/unauthenticated',
    });
  });
});

test('the cause is in the log, and the caller hears the same sentence for each', async () => {
  const texts = [];
  for (const person of [null, 'eve', 'zoe'])
    texts.push((await api.as(person, { method: 'GET', url: '/v1/me' })).json<{ detail: string }>().detail);
  expect(new Set(texts).size).toBe(1);
  const causes = api.lines.map((line) => line.fields['cause']);
  expect(causes).toEqual(
    expect.arrayContaining(['no token', 'not a token', 'person is not in the directory or has left']),
  );
});

test('a request is authenticated before its body is read', async () => {
  const answer = await api.as(null, {
    method: 'POST',
    url: '/v1/requests',
    headers: { 'content-type': 'application/json' },
    body: '{not json',
  });
  expect(answer.statusCode).toBe(401);
});
