import { sql } from 'kysely';
import { expect } from 'vitest';
import { linkAccount } from '../../src/operations/linked-accounts.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import type { Database } from '../../src/store/database.ts';
import { ISSUER, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { verifiedIdentity } from '../verified-identity.ts';

export const OTHER_ISSUER = 'https://contractors.example';
export const BECAUSE = { reason: 'The personnel office says that they are one' };

/** What tests about persons and their accounts do to Acme; both are asked for at each call, because each test has its own. */
export function personnel(current: () => Database, acme: () => AcmeOperations) {
  const edit = async (path: string, from: string | RegExp, to: string): Promise<void> => {
    acme().edit((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
    await acme().reload();
    expect(acme().rules.current().problems).toEqual([]);
  };
  return {
    edit,
    /** Writes into the directory what account somebody has. */
    give: (key: string, subject: string, name = 'oidc') =>
      edit(
        'directory.yaml',
        new RegExp(`^( {2}${key}:[^]*?accounts: \\{)(?: ${name}: [\\w-]+,)?`, 'm'),
        `$1 ${name}: ${subject},`,
      ),
    async bodies(kind: string): Promise<readonly { facts: Record<string, unknown>; text: string }[]> {
      const { rows } = await sql<{ body: string }>`
        select body from ledger_outbox where body::jsonb ->> 'kind' = ${kind} order by id`.execute(current().db);
      return rows.map(({ body }) => ({ ...(JSON.parse(body) as { facts: Record<string, unknown> }), text: body }));
    },
    enter: (subject: string, issuer = ISSUER) => signIn(acme().world, verifiedIdentity(issuer, subject)),
    async link(key: string, subject: string) {
      const proven = { issuer: OTHER_ISSUER, subject, proof: 'sign-in', name: 'contractors', signsIn: true } as const;
      return linkAccount(acme().world, await acme().as(key), proven);
    },
    /** Makes admins of some people: what the first proposes the second confirms. */
    async admins(...keys: readonly string[]): Promise<void> {
      for (const key of keys) await giveRole(acme(), key, 'admin');
    },
  };
}
