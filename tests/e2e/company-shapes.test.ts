import { expect, test } from 'vitest';
import { createUserAgent } from './api-user-agent.ts';
import { freePorts } from '../free-ports.ts';
import { SESSION, startBrowserWorld, walk } from './browser-world.ts';
import { SHAPES, startShapedProvider } from './company-shapes.ts';

test.each(SHAPES)('people sign in with $name, and their groups are those of the directory', async (shape) => {
  const port = await freePorts(1);
  const provider = await startShapedProvider(shape, `http://localhost:${port}/sign-in/callback`);
  const world = await startBrowserWorld({ provider, port });
  try {
    const bo = await world.signIn('bo');
    const me = await bo.get('/v1/me');
    const { key, groups } = me.json['person'] as { key: string; groups: string[] };
    expect(key).toBe('bo');
    // Whatever the token claims (admins, a place to ask, nothing): one source of groups, and that is not the token.
    expect(groups.length).toBeGreaterThan(0);
    for (const claimed of ['Everyone', 'platform-admins', '/platform-admins', '/security', 'security'])
      expect(groups).not.toContain(claimed);
    const again = await (await world.signIn('bo')).get('/v1/me');
    expect(again.json['person']).toEqual(me.json['person']);
    // Whoever says when it authenticated somebody can give a fresh sign-in; nobody takes our own time for it.
    const saysWhen = shape.deafTo === undefined;
    expect(me.json['authenticatedAt'] !== null).toBe(saysWhen);
    const anew = createUserAgent();
    const query = new URLSearchParams({ return: '/', hint: 'bo', fresh: '1' });
    const last = await anew.follow(`${world.base}/sign-in/browser?${query}`, (url) => url.href === `${world.base}/`);
    expect(last.status).toBe(saysWhen ? 303 : 403);
    if (!saysWhen) expect(last.body).toContain('does not say when it asked you who you are');
    // Somebody of the same company at the provider who is not in the directory.
    const stranger = createUserAgent();
    expect((await walk(stranger, world.base, 'not-in-the-directory', '/')).status).toBe(403);
    expect(stranger.cookie(new URL(world.base).host, SESSION)).toBeNull();
  } finally {
    await world.close();
    await provider.close();
  }
});
