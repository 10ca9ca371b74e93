/** What a pasted ARN, or the words of a refusal of AWS, say about what somebody could not do. */
export interface Denial {
  /** `s3:PutObject`; `null`: only a resource was pasted. */
  readonly action: string | null;
  /** ARN of what it was to be done to. */
  readonly resource: string | null;
  /** The account that the resource says that it is in. Names of buckets do not say. */
  readonly account: string | null;
  /** The account that the caller was in, which is often the same. */
  readonly callerAccount: string | null;
}

const ARN = /arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:\d{0,12}:[^\s"'`,;()<>]+/g;
const ACTION = /(?<![\w:.-])([a-z][a-z0-9-]{1,40}:[A-Z][A-Za-z0-9]{1,80})(?![\w:])/;
const CALLERS = /^arn:aws[a-z-]*:(sts::\d{12}:(assumed-role|federated-user)|iam::\d{12}:user)\//;

/**
 * Reads `User: arn:… is not authorized to perform: s3:PutObject on resource: "arn:…"` and its many relatives, a bare ARN and a bare
 * action. `null`: these are words of somebody who searches.
 */
export function readDenial(text: string): Denial | null {
  const arns = (text.match(ARN) ?? []).map((arn) => arn.replace(/[.:]+$/, ''));
  const action = ACTION.exec(text.replace(ARN, ' '))?.[1] ?? null;
  if (arns.length === 0 && action === null) return null;
  const caller = arns.find((arn) => CALLERS.test(arn)) ?? null;
  // A user that is pasted alone is what somebody looks for; beside an action it is who was refused.
  const resource = arns.find((arn) => arn !== caller) ?? (action === null ? caller : null);
  return { action, resource, account: accountOf(resource), callerAccount: accountOf(caller) };
}

function accountOf(arn: string | null): string | null {
  const account = arn?.split(':')[4] ?? '';
  return account === '' ? null : account;
}
