import { exchange } from '../../platform/http.ts';
import { ProviderFault, type AwsCredential, type CallOptions } from '../contract.ts';
import { classify } from './faults.ts';
import { signedHeaders } from './sigv4.ts';

/** What an organization says of one of its accounts; `null`: it has no such account. */
export type AccountState = 'ACTIVE' | 'SUSPENDED' | 'PENDING_CLOSURE' | 'CLOSED' | 'PENDING_ACTIVATION' | 'unknown';

/** Where Organizations is called, and how long one call may take. */
export interface OrganizationsPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly timeoutMs: number;
}

const TARGET = 'AWSOrganizationsV20161128.DescribeAccount';
const STATES = ['ACTIVE', 'SUSPENDED', 'PENDING_CLOSURE', 'CLOSED', 'PENDING_ACTIVATION'] as const;

/**
 * Asks the organization about an account (API reference of Organizations, DescribeAccount). One call is all that Curfew needs of this
 * service, so its client is not brought along. Throws faults.
 */
export async function accountState(
  where: OrganizationsPlace & { readonly secret: AwsCredential },
  account: string,
  call: CallOptions,
): Promise<AccountState | null> {
  const what = `Asking the organization about the account ${account}`;
  const body = JSON.stringify({ AccountId: account });
  let answer;
  try {
    const url = new URL(where.endpoint);
    const target = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': TARGET };
    const request = { method: 'POST', url, headers: target, body };
    const scope = { region: where.region, service: 'organizations' };
    const headers = signedHeaders(request, where.secret, scope, call.now);
    answer = await exchange({ ...request, headers }, { signal: call.signal, timeoutMs: where.timeoutMs });
  } catch (error) {
    throw classify(error, 'read', what);
  }
  const said = parse(answer.text);
  if (answer.status === 200) {
    const of = record(said['Account']);
    const state = of['State'] ?? of['Status'];
    return STATES.find((one) => one === state) ?? 'unknown';
  }
  const code =
    text(said['__type']).replace(/^.*#/, '') || (answer.headers['x-amzn-errortype'] ?? '').replace(/:.*$/, '');
  // Said by the organization, which is the account's parent: there is none, or none any more.
  if (code === 'AccountNotFoundException') return null;
  const error = {
    name: code,
    message: said['message'] ?? said['Message'],
    $metadata: { httpStatusCode: answer.status },
  };
  throw classify(error, 'read', what);
}

function parse(words: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(words));
  } catch {
    throw new ProviderFault('unreachable', 'The organization gave an answer that cannot be read');
  }
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
