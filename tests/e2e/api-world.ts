import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { startDemoIdp, type DemoIdp } from '../../simulators/idp/demo-idp.ts';
import { createApi } from '../../src/api/create-api.ts';
import type { ApiOperations, PersonProfile } from '../../src/api/operations-port.ts';
import type { ApiParts } from '../../src/api/parts.ts';
import { parseId, type PersonId } from '../../src/core/ids.ts';
import { ok, refused } from '../../src/core/result.ts';
import { createAccessTokens } from '../../src/identity/access-tokens.ts';
import { createAuthorizationServer, type AuthorizationServer } from '../../src/identity/authorization-server.ts';
import { parseBaseUrl, type BaseUrl } from '../../src/identity/base-url.ts';
import { createCompanyProvider } from '../../src/identity/company-provider.ts';
import { makeSigningJwk, type IdentityKeys } from '../../src/identity/keys.ts';
import type { People } from '../../src/identity/people.ts';
import { createAppend } from '../../src/ledger/append.ts';
import { createChanges, type Changes } from '../../src/operations/changes.ts';
import { endCliSignIn } from '../../src/operations/own-sessions.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Log } from '../../src/platform/log.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import type { Database } from '../../src/store/database.ts';
import { insertLinked } from '../../src/store/linked-accounts.ts';
import { signInStands } from '../../src/store/oidc-payloads.ts';
import { personIdFor } from '../../src/store/people.ts';
import { createTallies } from '../../src/operations/tallies.ts';
import { emptyEmbedded } from '../embedded-template.ts';
import { freePorts } from '../free-ports.ts';

/** People of a small company; `zoe` has left. */
export const STAFF = [
  { key: 'ana', name: 'Ana Ruiz', title: 'Data engineer', email: 'ana@acme.example', active: true },
  { key: 'bo', name: 'Bo Lind', title: 'Team lead', email: 'bo@acme.example', active: true },
  { key: 'zoe', name: 'Zoe Tan', title: 'Left in spring', email: 'zoe@acme.example', active: false },
];

export interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that tests can read. */
export function listeningLog(): { readonly log: Log; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: Line['level']) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message });
  return { log: { info: at('info'), warn: at('warn'), error: at('error') }, lines };
}

export interface ApiWorld {
  readonly app: FastifyInstance;
  readonly base: BaseUrl;
  /** Where it listens: not at its base, when that is https, which a proxy would be. */
  readonly listensAt: string;
  readonly database: Database;
  readonly idp: DemoIdp;
  readonly keys: IdentityKeys;
  readonly authorizationServer: AuthorizationServer;
  readonly changes: Changes;
  readonly lines: readonly Line[];
  readonly staff: Map<string, PersonProfile & { active: boolean }>;
  close(): Promise<void>;
}

interface Options {
  /** The address of the broker; without one, plain http on this machine. */
  readonly origin?: string;
  readonly operations?: Partial<ApiOperations>;
  readonly publicLive?: boolean;
  readonly parts?: Partial<ApiParts>;
}

