import { crc32, deflateRawSync } from 'node:zlib';

/** A file in an archive: its name, and what is in it. */
export interface ZipEntry {
  readonly name: string;
  readonly body: Buffer;
}

/** 1 January 1980, the earliest that the format knows: the same files are the same archive, whenever it is made. */
const DATE = 0x0021;
const DEFLATED = 8;
/** Made on Unix; a regular file that everybody may read, as AWS Lambda wants its code. */
const MADE_BY = (3 << 8) | 20;
const MODE = (0o100644 << 16) >>> 0;

/** A zip archive (APPNOTE 6.3.3, sections 4.3.7, 4.3.12 and 4.3.16), without folders, encryption or sizes above 4 GB. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, body } of entries) {
    const packed = deflateRawSync(body, { level: 9 });
    const title = Buffer.from(name, 'utf8');
    const facts = Buffer.alloc(22);
    facts.writeUInt16LE(DEFLATED, 0);
    facts.writeUInt16LE(DATE, 4);
    facts.writeUInt32LE(crc32(body), 6);
    facts.writeUInt32LE(packed.length, 10);
    facts.writeUInt32LE(body.length, 14);
    facts.writeUInt16LE(title.length, 18);
    const local = Buffer.concat([header('504b0304', [20, 0]), facts, title, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(MODE, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([header('504b0102', [MADE_BY, 20, 0]), facts, rest, title]));
    files.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(index.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...files, index, Buffer.from('504b0506', 'hex'), end]);
}

/** A signature and the 16-bit numbers behind it. */
function header(signature: string, numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16LE(number, index * 2);
  return Buffer.concat([Buffer.from(signature, 'hex'), bytes]);
}
