import type { Json, JsonObject } from '../../core/json.ts';
import { exchange, type HttpAnswer } from '../../platform/http.ts';
import { refuseLate, type Effect } from '../calling.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { classify } from './faults.ts';
import type { Sessions } from './sessions.ts';
import { signedHeaders } from './sigv4.ts';

/** The control plane of IAM Roles Anywhere in one account, as its provisioner. Throws faults. API reference, 2018-05-10. */
export interface AnywhereControl {
  trustAnchors(): Promise<readonly TrustAnchor[]>;
  profiles(): Promise<readonly Profile[]>;
  crls(): Promise<readonly Crl[]>;
  importCrl(wanted: { readonly name: string; readonly pem: string; readonly trustAnchorArn: string }): Promise<void>;
  updateCrl(id: string, pem: string): Promise<void>;
  enableCrl(id: string): Promise<void>;
}

interface Named {
  readonly arn: string;
  readonly name: string;
  readonly enabled: boolean;
}
export interface TrustAnchor extends Named {
  /** PEM bundle; empty for an anchor of AWS's own authority. */
  readonly certificates: string;
}
export interface Profile extends Named {
  readonly roleArns: readonly string[];
  readonly sessionPolicy: string | null;
  readonly managedPolicyArns: readonly string[];
}
export interface Crl extends Named {
  readonly id: string;
  readonly trustAnchorArn: string;
  readonly pem: string;
}

/** Where the control plane is called. */
export interface AnywherePlace {
  readonly endpoint: string;
  readonly region: string;
  readonly requestTimeoutMs: number;
  /** How a request is sent. Absent: over HTTPS. */
  readonly exchange?: typeof exchange;
}

/** No account may have this many of anything here; a list that goes on for ever is not AWS's. */
const MOST_PAGES = 20;

export function anywhereControl(
  sessions: Sessions,
  place: AnywherePlace,
  account: string,
  call: CallOptions,
): AnywhereControl {
  const send = place.exchange ?? exchange;

  async function request(effect: Effect, method: string, path: string, input?: JsonObject): Promise<JsonObject> {
    const what = `Calling Roles Anywhere (${method} ${path.split('?')[0] ?? path}) in ${account}`;
    const credential = await (await sessions.iam(account, call)).config.credentials();
    const body = input === undefined ? '' : JSON.stringify(input);
    const unsigned = {
      method,
      url: new URL(path, place.endpoint),
      headers: { 'content-type': 'application/json' },
      body,
    };
    try {
      const headers = signedHeaders(unsigned, credential, { region: place.region, service: 'rolesanywhere' }, call.now);
      refuseLate(call, what);
      const within = { signal: call.signal, timeoutMs: place.requestTimeoutMs };
      const answer = await send({ ...unsigned, headers }, within);
      if (answer.status >= 300) throw refusal(answer);
      return parse(answer.text);
    } catch (error) {
      const fault = classify(error, effect, what);
      if (fault.kind === 'forbidden-to-us') sessions.forget(account);
      throw fault;
    }
  }

  async function all(path: string, member: string): Promise<readonly JsonObject[]> {
    const found: JsonObject[] = [];
    let token: string | null = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = token === null ? '' : `?nextToken=${encodeURIComponent(token)}`;
      const answer = await request('read', 'GET', `/${path}${query}`);
      const list = answer[member] ?? [];
      if (!isList(list)) break;
      found.push(...list.filter(isObject));
      token = textOf(answer, 'nextToken');
      if (token === null) return found;
    }
    throw new ProviderFault('invalid', `The list of ${path} of Roles Anywhere in ${account} has no end`);
  }

  return {
    trustAnchors: async () =>
      (await all('trustanchors', 'trustAnchors')).map((one) => {
        const source = objectOf(objectOf(one, 'source'), 'sourceData');
        return { ...named(one, 'trustAnchorArn'), certificates: textOf(source, 'x509CertificateData') ?? '' };
      }),
    profiles: async () =>
      (await all('profiles', 'profiles')).map((one) => ({
        ...named(one, 'profileArn'),
        roleArns: textsOf(one, 'roleArns'),
        sessionPolicy: textOf(one, 'sessionPolicy'),
        managedPolicyArns: textsOf(one, 'managedPolicyArns'),
      })),
    crls: async () =>
      (await all('crls', 'crls')).map((one) => ({
        ...named(one, 'crlArn'),
        id: textOf(one, 'crlId') ?? '',
        trustAnchorArn: textOf(one, 'trustAnchorArn') ?? '',
        pem: Buffer.from(textOf(one, 'crlData') ?? '', 'base64').toString('latin1'),
      })),
    importCrl: async ({ name, pem, trustAnchorArn }) =>
      void (await request('write', 'POST', '/crls', { name, crlData: blob(pem), trustAnchorArn, enabled: true })),
    updateCrl: async (id, pem) => void (await request('write', 'PATCH', `/crl/${id}`, { crlData: blob(pem) })),
    enableCrl: async (id) => void (await request('write', 'POST', `/crl/${id}/enable`)),
  };
}

const blob = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

const named = (one: JsonObject, arn: string): Named => ({
  arn: textOf(one, arn) ?? '',
  name: textOf(one, 'name') ?? '',
  enabled: one['enabled'] === true,
});

/** An error in the shape that the SDK gives its own, so that both are classified by one table. */
function refusal({ status, headers, text }: HttpAnswer): Error {
  let said: JsonObject = {};
  try {
    said = parse(text);
  } catch {
    // Something between us and AWS may answer with a page.
  }
  const code = (headers['x-amzn-errortype'] ?? textOf(said, '__type') ?? '').split(':')[0] ?? '';
  return Object.assign(new Error(textOf(said, 'message') ?? textOf(said, 'Message') ?? ''), {
    name: code.slice(code.lastIndexOf('#') + 1),
    $metadata: { httpStatusCode: status, requestId: headers['x-amzn-requestid'] },
    $response: { headers },
  });
}

function parse(text: string): JsonObject {
  const value = (text === '' ? {} : JSON.parse(text)) as Json;
  if (!isObject(value)) throw new Error('not an object');
  return value;
}

function textOf(of: JsonObject, name: string): string | null {
  const value = of[name];
  return typeof value === 'string' ? value : null;
}

function textsOf(of: JsonObject, name: string): readonly string[] {
  const value = of[name] ?? [];
  return isList(value) ? value.filter((one) => typeof one === 'string') : [];
}

function objectOf(of: JsonObject, name: string): JsonObject {
  const value = of[name] ?? null;
  return isObject(value) ? value : {};
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json): value is JsonObject => typeof value === 'object' && value !== null && !isList(value);
