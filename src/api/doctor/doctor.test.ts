import { expect, test } from 'vitest';
import { apiUnderTest } from '../api-under-test.ts';

test('200: what was found on the targets of the caller, never cached; 401 without a token', async () => {
  const found = [
    { target: 'aws', ok: true, message: 'The broker acts as arn:aws:sts::999988887777:assumed-role/curfew-broker/x.' },
    {
      target: 'aws/prod',
      ok: false,
      message: 'curfew/curfew-provisioner cannot be assumed',
      fix: 'aws iam create-role',
    },
  ];
  const api = await apiUnderTest({ examineClouds: ({ key }) => Promise.resolve(key === 'bo' ? found : []) });
  const owner = await api.as('bo', { method: 'GET', url: '/v1/doctor' });
  expect(owner.statusCode).toBe(200);
  expect(owner.json()).toEqual({ items: found });
  expect(owner.headers['cache-control']).toBe('no-store');
  expect((await api.as('ana', { method: 'GET', url: '/v1/doctor' })).json()).toEqual({ items: [] });
  expect((await api.as(null, { method: 'GET', url: '/v1/doctor' })).statusCode).toBe(401);
  await api.close();
});

test('who asks again at once does not make the clouds be asked again; who was let down may', async () => {
  let asked = 0;
  const api = await apiUnderTest({
    examineClouds: () => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('the cloud broke')) : Promise.resolve([]);
    },
  });
  const codes = [];
  for (let n = 0; n < 4; n += 1) codes.push((await api.as('bo', { method: 'GET', url: '/v1/doctor' })).statusCode);
  expect(codes).toEqual([500, 200, 200, 200]);
  expect(asked).toBe(2);
  await api.close();
});
