/** A message as its reader sees it, and its headers in the order in which they came. */
export interface ReadMessage {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly text: string;
  readonly html: string;
}

/** Reads a message (RFC 5322, 2045-2047) of the few forms in DIFFERENCES.md. Throws on every other. */
export function readMessage(raw: string): ReadMessage {
  const { headers, body } = split(raw);
  const type = headerOf(headers, 'content-type');
  const boundary = /^multipart\/alternative;.*boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary === undefined) throw new Error(`a message of ${type} is not simulated`);
  const parts = body
    .split(new RegExp(`(?:^|\r\n)--${escapeRegExp(boundary)}(?:--)?[ \t]*(?:\r\n|$)`))
    .slice(1, -1)
    .map(split);
  const alternative = (wanted: string): string => {
    const part = parts.find((one) => headerOf(one.headers, 'content-type').toLowerCase().startsWith(wanted));
    if (part === undefined) throw new Error(`a message without ${wanted} is not simulated`);
    return decodeBody(part.body, headerOf(part.headers, 'content-transfer-encoding').toLowerCase());
  };
  return {
    headers: headers.map(([name, value]) => [name, decodeWords(value)] as const),
    text: alternative('text/plain').replaceAll('\r\n', '\n'),
    html: alternative('text/html').replaceAll('\r\n', '\n'),
  };
}

/** The first value of a header; empty when it is not there. */
export function headerOf(headers: ReadMessage['headers'], wanted: string): string {
  return headers.find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1] ?? '';
}

function split(raw: string): { headers: (readonly [string, string])[]; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const head = end < 0 ? raw : raw.slice(0, end);
  const headers = head
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .filter((one) => one !== '')
    .map((one) => {
      const colon = one.indexOf(':');
      if (colon < 1) throw new Error('a header without a name');
      return [one.slice(0, colon), one.slice(colon + 1).trim()] as const;
    });
  return { headers, body: end < 0 ? '' : raw.slice(end + 4) };
}

function decodeBody(body: string, encoding: string): string {
  switch (encoding) {
    case '':
    case '7bit':
    case '8bit':
      return Buffer.from(body, 'latin1').toString('utf8');
    case 'quoted-printable':
      return unquote(body.replace(/=[ \t]*\r\n/g, ''));
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8');
    default:
      throw new Error(`the encoding ${encoding} is not simulated`);
  }
}

function unquote(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Encoded words: `=?UTF-8?Q?…?=` and `=?UTF-8?B?…?=`; white space between two of them is nothing. */
function decodeWords(value: string): string {
  return value
    .replace(/(\?=)\s+(=\?)/g, '$1$2')
    .replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, how: string, text: string) =>
      how.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString('utf8') : unquote(text.replaceAll('_', ' ')),
    );
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
