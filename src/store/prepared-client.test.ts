import { describe, expect, it } from 'vitest';
import { PreparedNames } from './prepared-client.ts';

describe('which statements are prepared', () => {
  it('one that comes for the third time, under a name that is the same in every process', () => {
    const names = new PreparedNames();
    const text = 'select 1 where $1';
    expect([names.nameOf(text, 1), names.nameOf(text, 1)]).toEqual([undefined, undefined]);
    const name = names.nameOf(text, 1);
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    expect(names.nameOf(text, 1)).toBe(name);
    const elsewhere = new PreparedNames();
    elsewhere.nameOf(text, 1);
    elsewhere.nameOf(text, 1);
    expect(elsewhere.nameOf(text, 1)).toBe(name);
  });

  it('no more than a connection should keep; the others still run, unprepared', () => {
    const names = new PreparedNames();
    const prepared = Array.from({ length: 1_000 }, (_, at) => `select ${at} where $1`).filter((text) => {
      names.nameOf(text, 1);
      names.nameOf(text, 1);
      return names.nameOf(text, 1) !== undefined;
    });
    expect(prepared).toHaveLength(300);
  });

  it('not one that inserts many rows, which is another for each number of them', () => {
    const names = new PreparedNames();
    const ask = (values: number) => [1, 2, 3].map(() => names.nameOf(`insert ${values}`, values)).at(-1);
    expect(Array.from({ length: 100 }, (_, n) => ask(n + 1)).filter((name) => name !== undefined)).toHaveLength(32);
  });
});
