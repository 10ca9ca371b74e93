import { crc32, inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { zip } from './zip.ts';

/** Reads an archive from its end, as every reader does: name, mode, and what comes out of it. */
function unzip(archive: Buffer): readonly { name: string; mode: number; text: string }[] {
  const end = archive.length - 22;
  expect(archive.readUInt32LE(end)).toBe(0x06054b50);
  let at = archive.readUInt32LE(end + 16);
  return Array.from({ length: archive.readUInt16LE(end + 10) }, () => {
    expect(archive.readUInt32LE(at)).toBe(0x02014b50);
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const mode = archive.readUInt32LE(at + 38) >>> 16;
    const local = archive.readUInt32LE(at + 42);
    expect(archive.readUInt32LE(local)).toBe(0x04034b50);
    const from = local + 30 + archive.readUInt16LE(local + 26);
    const body = inflateRawSync(archive.subarray(from, from + archive.readUInt32LE(at + 20)));
    expect(crc32(body)).toBe(archive.readUInt32LE(at + 16));
    expect(body.length).toBe(archive.readUInt32LE(at + 24));
    at += 46 + nameLength;
    return { name, mode, text: body.toString('utf8') };
  });
}

test('gives back what was put in, readable for everybody, and is the same each time', () => {
  const entries = [
    { name: 'index.mjs', body: Buffer.from('export const x = 1;\n'.repeat(100)) },
    { name: 'empty', body: Buffer.alloc(0) },
  ];
  const archive = zip(entries);
  expect(archive.equals(zip(entries))).toBe(true);
  expect(unzip(archive)).toEqual(
    entries.map(({ name, body }) => ({ name, mode: 0o100644, text: body.toString('utf8') })),
  );
});
