import type { ProviderName } from '../../../src/core/target.ts';
import { instant } from '../../../src/core/time.ts';
import { parseDirectory } from '../../../src/identity/directory/yaml-directory.ts';
import type { RulesInForce } from '../../../src/operations/world.ts';
import { loadPolicy } from '../../../src/policy/load.ts';
import type { PolicySet } from '../../../src/policy/rules.ts';
import type { SourceFile } from '../../../src/policy/types.ts';
import { parseTargets } from '../../../src/posture/inventory.ts';
import { ANYWHERE } from '../cloud/anywhere-lists.ts';
import { PERMISSION_SET } from '../cloud/center-world.ts';
import { BINDING } from '../cloud/sim-cloud.ts';
import { PEOPLE } from '../cloud/sim-identities.ts';

/** What the rules of a variant say, in the checkers' own words: they never ask the policy engine. */
export interface Expectation {
  readonly what: string;
  /** Approvals that each role needs. A role that is absent cannot be had at all. */
  readonly approvals: Readonly<Record<string, number>>;
  readonly maxMs: number;
  /** How often a grant may be extended, within `maxMs` altogether. */
  readonly extensions: number;
  readonly left: readonly string[];
  /** What a role gives, where it is something else than at the start. */
  readonly gives?: Readonly<Record<string, string>>;
}

export const ENGINEERS = ['ana', 'eli', 'kim', 'bo'] as const;
export const LEADS = ['bo', 'cy', 'dee'] as const;
/** Who answers for one role alone, so that an order of theirs reaches little. */
export const SHARERS_OWNER = 'kim';
export const EVERYBODY = ['ana', 'eli', 'kim', 'bo', 'cy', 'dee', 'zoe'] as const;
export const ROLES = [
  'reader',
  'mover',
  'open',
  'binder',
  'sharer',
  'auditor',
  'passer',
  'stamper',
  'visitor',
  'runner',
  'keeper',
  'unplannable',
] as const;
/** A role that stands as a policy with its own end on an identity that the person has already, by the real provider. */
export const STAMPED = 'stamper';
/** A role that is an assignment in IAM Identity Center, by the real provider. */
export const VISITING = 'visitor';
/** A role under which certificates are handed out, by the real provider. */
export const CERTIFIED = 'runner';
/** A role that is a binding which only the broker ends, and takes approvals. */
export const BOUND = 'mover';
/** Roles that are given as no provider of ours does: the first two come to one place for each person and account, which their grants share. */
const OWN: Readonly<Record<string, string>> = {
  sharer: 'assignment',
  auditor: 'assignment',
  passer: 'pass',
  [BOUND]: BINDING,
  binder: BINDING,
};
export const TARGETS = ['aws/alpha', 'aws/beta'] as const;
/** The accounts behind the targets. */
export const NATIVE: Readonly<Record<string, string>> = { 'aws/alpha': '111122223333', 'aws/beta': '444455556666' };

const MINUTE = 60_000;
const MORE = { [BOUND]: 'everything-mover' };
const BASE: Expectation = {
  what: 'as at the start',
  approvals: {
    reader: 1,
    mover: 2,
    open: 0,
    binder: 0,
    sharer: 0,
    auditor: 0,
    passer: 0,
    stamper: 0,
    visitor: 0,
    runner: 0,
  },
  maxMs: 6 * MINUTE,
  extensions: 2,
  left: [],
};

/** The variants that a reload can bring. The first is in force at the start; each other one is tighter in one way. */
export const VARIANTS: readonly Expectation[] = [
  BASE,
  {
    ...BASE,
    what: 'readers need two approvals, and movers move more',
    approvals: { ...BASE.approvals, reader: 2 },
    gives: MORE,
  },
  { ...BASE, what: 'two minutes at most, and one extension', maxMs: 2 * MINUTE, extensions: 1 },
  {
    ...BASE,
    what: 'the open role and the auditors’ are closed, and movers move more',
    gives: MORE,
    approvals: { reader: 1, mover: 2, binder: 0, sharer: 0, stamper: 0, visitor: 0, runner: 0 },
  },
  { ...BASE, what: 'eli and bo have left', left: ['eli', 'bo'] },
];

/** Compiles all variants. Throws with every problem if the documents are unsound. */
export function compileVariants(): readonly RulesInForce[] {
  return VARIANTS.map((variant) => {
    const files = documents(variant);
    const now = instant(Date.UTC(2026, 10, 21));
    const targets = must(parseTargets(files));
    const directory = must(parseDirectory(files, now));
    const policy = must(loadPolicy(files, { directory, targets, available: new Set<ProviderName>(['aws']) }));
    return { policy: withOwnMethods(policy), directory, loadedAt: now, problems: [] };
  });
}

