import { readFileSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../src/api/api-under-test.ts';
import { ledgerReads } from '../../src/api/bind-ledger.ts';
import { bindOperations } from '../../src/api/bind-operations.ts';
import { ok } from '../../src/core/result.ts';
import { after, instant } from '../../src/core/time.ts';
import type { AccessTokens } from '../../src/identity/access-tokens.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import type { Database } from '../../src/store/database.ts';
import { everyCell, type Cells } from './every-cell.ts';
import { testEmbedded } from './harness.ts';
import { MASTER_KEY } from './ledger-under-test.ts';

/** A part of a schema of docs/openapi.json. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}
interface Described {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
            readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
const DOCUMENT = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as Described;

/** Every route of /v1, as docs/openapi.json has them. */
export const ROUTES = Object.entries(DOCUMENT.paths)
  .filter(([path]) => path.startsWith('/v1/'))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
      path,
      queries: (described.parameters ?? []).filter((one) => one.in === 'query'),
      body: described.requestBody?.content['application/json']?.schema ?? null,
    })),
  );

const referred = (name: string): Schema => DOCUMENT.components.schemas[name.split('/').at(-1) ?? ''] ?? {};

/** The least that a schema takes. */
export function sample(schema: Schema): unknown {
  if (schema.$ref !== undefined) return sample(referred(schema.$ref));
  if (schema.anyOf?.[0] !== undefined) return sample(schema.anyOf[0]);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === 'array') return [sample(schema.items ?? {})];
  if (schema.type !== 'object') return schema.type === 'string' ? '15m' : 1;
  const required = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name) === true);
  return Object.fromEntries(required.map(([name, inner]) => [name, sample(inner)]));
}

/** Cells over a database of their own and the API over them, from before the first test of the suite that calls it until after its last. */
export function cellsBehindApi(): { readonly cells: () => Cells; readonly api: () => ApiUnderTest } {
  let started: { readonly database: Database; readonly cells: Cells; readonly api: ApiUnderTest } | null = null;
  beforeAll(async () => {
    const database = await testEmbedded();
    const cells = await everyCell(database);
    started = { database, cells, api: await apiOverCells(cells) };
  });
  afterAll(async () => {
    await started?.api.close();
    await started?.database.close();
  });
  const running = () => {
    if (started === null) throw new Error('the tests have not begun');
    return started;
  };
  return { cells: () => running().cells, api: () => running().api };
}

/** The API over the database of the cells, where a token is the key of whoever has it. */
async function apiOverCells(cells: Cells): Promise<ApiUnderTest> {
  const { world } = cells.acme;
  const tokens: AccessTokens = {
    async verify(key) {
      const now = systemClock.now();
      const times = { expiresAt: after(now, 600_000), signedInAt: instant(now), signInEndsAt: after(now, 3_600_000) };
      const { person } = await cells.acme.as(key);
      return ok({
        person,
        key,
        ...times,
        signIn: newId(systemRandom, 'ses'),
        authenticatedAt: now,
        mfaAt: null,
        via: 'cli',
      });
    },
  };
  const ledger = ledgerReads(world, MASTER_KEY);
  const limits = { perAddressPerMinute: 100_000, perPersonPerMinute: 100_000 };
  const operations = { ...bindOperations(world), signInStands: () => Promise.resolve(true) };
  return apiUnderTest(operations, { db: world.db, clock: systemClock, tokens, ledger, limits });
}

/** The least that a schema takes, again and again, each time with another of its texts in it, and where that stands. */
export function bodiesWith(schema: Schema, text: string, at = ''): readonly { readonly at: string; body: unknown }[] {
  if (schema.$ref !== undefined) return bodiesWith(referred(schema.$ref), text, at);
  const either = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (either.length > 0) return either.flatMap((one) => bodiesWith(one, text, at));
  if (schema.type === 'array')
    return bodiesWith(schema.items ?? {}, text, `${at}[]`).map((one) => ({ ...one, body: [one.body] }));
  if (schema.type === 'string')
    return schema.enum === undefined && schema.const === undefined ? [{ at, body: text }] : [];
  if (schema.type !== 'object') return [];
  const least = sample(schema) as object;
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    bodiesWith(inner, text, `${at}.${name}`).map((one) => ({ ...one, body: { ...least, [name]: one.body } })),
  );
}
