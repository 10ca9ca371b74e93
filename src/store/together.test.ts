import { expect, it } from 'vitest';
import { together } from './together.ts';

const later = <T>(act: () => T, ms: number) =>
  new Promise<T>((resolve, reject) =>
    setTimeout(() => {
      try {
        resolve(act());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    }, ms),
  );

it('gives all answers, in the order of the questions', async () => {
  expect(await together([later(() => 1, 5), later(() => 'two', 1)])).toEqual([1, 'two']);
});

it('fails only when everything has been answered, with the fault that came first and not with those behind it', async () => {
  let answered = false;
  const behind = Object.assign(new Error('current transaction is aborted'), { code: '25P02' });
  const first = Object.assign(new Error('duplicate key'), { code: '23505' });
  const work = together([
    later(() => {
      throw behind;
    }, 1),
    later(() => {
      throw first;
    }, 2),
    later(() => {
      answered = true;
    }, 10),
  ]);
  await expect(work).rejects.toBe(first);
  expect(answered).toBe(true);
});
