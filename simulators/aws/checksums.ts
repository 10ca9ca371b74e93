import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Computes an S3 checksum, base64 as in its `x-amz-checksum-*` header; null for an algorithm S3 does not have. */
export function s3Checksum(algorithm: string, data: Buffer): string | null {
  switch (algorithm) {
    case 'crc32':
      return word32(crc32(data));
    case 'crc32c':
      return word32(crc32c(data));
    case 'crc64nvme':
      return word64(crc64nvme(data));
    case 'sha1':
    case 'sha256':
      return createHash(algorithm).update(data).digest('base64');
    default:
      return null;
  }
}

function word32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
}

function word64(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes.toString('base64');
}

/** CRC-32C (Castagnoli), reflected polynomial 0x82F63B78. */
export function crc32c(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const mask64 = 0xffffffffffffffffn;

const table64 = Array.from({ length: 256 }, (_, index) => {
  let crc = BigInt(index);
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  return crc;
});

/** CRC-64/NVME, reflected polynomial 0x9A6C9329AC4BC9B5: what current AWS clients send by default. */
export function crc64nvme(data: Buffer): bigint {
  let crc = mask64;
  for (const byte of data) crc = (crc >> 8n) ^ (table64[Number((crc ^ BigInt(byte)) & 0xffn)] ?? 0n);
  return crc ^ mask64;
}
