import { createHash } from 'node:crypto';

/** Milliseconds from … to: each occasion takes something between, as the seed decides. */
export type Range = readonly [from: number, to: number];

/** One random choice out of a range; `draws` counts them, so that a seed repeats a world. */
export function draw(range: Range, seed: number, counter: { draws: number }): number {
  counter.draws += 1;
  const digest = createHash('sha256').update(`${seed}\n${counter.draws}`).digest();
  return Math.round(range[0] + (digest.readUInt32BE(0) / 0xffffffff) * (range[1] - range[0]));
}

/** A range as a setting is sent: two numbers, or one that is both. `null` for anything else. */
export function readRange(value: unknown): Range | null {
  const range: unknown = typeof value === 'number' ? [value, value] : value;
  if (!Array.isArray(range)) return null;
  const [from, to]: readonly unknown[] = range;
  return range.length === 2 && typeof from === 'number' && typeof to === 'number' && from >= 0 && to >= from
    ? [from, to]
    : null;
}