/** Starts the whole face: demo identity provider, authorization server and API, listening on a free port. */
export async function startApiWorld(options: Options = {}): Promise<ApiWorld> {
  const database = await emptyEmbedded();
  const port = await freePorts(1);
  const listensAt = `http://localhost:${port}`;
  const base = parseBaseUrl(options.origin ?? listensAt);
  const { log, lines } = listeningLog();
  const staff = new Map(STAFF.map((one) => [one.key, { ...one, groups: ['everyone'] }]));
  const ids = new Map<PersonId, string>();
  const people: People = {
    async admit({ issuer, subject }) {
      const person = staff.get(subject);
      if (person?.active !== true) return refused({ detail: 'Nobody in the directory is you.' });
      const known = [...ids].find(([, key]) => key === person.key)?.[0];
      if (known !== undefined) return ok(known);
      const [now, fresh] = [systemClock.now(), newId(systemRandom, 'per')];
      // The account is theirs from then on, which the end of a sign-in looks at.
      const id = await database.db.transaction().execute(async (trx) => {
        const made = await personIdFor(trx, person.key, fresh, now);
        const account = { id: newId(systemRandom, 'lnk'), issuer, subject, person: made, linkedAt: now };
        await insertLinked(trx, { ...account, proof: 'directory', signsIn: true });
        return made;
      });
      ids.set(id, person.key);
      return ok(id);
    },
    find(id) {
      const person = staff.get(ids.get(id) ?? '');
      return Promise.resolve(person ?? null);
    },
  };
  const idp = await startDemoIdp({ port: 0, people: STAFF, clientRedirects: [`${base.origin}/sign-in/callback`] });
  const keys: IdentityKeys = {
    signing: [makeSigningJwk()],
    cookies: [randomBytes(32).toString('hex')],
    sealing: randomBytes(32),
  };
  const epoch = { known: () => 'one', look: () => Promise.resolve('one') };
  const changes = createChanges();
  const append = createAppend(randomBytes(32), systemRandom);
  const world = { db: database.db, clock: systemClock, log, append, changes };
  const authorizationServer = createAuthorizationServer({
    base,
    db: database.db,
    keys,
    companies: [companyAt(idp)],
    linkProven: () => Promise.resolve(refused({ detail: 'This test links nothing.' })),
    people,
    endAtCompany: () => Promise.resolve(false),
    endSignIn: (id, cause) => endCliSignIn(world, id, cause),
    openSession: () => Promise.resolve(refused({ detail: 'This test has no browser.' })),
    clock: systemClock,
    random: systemRandom,
    log,
    epoch,
  });
  const tokens = createAccessTokens({
    base,
    verificationKeys: authorizationServer.verificationKeys,
    clock: systemClock,
    epoch,
  });
  const profile = (key: string): PersonProfile | null => {
    const person = staff.get(key);
    return person?.active === true ? person : null;
  };
  const operations = new Proxy(
    {
      profile,
      signInStands: (id) => signInStands(database.db, id),
      rolesOf: () => Promise.resolve([]),
      subscribe: (listener) => changes.subscribe(listener),
      ...options.operations,
    } as ApiOperations,
    {
      get(target, name: keyof ApiOperations) {
        return target[name] ?? (() => Promise.reject(new Error(`the test did not expect ${name}`)));
      },
    },
  );
  const app = await createApi({
    operations,
    tokens,
    authorizationServer,
    ledger: {
      entries: () => Promise.resolve(ok([])),
      checkpoints: () => Promise.resolve(ok([])),
      latestCheckpoint: () => Promise.resolve(ok(null)),
      proof: () => Promise.resolve(ok(null)),
      personal: () => Promise.resolve(ok(null)),
      reconciliation: () => Promise.resolve(ok({ rows: [], nextAfter: null })),
    },
    checks: Object.fromEntries(
      ['database', 'clock', 'policy', 'engine', 'ledger', 'mail'].map((name) => [
        name,
        () => Promise.resolve({ ok: true }),
      ]),
    ) as ApiParts['checks'],
    metrics: {
      grants: () => Promise.resolve({ active: 2 }),
      ledgerSize: () => Promise.resolve(7),
      engineLagMs: () => Promise.resolve(0),
      policyAlarms: () => ({ request: 0, decision: 0, start: 0 }),
      findings: () => createTallies().findings.counts,
    },
    db: database.db,
    base,
    version: '0.0.0-test',
    logKey: { origin: 'test.example/log', vkey: 'test.example/log+00000000+AAAA' },
    aws: null,
    publicLive: options.publicLive ?? false,
    demo: null,
    portalDir: '/nowhere',
    log,
    clock: systemClock,
    random: systemRandom,
    ...options.parts,
  });
  await app.listen({ port, host: '127.0.0.1' });
  return {
    app,
    base,
    listensAt,
    database,
    idp,
    keys,
    authorizationServer,
    changes,
    lines,
    staff,
    async close() {
      await app.close();
      await idp.close();
      await database.close();
    },
  };
}

/** The demo's provider as the company's own. */
export function companyAt({ issuer, clientId }: Pick<DemoIdp, 'issuer' | 'clientId'>) {
  const settings = { name: 'oidc', title: 'Acme', issuer, clientId, freshSignIn: 'verified', use: 'sign-in' } as const;
  return createCompanyProvider(settings, systemClock);
}

export const anId = <Prefix extends 'req' | 'grt'>(prefix: Prefix) => {
  const id = parseId(prefix, `${prefix}_${'a'.repeat(20)}`);
  if (id === null) throw new Error('not an id');
  return id;
};
