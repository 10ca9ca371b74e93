import { request } from 'node:https';
import { expect, test } from 'vitest';
import { WORLD } from '../../simulators/azure/azure-under-test.ts';
import { startAzureSimulator } from '../../simulators/azure/server.ts';
import { loopbackCertificate } from '../loopback-certificate.ts';

test('the simulated Azure speaks HTTPS with the certificate that it is given', async () => {
  const certificate = await loopbackCertificate();
  const cloud = await startAzureSimulator({ port: 0, world: WORLD, certificate });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request(`${cloud.url}/subscriptions`, { ca: certificate.cert, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect([cloud.url.slice(0, 18), status]).toEqual(['https://localhost:', 400]);
  await cloud.close();
});
