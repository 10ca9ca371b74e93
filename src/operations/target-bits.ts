/** A set of targets, one bit each, by their position in a list. Thousands of roles are crossed with thousands of targets by words of 32. */
export type TargetBits = Uint32Array;

export function noTargets(count: number): TargetBits {
  return new Uint32Array(Math.ceil(count / 32));
}

export function addTarget(bits: TargetBits, position: number): void {
  bits[position >>> 5] = (bits[position >>> 5] ?? 0) | (1 << (position & 31));
}

export function removeTarget(bits: TargetBits, position: number): void {
  bits[position >>> 5] = (bits[position >>> 5] ?? 0) & ~(1 << (position & 31));
}

export function hasTarget(bits: TargetBits, position: number): boolean {
  return ((bits[position >>> 5] ?? 0) & (1 << (position & 31))) !== 0;
}

/** Adds to `bits` what is in `other`. */
export function addAll(bits: TargetBits, other: TargetBits): void {
  for (let word = 0; word < bits.length; word += 1) bits[word] = (bits[word] ?? 0) | (other[word] ?? 0);
}

/** What is in both; a new set, or `null` when nothing is. */
export function inBoth(bits: TargetBits, other: TargetBits): TargetBits | null {
  const both = new Uint32Array(bits.length);
  let any = 0;
  for (let word = 0; word < bits.length; word += 1) any |= both[word] = (bits[word] ?? 0) & (other[word] ?? 0);
  return any === 0 ? null : both;
}

/** What is in the first and not in the second; a new set, or `null` when nothing is. */
export function without(bits: TargetBits, other: TargetBits): TargetBits | null {
  const rest = new Uint32Array(bits.length);
  let any = 0;
  for (let word = 0; word < bits.length; word += 1) any |= rest[word] = (bits[word] ?? 0) & ~(other[word] ?? 0);
  return any === 0 ? null : rest;
}

export function isEmpty(bits: TargetBits): boolean {
  return bits.every((word) => word === 0);
}

export function countTargets(bits: TargetBits): number {
  let count = 0;
  for (let rest of bits) {
    // Counts bits in parallel: in pairs, then in fours, then in bytes, then all together.
    rest -= (rest >>> 1) & 0x55555555;
    rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
    count += Math.imul((rest + (rest >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

/** The positions in a set, ascending. */
export function positionsOf(bits: TargetBits): readonly number[] {
  const positions: number[] = [];
  for (const [word, all] of bits.entries()) {
    for (let rest = all; rest !== 0; rest &= rest - 1) positions.push(word * 32 + 31 - Math.clz32(rest & -rest));
  }
  return positions;
}
