import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { Surroundings } from './surroundings.ts';

type Place = Pick<Surroundings, 'env' | 'platform'>;

function opener(place: Place): readonly string[] | null {
  const chosen = place.env['BROWSER'];
  if (chosen) return chosen.split(' ');
  if (place.platform === 'darwin') return ['open'];
  return place.env['DISPLAY'] || place.env['WAYLAND_DISPLAY'] ? ['xdg-open'] : null;
}

/** Whether there is a browser that could be opened here. */
export function canOpenBrowser(place: Place): boolean {
  return opener(place) !== null;
}

/** Opens an address that is no secret: other users of the machine can see the arguments of a process. */
export function openInBrowser(place: Place, url: string): boolean {
  const [program, ...words] = opener(place) ?? [];
  if (program === undefined) return false;
  const child = spawn(program, [...words, url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
  return true;
}

const PICK_UP_MS = 20_000;

/**
 * Opens an address that *is* a secret: the browser is given a one-time address on this machine, and gets the secret one as a
 * redirect. False when the browser did not come for it.
 */
export async function openSecretly(
  place: Place & Pick<Surroundings, 'clock' | 'random'>,
  url: string,
): Promise<boolean> {
  const path = `/${place.random.bytes(24).toString('base64url')}`;
  const picked = Promise.withResolvers<true>();
  let used = false;
  const server = createServer((request, response) => {
    const first = request.url === path && !used;
    if (!first) return void response.writeHead(404, { connection: 'close' }).end();
    used = true;
    const headers = {
      location: url,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    };
    response.writeHead(302, headers).end(() => picked.resolve(true));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const stop = new AbortController();
  try {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    if (!openInBrowser(place, `http://127.0.0.1:${port}${path}`)) return false;
    return await Promise.race([picked.promise, place.clock.sleep(PICK_UP_MS, stop.signal).then(() => false)]);
  } finally {
    stop.abort();
    server.close();
    server.closeAllConnections();
  }
}
