import { expect, test } from 'vitest';
import { apiUnderTest, no, yes } from '../api-under-test.ts';

const PROPOSALS = '/v1/administration/proposals';
const ACCOUNT = `lnk_${'k'.repeat(20)}`;
const ANA = { key: 'ana', name: 'Ana Ruiz' };
const MERGE = {
  ...{ id: `prp_${'a'.repeat(20)}`, action: 'merge', person: ANA, other: { key: 'bo', name: 'Bo' }, grants: 'end' },
  ...{ reason: 'They are one', proposedBy: ANA, mayConfirm: false, mayRefuse: true, confirmers: [ANA] },
  ...{ proposedAt: '2026-11-21T05:00:00.000Z', lapsesAt: '2026-11-22T05:00:00.000Z' },
  ...{ losesRequests: [], losesGrants: [], widensOrders: [], changesVersion: 'v1' },
};
const merge = { action: 'merge', person: 'ana', other: 'bo', grants: 'end', reason: 'They are one' };

test('201: what is proposed, with what it would change; the id of an account is read as one', async () => {
  const asked: unknown[] = [];
  const api = await apiUnderTest({
    propose(_actor, input) {
      asked.push(input);
      return yes(MERGE as never);
    },
  });
  const made = await api.as('bo', { method: 'POST', url: PROPOSALS, payload: merge });
  expect([made.statusCode, made.json()]).toEqual([201, MERGE]);
  const release = { action: 'release', account: ACCOUNT, reason: 'It passed on' };
  await api.as('bo', { method: 'POST', url: PROPOSALS, payload: release });
  expect(asked).toEqual([merge, release]);
  const other = { ...release, account: 'prp_1' };
  expect((await api.as('bo', { method: 'POST', url: PROPOSALS, payload: other })).statusCode).toBe(404);
  await api.close();
});

test('a confirmation says what was seen, if anything was; 409 where it would change something else', async () => {
  const said: unknown[] = [];
  const api = await apiUnderTest({
    confirmProposal(_actor, _id, input) {
      said.push(input);
      return input?.seen === 'v0' ? no('proposal-changed') : yes(MERGE as never);
    },
  });
  const confirm = async (payload: object) =>
    (await api.as('bo', { method: 'POST', url: `${PROPOSALS}/${MERGE.id}/confirm`, payload })).statusCode;
  expect([await confirm({}), await confirm({ seen: 'v1' }), await confirm({ seen: 'v0' })]).toEqual([200, 200, 409]);
  expect(await confirm({ seen: 1 })).toBe(422);
  expect(said).toEqual([{}, { seen: 'v1' }, { seen: 'v0' }]);
  await api.close();
});

const SIGNING = {
  document: '{"v":1}',
  options: {
    challenge: 'AAAA',
    rpId: 'localhost',
    timeout: 300_000,
    userVerification: 'required',
    allowCredentials: [],
  },
  expiresAt: '2026-11-21T06:05:00.000Z',
} as const;
const ASSERTION = {
  document: SIGNING.document,
  response: { id: 'AAAA', response: { authenticatorData: 'AAAA', clientDataJSON: 'AAAA', signature: 'AAAA' } },
};

test('what is to be signed, and the signature, go through as they came', async () => {
  const said: unknown[] = [];
  const api = await apiUnderTest({
    challengeProposal(_actor, id, input) {
      said.push([id, input]);
      return yes(SIGNING);
    },
    confirmProposal(_actor, _id, input) {
      said.push(input);
      return input?.assertion === undefined ? no('signature-required') : yes(MERGE as never);
    },
  });
  const post = (path: string, payload: object, as: 'bo' | null = 'bo') =>
    api.as(as, { method: 'POST', url: `${PROPOSALS}/${MERGE.id}/${path}`, payload });
  const asked = await post('challenge', { seen: 'v1' });
  expect([asked.statusCode, asked.json()]).toEqual([200, SIGNING]);
  expect((await post('confirm', { seen: 'v1' })).statusCode).toBe(403);
  expect((await post('confirm', { seen: 'v1', assertion: ASSERTION })).statusCode).toBe(200);
  expect(said).toEqual([[MERGE.id, { seen: 'v1' }], { seen: 'v1' }, { seen: 'v1', assertion: ASSERTION }]);
  expect((await post('challenge', { sees: 1 })).statusCode).toBe(422);
  expect((await post('challenge', {}, null)).statusCode).toBe(401);
  await api.close();
});

test('the same for what is proposed, of every kind; the question takes no answer', async () => {
  const said: unknown[] = [];
  const api = await apiUnderTest({
    challengeProposing(_actor, input) {
      said.push(input);
      return yes(SIGNING);
    },
    propose(_actor, input, assertion) {
      said.push([input, assertion]);
      return assertion === undefined ? no('signature-required') : yes(MERGE as never);
    },
  });
  const post = async (path: string, payload: object, as: 'bo' | null = 'bo') =>
    (await api.as(as, { method: 'POST', url: `${PROPOSALS}${path}`, payload })).statusCode;
  const release = { action: 'release', account: ACCOUNT, reason: 'It passed on' };
  const appoint = { action: 'appoint', person: 'ana', role: 'admin', reason: 'So' };
  for (const change of [merge, release, appoint]) {
    expect(await post('/challenge', change)).toBe(200);
    expect(await post('', change)).toBe(403);
    expect(await post('', { ...change, assertion: ASSERTION })).toBe(201);
    expect(said.splice(0)).toEqual([change, [change, undefined], [change, ASSERTION]]);
  }
  expect(await post('/challenge', { ...merge, assertion: ASSERTION })).toBe(422);
  expect(await post('', { ...merge, assertion: { document: '{}' } })).toBe(422);
  expect(await post('/challenge', { ...release, account: 'prp_1' })).toBe(404);
  expect(await post('/challenge', merge, null)).toBe(401);
  await api.close();
});

test.each([
  ['an action that there is not', { ...merge, action: 'promote' }],
  ['no reason', { ...merge, reason: undefined }],
  ['nobody else', { ...merge, other: undefined }],
  ['a role where two are merged', { ...merge, role: 'admin' }],
  ['what becomes of the access unsaid', { ...merge, grants: 'perhaps' }],
  ['a role that there is not', { action: 'appoint', person: 'ana', role: 'king', reason: 'So' }],
])('422 for %s', async (_, payload) => {
  const api = await apiUnderTest();
  expect((await api.as('bo', { method: 'POST', url: PROPOSALS, payload })).statusCode).toBe(422);
  await api.close();
});

test('403 for who is no admin and where there is no second one', async () => {
  for (const [code, status] of [
    ['not-an-admin', 403],
    ['needs-another-admin', 403],
  ] as const) {
    const api = await apiUnderTest({ propose: () => no(code) });
    expect((await api.as('ana', { method: 'POST', url: PROPOSALS, payload: merge })).statusCode).toBe(status);
    await api.close();
  }
});

test('the ways in which one admin did it alone are gone', async () => {
  const api = await apiUnderTest();
  for (const url of ['/v1/administration/persons/merge', `/v1/administration/accounts/${ACCOUNT}/release`])
    expect((await api.as('ana', { method: 'POST', url, payload: {} })).statusCode).toBe(404);
  await api.close();
});
