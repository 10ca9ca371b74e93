import { expect, it } from 'vitest';
import { instant } from '../../core/time.ts';
import { gather } from './gather.ts';

const call = (signal = new AbortController().signal) => ({ now: instant(0), signal });

/** Writes that finish when they are told to. */
function slow() {
  const writes: (readonly string[])[] = [];
  const finish: ((fault?: Error) => void)[] = [];
  const put = gather<string>(
    (items) =>
      new Promise((resolve, reject) => {
        writes.push(items);
        finish.push((fault) => (fault === undefined ? resolve() : reject(fault)));
      }),
  );
  const next = async (fault?: Error) => {
    finish.shift()?.(fault);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { writes, put, next };
}

it('what is wished while a write runs goes into the next one; another thing waits for nothing', async () => {
  const { writes, put, next } = slow();
  const all = Promise.all(['a', 'b', 'c'].map((item) => put('role', { item, call: call() })));
  const other = put('other', { item: 'x', call: call() });
  expect(writes).toEqual([['a'], ['x']]);
  await next();
  await next();
  expect(writes).toEqual([['a'], ['x'], ['b', 'c']]);
  await next();
  await Promise.all([all, other]);
});

it('what fails, fails for those who were in it', async () => {
  const { put, next } = slow();
  const first = put('role', { item: 'a', call: call() });
  const second = put('role', { item: 'b', call: call() });
  const failed = expect(first).rejects.toThrow('throttled');
  await next(new Error('throttled'));
  await failed;
  await next();
  await second;
});

it('what has no time left is not written', async () => {
  const { writes, put, next } = slow();
  const first = put('role', { item: 'a', call: call() });
  const over = new AbortController();
  const second = expect(put('role', { item: 'b', call: call(over.signal) })).rejects.toMatchObject({
    kind: 'unreachable',
  });
  over.abort();
  await next();
  await Promise.all([first, second]);
  expect(writes).toEqual([['a']]);
});

it('one whose time is over in the middle of a write does not keep the others from it', async () => {
  const { writes, put, next } = slow();
  const first = put('role', { item: 'a', call: call() });
  const impatient = new AbortController();
  const second = expect(put('role', { item: 'b', call: call(impatient.signal) })).rejects.toMatchObject({
    kind: 'unknown-outcome',
  });
  const third = put('role', { item: 'c', call: call() });
  await next();
  expect(writes).toEqual([['a'], ['b', 'c']]);
  impatient.abort();
  await second;
  await next();
  await Promise.all([first, third]);
});

it('no more go together than fit', async () => {
  const { writes, put, next } = slow();
  const all = Array.from({ length: 120 }, (_, item) => put('role', { item: String(item), call: call() }));
  for (let n = 0; n < 4; n += 1) await next();
  await Promise.all(all);
  expect(writes.map((items) => items.length)).toEqual([1, 50, 50, 19]);
});

it('what is wished while the first waits for its turn goes into the same write; what that turn throws, all get', async () => {
  const writes: (readonly string[])[] = [];
  const turns: ((fault?: Error) => void)[] = [];
  const put = gather<string>(
    async (items) => void writes.push(items),
    () => new Promise((resolve, reject) => turns.push((fault) => (fault === undefined ? resolve() : reject(fault)))),
  );
  const all = Promise.all(['a', 'b'].map((item) => put('set', { item, call: call() })));
  turns.shift()?.();
  await all;
  expect(writes).toEqual([['a', 'b']]);
  const refused = Promise.allSettled(['c', 'd'].map((item) => put('set', { item, call: call() })));
  turns.shift()?.(new Error('busy'));
  expect((await refused).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = put('set', { item: 'e', call: call() });
  turns.shift()?.();
  await again;
  expect(writes).toEqual([['a', 'b'], ['e']]);
});
