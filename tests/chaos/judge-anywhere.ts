import { GetAccountAuthorizationDetailsCommand, IAMClient } from '@aws-sdk/client-iam';
import type { Saved } from './people/wallet.ts';
import type { Site } from './site/site.ts';
import { ADMIN_ROLE, ROBOTS } from './site/world.ts';

/** The end of one grant's sessions, as it stands on a role. */
interface Denial {
  readonly Effect?: string;
  readonly Action?: string;
  readonly Resource?: string;
  readonly Condition?: {
    readonly StringEquals?: Readonly<Record<string, string>>;
    readonly DateGreaterThanEquals?: Readonly<Record<string, string>>;
  };
}

const ARMED = /^curfew-end-(grt_[a-z0-9]+)$/;

/**
 * What stands on the roles of certificates when every grant is over: for an hour after the end the sessions of each certificate are denied, by a
 * policy that says so of its own grant alone and is in force.
 */
export async function anywhereFaults({ cloud }: Site, saved: readonly Saved[]): Promise<readonly string[]> {
  const credentials = await cloud.sessionOf(ADMIN_ROLE);
  const iam = new IAMClient({ region: 'us-east-1', endpoint: cloud.url, credentials });
  const { RoleDetailList: roles = [] } = await iam.send(new GetAccountAuthorizationDetailsCommand({}));
  iam.destroy();
  const policies = roles
    .filter(({ RoleName }) => ROBOTS.includes(RoleName ?? ''))
    .flatMap(({ RolePolicyList = [] }) => RolePolicyList)
    .flatMap(({ PolicyName = '', PolicyDocument = '' }) => {
      const grant = ARMED.exec(PolicyName)?.[1];
      return grant === undefined ? [] : [{ grant, text: decodeURIComponent(PolicyDocument) }];
    });
  const denied = new Set(policies.filter(({ grant, text }) => isInForce(grant, text)).map(({ grant }) => grant));
  const certified = new Set(saved.filter(({ isCertificate }) => isCertificate).map(({ grant }) => grant));
  return [
    ...[...certified].filter((grant) => !denied.has(grant)).map((grant) => `no role denies the sessions of ${grant}`),
    ...policies
      .filter(({ grant }) => !denied.has(grant))
      .map(({ grant, text }) => `what stands for the end of ${grant} is ${text}`),
  ];
}

function isInForce(grant: string, text: string): boolean {
  const { Statement = [] } = JSON.parse(text) as { Statement?: readonly Denial[] };
  const [denial, ...more] = Statement;
  if (denial?.Effect !== 'Deny' || denial.Action !== '*' || denial.Resource !== '*' || more.length > 0) return false;
  const { StringEquals, DateGreaterThanEquals, ...others } = denial.Condition ?? {};
  const from = DateGreaterThanEquals?.['aws:CurrentTime'];
  return (
    StringEquals?.['aws:SourceIdentity'] === grant &&
    Object.keys(others).length === 0 &&
    (from === undefined || Date.parse(from) <= Date.now())
  );
}