/** The simulated cloud has methods that no provider of ours has, whose shapes the engine must know as well; no document can name them. */
function withOwnMethods(policy: PolicySet): PolicySet {
  const roles = [...policy.roles].map(([name, role]) => {
    const method = OWN[name] ?? null;
    return [name, method === null ? role : { ...role, aws: { ...role.aws, method } as never }] as const;
  });
  return { ...policy, roles: new Map(roles) };
}

function must<T>(result: { ok: true; value: T } | { ok: false; refusal: readonly unknown[] }): T {
  if (!result.ok) throw new Error(`the simulated company is unsound: ${JSON.stringify(result.refusal, null, 1)}`);
  return result.value;
}

function documents(variant: Expectation): readonly SourceFile[] {
  return [
    { path: 'directory.yaml', text: directory(variant) },
    { path: 'targets.yaml', text: TARGET_DOCUMENT },
    { path: 'roles.yaml', text: ROLES.map((name) => role(name, variant)).join('---\n') },
    { path: 'stamps.json', text: JSON.stringify(STAMPS) },
    {
      path: 'policies.yaml',
      text:
        Object.entries(variant.approvals)
          .map(([name, count]) => policy(name, count, variant))
          .join('---\n') + REST,
    },
  ];
}

const people = (name: string, left: boolean) =>
  `  ${name}: { name: ${name} of Sim, email: ${name}@sim.example, accounts: { aws: ${name} }${left ? ', active: false' : ''} }\n`;

function directory({ left }: Expectation): string {
  return `kind: directory
people:
${EVERYBODY.map((name) => people(name, left.includes(name))).join('')}groups:
  engineers: { description: Those who ask, members: [${ENGINEERS.join(', ')}] }
  leads: { description: Those who decide, members: [${LEADS.join(', ')}] }
`;
}

const TARGET_DOCUMENT = `kind: targets
targets:
  aws/alpha: { kind: account, native: '111122223333', description: People have users here, labels: { people: users }, owners: [group:leads] }
  aws/beta: { kind: account, native: '444455556666', description: People have roles here, labels: { people: roles }, owners: [group:leads] }
`;

const TIERS: Readonly<Record<(typeof ROLES)[number], number>> = {
  reader: 2,
  mover: 2,
  open: 3,
  binder: 3,
  sharer: 3,
  auditor: 3,
  passer: 3,
  stamper: 3,
  visitor: 3,
  runner: 3,
  keeper: 1,
  unplannable: 3,
};

const ON_AWS: Readonly<Partial<Record<(typeof ROLES)[number], string>>> = {
  [STAMPED]: `{ method: timed-policy, attachTo: user, path: ${PEOPLE}, policy: ./stamps.json }`,
  [VISITING]: `{ method: identity-center, permissionSet: ${PERMISSION_SET} }`,
  [CERTIFIED]: `{ method: roles-anywhere, role: ${ANYWHERE.role}, profile: ${ANYWHERE.profile} }`,
};

/** What the stamped may do: each statement has its own bounds. */
const STAMPS = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::stamps/*' },
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' },
  ],
};

const role = (name: (typeof ROLES)[number], { gives }: Expectation) => `kind: role
name: ${name}
tier: ${TIERS[name]}
owner: ${name === 'sharer' ? `person:${SHARERS_OWNER}` : 'group:leads'}
description: A role of the simulated company, called ${name}
aws: ${ON_AWS[name] ?? `{ method: assume-role, role: curfew/${gives?.[name] ?? name} }`}
`;

const policy = (name: string, count: number, variant: Expectation) => `kind: policy
name: ${name}s
who: { groups: [engineers] }
roles: [${name}]
targets: { people: [users, roles] }
duration: { default: ${Math.min(3 * MINUTE, variant.maxMs) / MINUTE}m, max: ${variant.maxMs / MINUTE}m, extensions: ${variant.extensions} }
${count > 0 ? `approval: [{ from: [group:leads], count: ${count} }]\n` : ''}`;

/** A role whose approval takes a signature, and one that the provider cannot plan: both are refused when they are asked for. */
const REST = `---
kind: policy
name: keepers
who: { groups: [engineers] }
roles: [keeper]
targets: { people: [users, roles] }
approval: [{ from: [group:leads] }]
---
kind: policy
name: unplannables
who: { groups: [engineers] }
roles: [unplannable]
targets: { people: [users, roles] }
`;
