import type { GrantId } from '../../src/core/ids.ts';
import type { AwsAssumeRole, AwsRolesAnywhere, AwsTimedPolicy, Role } from '../../src/core/role.ts';
import { slotKey } from '../../src/core/slot.ts';
import type { Target } from '../../src/core/target.ts';
import { instant } from '../../src/core/time.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';

/** Made-up roles, accounts and bindings for the tests of the AWS provider. */

export const account: Target = {
  key: 'aws/prod',
  provider: 'aws',
  kind: 'account',
  native: '444455556666',
  description: 'Production',
  labels: { env: 'prod' },
  parent: null,
  owners: ['group:platform-leads'],
};

export function grantRole(aws: Partial<AwsAssumeRole>): Role {
  return {
    name: 'invoice-reader',
    tier: 2,
    categories: [],
    owner: 'group:data-leads',
    description: 'List and download the invoices.',
    aws: { method: 'assume-role', role: 'curfew/invoice-reader', sessionPolicy: null, allows: [], ...aws },
    azure: null,
    gcp: null,
  };
}

/** A role that lets a person read invoices with their own IAM user, for a time. */
export function timedRole(aws: Partial<AwsTimedPolicy>): Role {
  const { name, tier, categories, owner, description } = grantRole({});
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::contract-invoices/*' }],
  };
  return {
    ...{ name, tier, categories, owner, description },
    aws: { method: 'timed-policy', attachTo: 'user', path: 'people/', policy, allows: [], ...aws },
    azure: null,
    gcp: null,
  };
}

/** The same for whoever has a key of their own: the account's profile `curfew-invoice-reader` hands out the role. */
export function anywhereRole(aws: Partial<AwsRolesAnywhere>): Role {
  const role = 'curfew/anywhere-reader';
  const profile = 'curfew-anywhere-reader';
  return {
    ...grantRole({}),
    aws: { method: 'roles-anywhere', role, profile, sessionPolicy: null, allows: [], ...aws },
  };
}

/** A grant of ten minutes that began at 2026-11-21T14:20:00Z. */
export function binding(change: Partial<BindingSpec> = {}): BindingSpec {
  const grant = 'grt_abcdefghijklmnopqrst' as GrantId;
  return {
    slot: slotKey('aws', 'assume-role', [grant]),
    method: 'assume-role',
    target: account,
    role: grantRole({}),
    grant,
    principal: 'ana',
    activatedAt: instant(Date.UTC(2026, 10, 21, 14, 20)),
    endsAt: instant(Date.UTC(2026, 10, 21, 14, 30)),
    ...change,
  };
}
