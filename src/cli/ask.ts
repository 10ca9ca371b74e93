import type { Readable } from 'node:stream';
import type { Context } from './context.ts';
import { interrupted } from './failure.ts';

/**
 * Asks a question on standard error and reads one line from the terminal; an empty answer means the fallback. Only to be
 * called when {@link Context.interactive} is true. Ctrl-C and Ctrl-D end the command.
 */
export async function ask(context: Context, question: string, fallback = ''): Promise<string> {
  const { place, err } = context;
  place.stderr.write(`${err.bold(question)}${fallback === '' ? ' ' : err.dim(` [${fallback}] `)}`);
  const stop = new AbortController();
  const forget = place.onSignal('SIGINT', () => stop.abort());
  try {
    const line = await readLine(place.stdin, stop.signal);
    if (line === null) {
      place.stderr.write('\n');
      throw interrupted('Nothing was asked for.');
    }
    return line.trim() === '' ? fallback : line.trim();
  } finally {
    forget();
  }
}

/**
 * One line, or `null` at the end of the input or when the signal fires. What was typed beyond it is put back for the next
 * question: several lines may be pasted at once.
 */
export function readLine(stdin: Readable, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    let read = Buffer.alloc(0);
    const finish = (line: string | null): void => {
      stdin.off('data', take);
      stdin.off('end', end);
      signal.removeEventListener('abort', end);
      stdin.pause();
      resolve(line);
    };
    const end = (): void => finish(null);
    const take = (chunk: Buffer | string): void => {
      read = Buffer.concat([read, Buffer.from(chunk)]);
      const at = read.indexOf('\n');
      if (at < 0) return;
      const rest = read.subarray(at + 1);
      finish(read.subarray(0, at).toString('utf8'));
      if (rest.length > 0) stdin.unshift(rest);
    };
    stdin.on('data', take);
    stdin.once('end', end);
    signal.addEventListener('abort', end, { once: true });
    stdin.resume();
  });
}

/** Asks for one of several things by its number; `null` when the answer names none. */
export async function choose<Item>(
  context: Context,
  question: string,
  items: readonly Item[],
  label: (item: Item) => string,
): Promise<Item | null> {
  items.forEach((item, index) => context.say(`  ${index + 1}  ${label(item)}`));
  const answer = Number(await ask(context, question));
  return items[answer - 1] ?? null;
}
