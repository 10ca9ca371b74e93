import { createServer, type Server } from 'node:net';

/**
 * Ports away from those that the system hands out by itself: such a one is taken by the next connection of any test beside this one
 * before the program that it was found for listens.
 */
const FIRST = 20_000;
const SLICE = 100;
const SLICES = 120;

/** The ports of this process. No other one that asks here is handed any of them while this one lives. */
interface Slice {
  /** Listens on the first port of the slice, so that the system itself refuses the slice to everybody else; gone with this process. */
  readonly guard: Server;
  readonly first: number;
  /** How many were handed out. */
  used: number;
}

let own: Promise<Slice> | null = null;

/**
 * Finds so many free ports of this machine in a row and returns the first. A program that is started on them takes seconds until it listens:
 * tests beside this one, of this run or of another, have ports of their own meanwhile.
 *
 * @throws where others listen on too many ports of this process.
 */
export async function freePorts(count: number): Promise<number> {
  const slice = await (own ??= takeSlice());
  for (let tries = 0; tries < SLICE; tries += 1) {
    // None twice in a row: who had it first may still be about to leave it.
    if (slice.used + count > SLICE) slice.used = 1;
    const first = slice.first + slice.used;
    slice.used += count;
    const free = await Promise.all(Array.from({ length: count }, (_, at) => isFree(first + at)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`there are no ${count} free ports in a row from ${slice.first} on`);
}

async function takeSlice(): Promise<Slice> {
  const begin = Math.floor(Math.random() * SLICES);
  for (let tries = 0; tries < SLICES; tries += 1) {
    const first = FIRST + ((begin + tries) % SLICES) * SLICE;
    const guard = await listen(first);
    if (guard !== null) return { guard: guard.unref(), first, used: 1 };
  }
  throw new Error(`others have all ports from ${FIRST} to ${FIRST + SLICES * SLICE - 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = await listen(port);
  if (probe === null) return false;
  await new Promise((resolve) => probe.close(resolve));
  return true;
}

/** `null`: somebody else listens there. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
