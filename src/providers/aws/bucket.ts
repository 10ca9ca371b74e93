import { instant, type Instant } from '../../core/time.ts';
import { exchange, type HttpAnswer } from '../../platform/http.ts';
import { refuseLate, type Effect } from '../calling.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { classify } from './faults.ts';
import type { IdentitySource } from './identity.ts';
import { encoded, signedHeaders } from './sigv4.ts';

/** A few calls on one S3 bucket. Keys are ours: lower-case letters, digits, `/`, `.`, `-` and `_`. All throw faults. */
export interface Bucket {
  readonly name: string;
  /** Puts an object, over whatever stands there. */
  put(key: string, text: string, call: CallOptions): Promise<void>;
  /** `null`: there is no such object. */
  get(key: string, call: CallOptions): Promise<string | null>;
  /** Every key that begins with the prefix, and AWS's time when it answered. S3 shows what was written at once. */
  list(prefix: string, call: CallOptions): Promise<{ readonly keys: readonly string[]; readonly cloudNow: Instant }>;
  /** Success also when it is not there. */
  remove(key: string, call: CallOptions): Promise<void>;
}

export interface BucketOptions {
  readonly name: string;
  readonly region: string;
  /** Base URL, without the bucket: `endpointsOf(…).s3`. */
  readonly endpoint: string;
  readonly identity: IdentitySource;
  readonly requestTimeoutMs: number;
}

/** Pages of a thousand keys each, so that a broken cloud cannot keep us for ever. */
const PAGES = 100;

/**
 * A client for the four calls that leases need. AWS's own is twenty megabytes, which a function that runs every minute would carry along.
 * Throws an `Error` for a name that no bucket of ours may have: a dot in it would need another certificate.
 */
export function createBucket(options: BucketOptions): Bucket {
  const { name, region, endpoint, identity } = options;
  if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name))
    throw new Error(`"${name}" is not the name of a bucket: 3 to 63 lower-case letters, digits and hyphens.`);
  const base = `${endpoint.replace(/\/$/, '')}/${name}`;

  async function send(
    method: string,
    path: string,
    body: string,
    how: { readonly effect: Effect; readonly what: string; readonly call: CallOptions },
  ): Promise<HttpAnswer> {
    const url = new URL(base + path);
    try {
      const request = { method, url, headers: body === '' ? {} : { 'content-type': 'application/json' }, body };
      const headers = signedHeaders(request, await identity(), { region, service: 's3' }, how.call.now);
      refuseLate(how.call, how.what);
      const limits = { signal: how.call.signal, timeoutMs: options.requestTimeoutMs };
      return await exchange({ ...request, headers }, limits);
    } catch (error) {
      throw classify(error, how.effect, how.what);
    }
  }

  return {
    name,
    async put(key, text, call) {
      const how = { effect: 'write', what: `Putting ${key} into ${name}`, call } as const;
      const answer = await send('PUT', `/${pathOf(key)}`, text, how);
      if (answer.status !== 200) throw faultOf(answer, how.effect, how.what);
    },
    async get(key, call) {
      const how = { effect: 'read', what: `Reading ${key} of ${name}`, call } as const;
      const answer = await send('GET', `/${pathOf(key)}`, '', how);
      if (answer.status === 404 && tag(answer.text, 'Code') === 'NoSuchKey') return null;
      if (answer.status !== 200) throw faultOf(answer, how.effect, how.what);
      return answer.text;
    },
    async list(prefix, call) {
      const how = { effect: 'read', what: `Listing ${prefix} of ${name}`, call } as const;
      const keys: string[] = [];
      let token: string | null = null;
      for (let page = 0; page < PAGES; page += 1) {
        const more: string = token === null ? '' : `&continuation-token=${encoded(token)}`;
        const answer = await send('GET', `?list-type=2${more}&prefix=${encoded(prefix)}`, '', how);
        if (answer.status !== 200) throw faultOf(answer, how.effect, how.what);
        for (const [, key = ''] of answer.text.matchAll(/<Key>([^<]*)<\/Key>/g)) keys.push(unescaped(key));
        token = tag(answer.text, 'IsTruncated') === 'true' ? tag(answer.text, 'NextContinuationToken') : null;
        if (token === null) return { keys, cloudNow: dateOf(answer) ?? call.now };
      }
      throw new ProviderFault('unreachable', `${how.what}: AWS never came to the end`);
    },
    async remove(key, call) {
      const how = { effect: 'write', what: `Deleting ${key} from ${name}`, call } as const;
      const answer = await send('DELETE', `/${pathOf(key)}`, '', how);
      if (answer.status !== 204 && answer.status !== 200) throw faultOf(answer, how.effect, how.what);
    },
  };
}

function pathOf(key: string): string {
  return key.split('/').map(encoded).join('/');
}

/** S3 says in a few lines of XML what is wrong. */
function faultOf(answer: HttpAnswer, effect: Effect, what: string): ProviderFault {
  const error = {
    name: tag(answer.text, 'Code') ?? '',
    message: tag(answer.text, 'Message') ?? '',
    $metadata: { httpStatusCode: answer.status, requestId: answer.headers['x-amz-request-id'] },
    $response: { headers: answer.headers },
  };
  return classify(error, effect, what);
}

function tag(xml: string, name: string): string | null {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? null : unescaped(found);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

function dateOf({ headers }: HttpAnswer): Instant | null {
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) ? null : instant(ms);
}
