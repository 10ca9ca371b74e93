import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ambientIdentity, refuseStaticKeys, StaticKeyRefused, withoutStaticKeys } from './identity.ts';

const session = { accessKeyId: 'ASIAABCDEFGHIJKLMNOP', secretAccessKey: 's', sessionToken: 't' };

describe('the broker', () => {
  test.each([
    ['an AKIA key', { accessKeyId: 'AKIAABCDEFGHIJKLMNOP', secretAccessKey: 's' }],
    ['an AKIA key with a token', { ...session, accessKeyId: 'AKIAABCDEFGHIJKLMNOP' }],
    ['any key without a session token', { accessKeyId: 'ASIAABCDEFGHIJKLMNOP', secretAccessKey: 's' }],
    ['an empty token', { ...session, sessionToken: '' }],
  ])('refuses %s', (_name, identity) => {
    expect(() => refuseStaticKeys(identity)).toThrow(StaticKeyRefused);
  });

  test('says in one sentence what to do, and never the key', () => {
    const { message } = new StaticKeyRefused();
    expect(message).toMatch(/^Curfew refuses to run with a static AWS access key: .*\.$/);
    expect(message).not.toMatch(/AKIA|ASIA/);
  });

  test('accepts a session', async () => {
    await expect(withoutStaticKeys(async () => session)()).resolves.toBe(session);
  });

  test('checks every set of credentials, not only the first', async () => {
    const answers = [session, { accessKeyId: 'AKIAABCDEFGHIJKLMNOP', secretAccessKey: 's' }];
    const source = withoutStaticKeys(async () => answers.shift() ?? session);
    await source();
    await expect(source()).rejects.toMatchObject({ kind: 'forbidden-to-us', message: new StaticKeyRefused().message });
  });

  test('without any identity has sent nothing, and says nothing of what it read', async () => {
    const source = withoutStaticKeys(async () => {
      throw new Error('bad json: {"Token":"SECRET"}');
    });
    const error = await source().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'unreachable' });
    expect(String(error)).not.toContain('SECRET');
  });
});

describe('the ambient identity', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** Nothing of this machine's own AWS settings. */
  function bare(): void {
    for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  }

  test('comes from the container endpoint, with its authorization token', async () => {
    bare();
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization);
      const body = { AccessKeyId: 'ASIAX', SecretAccessKey: 's', Token: 't', Expiration: '2099-01-01T00:00:00Z' };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${port}/role`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'Bearer mine');
    try {
      const identity = await withoutStaticKeys(ambientIdentity('eu-west-1'))();
      expect(identity).toMatchObject({ accessKeyId: 'ASIAX', sessionToken: 't' });
      expect(asked).toEqual(['Bearer mine']);
    } finally {
      server.close();
    }
  });

  test('is refused when it is a static key of the environment', async () => {
    bare();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAABCDEFGHIJKLMNOP');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's');
    await expect(withoutStaticKeys(ambientIdentity('eu-west-1'))()).rejects.toMatchObject({ kind: 'forbidden-to-us' });
  });
});
