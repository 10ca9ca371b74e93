import type { Result } from '../../src/core/result.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { parseDirectory } from '../../src/identity/directory/yaml-directory.ts';
import { createPasskeyCeremony } from '../../src/identity/passkeys/ceremony.ts';
import { createAppend } from '../../src/ledger/append.ts';
import { createChanges } from '../../src/operations/changes.ts';
import { recheckGrant } from '../../src/operations/recheck-grant.ts';
import { openRules, type RulesHolder } from '../../src/operations/reload-rules.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import type { OperationRefusal } from '../../src/operations/refusal.ts';
import type { Actor, World } from '../../src/operations/world.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { newId, systemRandom, type Random } from '../../src/platform/random.ts';
import type { SourceFile } from '../../src/policy/types.ts';
import { parseTargets } from '../../src/posture/inventory.ts';
import type { Database } from '../../src/store/database.ts';
import { acmeFiles } from '../acme-world.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';
import { MASTER_KEY } from './ledger-under-test.ts';
import { verifiedIdentity } from '../verified-identity.ts';

/** The address of the broker under test, and so the page on which its passkeys sign. */
export const ACME_ORIGIN = 'https://curfew.acme.example';
/** Who vouches for the people of the tests. */
export const ISSUER = 'https://sign-in.acme.example';

/** Operations and engine over a test database, with Acme's rules and a cloud in memory. */
export interface AcmeOperations {
  readonly world: World;
  readonly engine: Engine;
  readonly provider: FakeProvider;
  readonly rules: RulesHolder;
  /** Changes the documents that the next reload reads. */
  edit(change: (file: SourceFile) => SourceFile): void;
  reload(): Promise<boolean>;
  /** The rules as another start would find them. */
  restart(): Promise<RulesHolder>;
  as(key: string): Promise<Actor>;
}

/** A cloud, a clock and randomness of the test's own. */
interface Surroundings {
  readonly provider?: FakeProvider;
  readonly clock?: Clock;
  readonly random?: Random;
}

export async function acmeOperations(
  database: Database,
  { provider = fakeProvider(), clock = systemClock, random = systemRandom }: Surroundings = {},
): Promise<AcmeOperations> {
  const providers = new Map([['aws' as const, provider]]);
  let files = acmeFiles();
  const start = async (): Promise<RulesHolder> => {
    const opened = await openRules(
      {
        read: async () => files,
        parseTargets,
        parseDirectory,
        available: new Set(providers.keys()),
        lastInForce: async () => null,
      },
      () => clock.now(),
    );
    if (!opened.ok) throw new Error(JSON.stringify(opened.refusal));
    return opened.value;
  };
  const rules = await start();
  const append = createAppend(MASTER_KEY, random);
  const changes = createChanges();
  const world: World = {
    db: database.db,
    clock,
    random,
    rules,
    providers,
    changes,
    log: silentLog,
    append,
    passkeys: createPasskeyCeremony({ origin: ACME_ORIGIN }, { kind: 'none' }),
    wake: () => {},
    endUnrecorded: (grant, cause, by) => engine.endUnrecorded(grant, cause, by),
    lapsesAfterMs: 3_600_000,
    maxPending: 3,
  };
  const engine: Engine = createEngine({
    db: database.db,
    clock,
    random,
    node: 'test',
    providers,
    recheck: (grant) => recheckGrant(world, grant),
    append,
    publish: (change) => changes.publish(change),
    log: silentLog,
  });
  return {
    world,
    engine,
    provider,
    rules,
    edit: (change) => void (files = files.map(change)),
    reload: () => rules.reload(world),
    restart: start,
    async as(key) {
      const person = await signIn(world, verifiedIdentity(ISSUER, key));
      if (!person.ok) throw new Error(`${key} cannot sign in`);
      const now = systemClock.now();
      return {
        kind: 'person',
        person: person.value,
        key,
        roles: [],
        context: { via: 'api' },
        signIn: { id: newId(systemRandom, 'ses'), authenticatedAt: now },
      };
    },
  };
}

/** The value of an outcome; throws what it was refused for. */
export function got<Value>(outcome: Result<Value, unknown>): Value {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`);
  return outcome.value;
}

/** The code of a refusal: of its first reason where there are several. */
export function code(outcome: Result<unknown, OperationRefusal>): string {
  return outcome.ok ? 'ok' : (outcome.refusal.refusals?.[0]?.code ?? outcome.refusal.code);
}
