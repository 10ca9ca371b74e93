import { describe, expect, test } from 'vitest';
import { signInUrl } from './console.ts';
import { endpointsOf } from './endpoints.ts';

const credential = { kind: 'aws' as const, accessKeyId: 'ASIAX', secretAccessKey: 'SECRET', sessionToken: 'TOKEN' };
const endpoints = endpointsOf('eu-west-1', undefined, false);
const http = (getJson: (url: string) => Promise<unknown>) => ({
  getJson,
  timeoutMs: 1_000,
  issuer: 'https://curfew.example/',
});

describe('signInUrl', () => {
  test('sends the session and never a SessionDuration, which would let the console outlive the grant', async () => {
    const asked: string[] = [];
    const url = await signInUrl(
      credential,
      endpoints,
      http(async (one) => {
        asked.push(one);
        return { SigninToken: 'signed' };
      }),
    );
    expect(asked).toHaveLength(1);
    const query = new URL(asked[0] ?? '').searchParams;
    expect([...query.keys()]).toEqual(['Action', 'Session']);
    expect(JSON.parse(query.get('Session') ?? '')).toEqual({
      sessionId: 'ASIAX',
      sessionKey: 'SECRET',
      sessionToken: 'TOKEN',
    });
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      Action: 'login',
      Issuer: 'https://curfew.example/',
      Destination: 'https://console.aws.amazon.com/',
      SigninToken: 'signed',
    });
    expect(url).not.toMatch(/SECRET|TOKEN/);
  });

  test('drops an error that quotes the URL', async () => {
    const failing = http(async (url) => {
      throw new TypeError(`fetch failed for ${url}`);
    });
    const error = await signInUrl(credential, endpoints, failing).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ProviderFault', kind: 'unreachable' });
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).not.toMatch(/SECRET|TOKEN/);
  });

  test.each([null, {}, { SigninToken: 7 }, 'x'])('refuses the answer %j', async (answer) => {
    await expect(
      signInUrl(
        credential,
        endpoints,
        http(async () => answer),
      ),
    ).rejects.toMatchObject({ kind: 'invalid' });
  });
});
