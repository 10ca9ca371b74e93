import { createInterface } from 'node:readline';
import type { Context } from './context.ts';
import { interrupted } from './failure.ts';
import { PassThrough } from 'node:stream';

/**
 * Asks a question on standard error and reads one line from the terminal; an empty answer means the fallback. Only to be
 * called when {@link Context.interactive} is true. Ctrl-C and Ctrl-D end the command.
 */
export async function ask(context: Context, question: string, fallback = ''): Promise<string> {
  const { place, err } = context;
  // readline wants a stream to echo to; the terminal echoes by itself, so that what it would write is dropped.
  const silent = new PassThrough();
  silent.resume();
  place.stderr.write(`${err.bold(question)}${fallback === '' ? ' ' : err.dim(` [${fallback}] `)}`);
  const reader = createInterface({ input: place.stdin, output: silent, terminal: false });
  const stop = new AbortController();
  const forget = place.onSignal('SIGINT', () => stop.abort());
  try {
    const line = await new Promise<string | null>((resolve) => {
      reader.once('line', resolve);
      reader.once('close', () => resolve(null));
      stop.signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    if (line === null) {
      place.stderr.write('\n');
      throw interrupted('Nothing was asked for.');
    }
    return line.trim() === '' ? fallback : line.trim();
  } finally {
    forget();
    reader.close();
    place.stdin.pause();
  }
}

/** Asks for one of several things by its number; `null` when the answer names none. */
export async function choose<Item>(context: Context, question: string, items: readonly Item[], label: (item: Item) => string): Promise<Item | null> {
  items.forEach((item, index) => context.say(`  ${index + 1}  ${label(item)}`));
  const answer = Number(await ask(context, question));
  return items[answer - 1] ?? null;
}
