/** One value of an ASN.1 structure in DER (X.690): what it is, what is in it, and the bytes that it was read from. */
export type DerValue = {
  readonly tag: number;
  /** The content, without tag and length. */
  readonly content: Buffer;
  /** Everything, as a signature covers it. */
  readonly whole: Buffer;
  /** The values in it; empty for what is not constructed. */
  readonly children: readonly DerValue[];
};

export const TAG = { boolean: 1, integer: 2, bits: 3, octets: 4, oid: 6, utcTime: 23, generalizedTime: 24 } as const;

/** Reads one value that fills `bytes`. Throws an Error for anything else: DER has one spelling for each value. */
export function readDer(bytes: Buffer): DerValue {
  const [value, ...more] = readAll(bytes);
  if (value === undefined || more.length > 0) throw new Error('not one DER value');
  return value;
}

function readAll(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0x80;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if ((tag & 0x1f) === 0x1f || first === 0x80 || lengthBytes > 4) throw new Error('a form of BER that is no DER');
    const begin = at + 2 + lengthBytes;
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    if (begin + length > bytes.length) throw new Error('DER that ends too soon');
    const content = bytes.subarray(begin, begin + length);
    const whole = bytes.subarray(at, begin + length);
    values.push({ tag, content, whole, children: (tag & 0x20) === 0 ? [] : readAll(content) });
    at = begin + length;
  }
  return values;
}

/** An object identifier in dots: `2.5.29.15`. */
export function oidOf(value: DerValue | undefined): string {
  if (value?.tag !== TAG.oid) throw new Error('not an object identifier');
  const numbers: number[] = [];
  let number = 0;
  for (const byte of value.content) {
    number = number * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    numbers.push(number);
    number = 0;
  }
  const [head = 0, ...tail] = numbers;
  const top = Math.min(2, Math.floor(head / 40));
  return [top, head - top * 40, ...tail].join('.');
}

/** A non-negative integer in lower-case hex without leading zeros. */
export function integerHex(value: DerValue | undefined): string {
  if (value?.tag !== TAG.integer || ((value.content[0] ?? 0x80) & 0x80) !== 0)
    throw new Error('not a positive integer');
  return value.content.toString('hex').replace(/^0+(?=.)/, '');
}

/** UTCTime or GeneralizedTime as RFC 5280 has them (section 4.1.2.5), in milliseconds. */
export function timeOf(value: DerValue | undefined): number {
  const text = value?.content.toString('latin1') ?? '';
  const full = value?.tag === TAG.utcTime ? (Number(text.slice(0, 2)) < 50 ? '20' : '19') + text : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full);
  const [, year, month, day, hour, minute, second] = match ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (match === null || Number.isNaN(ms)) throw new Error('not a time');
  return ms;
}
