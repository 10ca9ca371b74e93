import { describe, expect, test } from 'vitest';
import { refuseStaticKeys, StaticKeyRefused, withoutStaticKeys } from './identity.ts';

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
