import { isLate } from '../calling.ts';
import type { CallOptions } from '../contract.ts';
import { ProviderFault } from '../contract.ts';

/** So many fit into one policy beside what it has to hold otherwise. */
const MOST_TOGETHER = 50;

/** Something to be written, and the call that it belongs to. */
export interface Wish<Item> {
  readonly item: Item;
  readonly call: CallOptions;
}

interface Waiting<Item> extends Wish<Item> {
  readonly resolve: () => void;
  readonly reject: (fault: unknown) => void;
}

/**
 * Puts what is wished while a write of the same thing runs into the next write: a hundred ends of one role are a few writes of its policy
 * instead of a hundred, one after the other. Each waits until its own time is over, and the write goes on as long as anybody waits for it:
 * so this is only for writes that may land after somebody has given them up, such as denials. What fails, fails for all that were in it. A
 * wish whose time is over before its write begins is not written (`unreachable`). `before` is waited for before each write: what is wished
 * meanwhile is written with it. If it throws, nothing is written, for all that were in line.
 */
export function gather<Item>(
  write: (items: readonly Item[], call: CallOptions) => Promise<void>,
  before?: (first: Wish<Item>) => Promise<void>,
): (key: string, wish: Wish<Item>) => Promise<void> {
  const lines = new Map<string, Waiting<Item>[]>();

  const work = async (key: string, line: Waiting<Item>[]): Promise<void> => {
    for (let [first] = line; first !== undefined; [first] = line) {
      try {
        if (before !== undefined) await before(first);
      } catch (fault) {
        for (const one of line.splice(0)) one.reject(fault);
        break;
      }
      const [late, inTime] = split(line.splice(0, MOST_TOGETHER));
      for (const one of late) one.reject(new ProviderFault('unreachable', 'There was no time left to write it.'));
      await writeAll(inTime, write);
    }
    lines.delete(key);
  };

  return (key, wish) =>
    new Promise((resolve, reject) => {
      const line = lines.get(key);
      const waiting = { ...wish, resolve, reject };
      if (line !== undefined) return void line.push(waiting);
      const fresh = [waiting];
      lines.set(key, fresh);
      void work(key, fresh);
    });
}

async function writeAll<Item>(
  batch: readonly Waiting<Item>[],
  write: (items: readonly Item[], call: CallOptions) => Promise<void>,
): Promise<void> {
  const first = batch[0];
  if (first === undefined) return;
  const nobodyWaits = new AbortController();
  let waiting = batch.length;
  for (const { call, reject } of batch)
    call.signal.addEventListener('abort', () => {
      waiting -= 1;
      // The write itself says best how far it came, when nobody waits for it any more.
      if (waiting === 0) nobodyWaits.abort();
      else reject(new ProviderFault('unknown-outcome', 'It was not written in time, and may still be.'));
    });
  try {
    await write(
      batch.map(({ item }) => item),
      { ...first.call, signal: nobodyWaits.signal, isOver: () => batch.every(({ call }) => isLate(call)) },
    );
    for (const one of batch) one.resolve();
  } catch (fault) {
    for (const one of batch) one.reject(fault);
  }
}

function split<Item>(batch: readonly Waiting<Item>[]): readonly [readonly Waiting<Item>[], readonly Waiting<Item>[]] {
  const late = batch.filter(({ call }) => isLate(call));
  return [late, batch.filter(({ call }) => !isLate(call))];
}
