/** What the server says of an entry, and what it is to be held against. */
export interface Evidence {
  /** The entry exactly as it was hashed; `null`: it is not shown, and its leaf hash, hexadecimal, stands for it. */
  readonly body: string | null;
  readonly leaf: string;
  readonly seq: number;
  readonly size: number;
  /** Audit path in base64, from the leaf's sibling upwards. */
  readonly hashes: readonly string[];
  /** A signed note. */
  readonly checkpoint: string;
  /** The log's verifier key; `null`: the server names none. */
  readonly vkey: string | null;
}

/** `signature` is `unknown` where this browser cannot verify Ed25519. */
export interface Verdict {
  readonly inTree: boolean;
  readonly signature: 'holds' | 'broken' | 'unknown';
}

type Bytes = Uint8Array<ArrayBuffer>;

const text = new TextEncoder();
const bytesOf = (base64: string): Bytes => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const bytesOfHex = (hex: string): Bytes => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
const base64Of = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes));

async function sha256(...parts: readonly Bytes[]): Promise<Bytes> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}

/**
 * Verifies here, in the browser, that an entry is in the log that was signed (docs/ledger.md; RFC 9162 section 2.1.3.2, C2SP
 * signed-note). The server's word counts for nothing but the key, which everybody should have from elsewhere, too.
 */
export async function verifyEntry(evidence: Evidence): Promise<Verdict> {
  try {
    return { inTree: await isInTree(evidence), signature: await signatureOf(evidence) };
  } catch {
    // What cannot even be read is no proof.
    return { inTree: false, signature: 'broken' };
  }
}

async function isInTree({ body, leaf, seq, size, hashes, checkpoint }: Evidence): Promise<boolean> {
  let node = body === null ? bytesOfHex(leaf) : await sha256(Uint8Array.of(0), text.encode(body));
  let [fn, sn] = [seq, size - 1];
  if (fn > sn) return false;
  for (const sibling of hashes.map(bytesOf)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      node = await sha256(Uint8Array.of(1), sibling, node);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else {
      node = await sha256(Uint8Array.of(1), node, sibling);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  const [, signedSize, root] = checkpoint.split('\n');
  return sn === 0 && Number(signedSize) === size && base64Of(node) === root;
}

const ED25519 = 0x01;

async function signatureOf({ checkpoint, vkey }: Evidence): Promise<Verdict['signature']> {
  if (vkey === null) return 'unknown';
  // Base64 has plus signs, too.
  const [origin = '', , ...rest] = vkey.split('+');
  const key = bytesOf(rest.join('+'));
  const end = checkpoint.indexOf('\n\n');
  const signed = text.encode(checkpoint.slice(0, end + 1));
  const line = checkpoint
    .slice(end + 2)
    .split('\n')
    .find((one) => one.startsWith(`— ${origin} `));
  if (key[0] !== ED25519 || line === undefined || checkpoint.split('\n')[0] !== origin) return 'broken';
  const signature = bytesOf(line.slice(line.lastIndexOf(' ') + 1)).slice(4);
  let imported: CryptoKey;
  try {
    imported = await crypto.subtle.importKey('raw', key.slice(1), 'Ed25519', false, ['verify']);
  } catch {
    return 'unknown';
  }
  return (await crypto.subtle.verify('Ed25519', imported, signature, signed)) ? 'holds' : 'broken';
}
