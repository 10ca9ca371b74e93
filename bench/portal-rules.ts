import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PEOPLE } from './live-grants.ts';

const ACME = fileURLToPath(new URL('../examples/acme/', import.meta.url));

/** How large the company has become. */
export const LARGE = { targets: 5_000, roles: 200, teams: 50 } as const;

const ENVS = ['prod', 'staging', 'dev', 'lab'] as const;

/**
 * Writes the rules of Acme into a folder, with ten thousand people more, and so many AWS accounts and roles that the portal has something to search: every data
 * engineer may ask for each role in the accounts of one team.
 */
export function writeLargeAcme(folder: string): void {
  cpSync(ACME, folder, { recursive: true });
  const targets = Object.fromEntries(
    Array.from({ length: LARGE.targets }, (_, index) => [
      accountName(index),
      {
        kind: 'account',
        native: String(500_000_000_000 + index),
        description: `Account number ${index} of a large company`,
        labels: { env: ENVS[index % ENVS.length], team: `t${index % LARGE.teams}` },
      },
    ]),
  );
  const roles = Array.from({ length: LARGE.roles }, (_, index) => ({
    kind: 'role',
    name: `operator-${index}`,
    tier: 2 + (index % 2),
    owner: 'group:sre',
    description: `Operate the service number ${index}`,
    aws: { method: 'assume-role', role: `curfew/operator-${index}` },
  }));
  const policies = roles.map(({ name }, index) => ({
    kind: 'policy',
    name: `operate-${index}`,
    who: { groups: ['data-engineers'] },
    roles: [name],
    targets: { team: `t${index % LARGE.teams}` },
    duration: { max: '4h' },
    ...(index % 2 === 0 ? {} : { approval: [{ from: ['group:data-leads'], count: 1 }] }),
  }));
  // Whoever holds something has to be there, or it would be taken away.
  const people = Object.fromEntries(
    Array.from({ length: PEOPLE }, (_, index) => [
      `bench-${index}`,
      { name: `Person ${index}`, email: `bench-${index}@acme.example` },
    ]),
  );
  // JSON is YAML.
  const write = (name: string, documents: readonly object[]): void =>
    writeFileSync(join(folder, `large-${name}.yaml`), documents.map((one) => JSON.stringify(one)).join('\n---\n'));
  write('targets', [{ kind: 'targets', targets }]);
  write('people', [{ kind: 'directory', people }]);
  write('rules', [...roles, ...policies]);
}

/** `aws/a0042`: with as many digits each, so that no name is the beginning of another one. */
export function accountName(index: number): string {
  return `aws/a${String(index).padStart(4, '0')}`;
}
