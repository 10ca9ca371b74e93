import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  askForTokens,
  beginDevice,
  claimsOf,
  createUserAgent,
  deviceForm,
  isCallback,
  newAttempt,
  pollDevice,
  type UserAgent,
} from './api-user-agent.ts';
import { startApiWorld, type ApiWorld } from './api-world.ts';

/**
 * A host beside ours (`old.acme.example`) can set cookies for both of us. Whoever has one begins a sign-in of a command line, confirms its
 * code, and puts what their browser was given into somebody else's: the company knows that browser and signs it in without a word.
 */
const ORIGIN = 'https://curfew.acme.example';
const HOST = 'curfew.acme.example';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld({ origin: ORIGIN });
});
afterAll(() => world.close());

const browser = (): UserAgent => createUserAgent({}, { from: ORIGIN, to: world.listensAt });
const poll = (code: string) => pollDevice(world.listensAt, code);

/** A device whose code was typed: what the page that asks for a yes would send, and the browser that it stands in. */
async function typed() {
  const device = await beginDevice(ORIGIN, world.listensAt);
  const agent = browser();
  const input = await agent.get(device.verification_uri);
  const confirm = await agent.post(device.verification_uri, { ...deviceForm(input), user_code: device.user_code });
  return { device, agent, yes: { ...deviceForm(confirm), confirm: 'yes' } };
}

/** One whose code was confirmed, too: where its sign-in waits, and the browser that has begun it. */
async function confirmed() {
  const { device, agent, yes } = await typed();
  const started = await agent.post(device.verification_uri, yes);
  return { device, agent, interaction: started.location?.href ?? '' };
}

/** The signature that this server would give a cookie, as oidc-provider makes it (Keygrip). */
function signed(name: string, value: string): string {
  const key = world.keys.cookies[0] ?? '';
  return createHmac('sha1', key).update(`${name}=${value}`).digest('base64url');
}

/** What a browser was given, as name, value and path. */
function cookiesOf(agent: UserAgent) {
  return agent.cookies().flatMap((line) => {
    const [, name, value, path] = /^([^=]+)=([^;]+);.*?path=([^;]+)/i.exec(line) ?? [];
    return name === undefined || value === undefined || path === undefined ? [] : [{ name, value, path }];
  });
}

/** Puts all cookies of a browser into another one, from a host beside ours: as they are, and without the prefix but well signed. */
function plantAll(from: UserAgent, into: UserAgent): void {
  for (const cookie of cookiesOf(from)) {
    into.plant(HOST, cookie);
    const name = cookie.name.replace('__Host-', '');
    if (name.endsWith('.sig')) continue;
    for (const path of [cookie.path, '/', '/oauth', '/sign-in']) {
      into.plant(HOST, { name, value: cookie.value, path });
      into.plant(HOST, { name: `${name}.sig`, value: signed(name, cookie.value), path });
    }
  }
}

describe('cookies that a host beside ours planted', () => {
  test('are no interaction: nobody signs in for the device of somebody else', async () => {
    const { device, agent, interaction } = await confirmed();
    const victim = browser();
    plantAll(agent, victim);
    const visit = await victim.follow(interaction, isCallback);
    expect({ status: visit.status, to: visit.location }).toEqual({ status: 400, to: null });
    expect(visit.body).toContain('was started in another browser');
    expect(await poll(device.device_code)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } });
  });

  test('are no way back: nobody goes on with the sign-in of somebody else', async () => {
    const { device, agent, interaction } = await confirmed();
    const victim = browser();
    plantAll(agent, victim);
    const visit = await victim.follow(interaction.replace('/sign-in/', '/oauth/device/'), isCallback);
    expect(visit.url.host).toBe(HOST);
    expect(visit.status).toBeGreaterThanOrEqual(400);
    expect(victim.cookies().join('\n')).not.toContain('interaction');
    expect(await poll(device.device_code)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } });
  });

  test('are no session: a page beside ours confirms no code in the browser of somebody else', async () => {
    const { device, agent, yes } = await typed();
    const victim = browser();
    plantAll(agent, victim);
    const sent = await victim.post(device.verification_uri, yes);
    expect(sent.location).toBeNull();
    expect(victim.cookies().join('\n')).not.toContain('interaction');
  });

  test('do not come between the two halves of a sign-in of one’s own', async () => {
    const { device, agent } = await confirmed();
    const victim = browser();
    plantAll(agent, victim);
    const attempt = newAttempt(ORIGIN, { login_hint: 'ana' });
    const last = await victim.follow(attempt.url, isCallback);
    const tokens = await askForTokens(world.listensAt, {
      grant_type: 'authorization_code',
      code: last.location?.searchParams.get('code') ?? '',
      code_verifier: attempt.verifier,
      redirect_uri: attempt.redirectUri,
    });
    expect(claimsOf(String(tokens.body['access_token']))['preferred_username']).toBe('ana');
    expect(await poll(device.device_code)).toMatchObject({ body: { error: 'authorization_pending' } });
  });
});

test('on https what a sign-in keeps in a browser is for this host alone', async () => {
  const { agent } = await confirmed();
  const lines = agent.cookies();
  for (const kind of ['session', 'interaction', 'resume']) expect(lines.join('\n')).toContain(`__Host-curfew_${kind}=`);
  for (const line of lines) {
    expect(line).toMatch(/^__Host-curfew_\w+(\.sig)?=[^;]+; path=\/;/);
    expect(line).toMatch(/; secure/i);
    expect(line).not.toMatch(/; domain/i);
  }
});

test('a device is signed in by the browser that confirmed its code, also on https', async () => {
  const { device, agent, interaction } = await confirmed();
  const people = await agent.follow(interaction, isCallback);
  const chosen = await agent.post(people.url.href, { person: 'bo' });
  expect((await agent.follow(chosen.location?.href ?? '', isCallback)).body).toContain(
    'Your terminal goes on by itself',
  );
  const tokens = await poll(device.device_code);
  expect(claimsOf(String(tokens.body['access_token']))['preferred_username']).toBe('bo');
});

test.each([ORIGIN, null])(
  'of two sign-ins in one browser the later counts, and the earlier says so (%s)',
  async (at) => {
    const own = at === null ? await startApiWorld() : world;
    try {
      const agent = createUserAgent({}, { from: own.base.origin, to: own.listensAt });
      const toCallback = async (person: string): Promise<string> => {
        const attempt = newAttempt(own.base.origin, { login_hint: person });
        const last = await agent.follow(attempt.url, (url) => url.pathname === '/sign-in/callback');
        return last.location?.href ?? '';
      };
      const earlier = await toCallback('ana');
      const later = await toCallback('bo');
      expect((await agent.get(earlier)).body).toContain('Another sign-in was started in this browser.');
      expect((await agent.follow(later, isCallback)).location?.searchParams.get('code')).toBeTruthy();
    } finally {
      if (own !== world) await own.close();
    }
  },
);
