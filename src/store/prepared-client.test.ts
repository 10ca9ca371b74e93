import { describe, expect, it } from 'vitest';
import { PreparedNames } from './prepared-client.ts';

describe('which statements are prepared', () => {
  it('one that comes for the third time, under a name that is the same in every process', () => {
    const names = new PreparedNames();
    const text = 'select 1 where $1';
    expect([names.nameOf(text), names.nameOf(text)]).toEqual([undefined, undefined]);
    const name = names.nameOf(text);
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    expect(names.nameOf(text)).toBe(name);
    const elsewhere = new PreparedNames();
    elsewhere.nameOf(text);
    elsewhere.nameOf(text);
    expect(elsewhere.nameOf(text)).toBe(name);
  });

  it('no more than a connection should keep; the others still run, unprepared', () => {
    const names = new PreparedNames();
    const prepared = Array.from({ length: 1_000 }, (_, at) => `select ${at} where $1`).filter((text) => {
      names.nameOf(text);
      names.nameOf(text);
      return names.nameOf(text) !== undefined;
    });
    expect(prepared).toHaveLength(300);
  });
});
