import { fileURLToPath } from 'node:url';
import { createEngine, type Engine } from '../src/engine/engine.ts';
import { parseDirectory } from '../src/identity/directory/yaml-directory.ts';
import { createPasskeyCeremony } from '../src/identity/passkeys/ceremony.ts';
import { createAppend } from '../src/ledger/append.ts';
import { createChanges } from '../src/operations/changes.ts';
import { recheckGrant } from '../src/operations/recheck-grant.ts';
import { openRules } from '../src/operations/reload-rules.ts';
import { signIn } from '../src/operations/sign-in.ts';
import type { Actor, World } from '../src/operations/world.ts';
import { systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { systemRandom } from '../src/platform/random.ts';
import { readSourceFiles } from '../src/platform/source-files.ts';
import { parseTargets } from '../src/posture/inventory.ts';
import type { Database } from '../src/store/database.ts';
import { fakeProvider } from '../tests/sql/fake-provider.ts';
import { verifiedIdentity } from '../tests/verified-identity.ts';

const ACME = fileURLToPath(new URL('../examples/acme/', import.meta.url));

/** Operations and engine over a database, with the rules and people of Acme, and a cloud that answers at once. */
export async function acmeBroker(
  database: Database,
): Promise<{ world: World; engine: Engine; actor: (key: string) => Promise<Actor> }> {
  const providers = new Map([['aws' as const, fakeProvider()]]);
  const rules = await openRules(
    {
      read: () => readSourceFiles(ACME),
      parseTargets,
      parseDirectory,
      available: new Set(providers.keys()),
      lastInForce: async () => null,
    },
    () => systemClock.now(),
  );
  if (!rules.ok) throw new Error('the rules of the bench are unsound');
  const append = createAppend(systemRandom.bytes(32), systemRandom);
  const changes = createChanges();
  const world: World = {
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    rules: rules.value,
    providers,
    changes,
    log: silentLog,
    append,
    passkeys: createPasskeyCeremony({ origin: 'https://curfew.acme.example' }, { kind: 'none' }),
    wake: (what) => engine.wake(what),
    endUnrecorded: async () => {},
    lapsesAfterMs: 3_600_000,
    maxPending: 20,
  };
  const engine: Engine = createEngine({
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: 'bench',
    providers,
    recheck: (grant) => recheckGrant(world, grant),
    append,
    publish: (change) => changes.publish(change),
    log: silentLog,
  });
  const actor = async (key: string): Promise<Actor> => {
    const person = await signIn(world, verifiedIdentity('https://sign-in.example', key));
    if (!person.ok) throw new Error(`${key} cannot sign in`);
    return { kind: 'person', person: person.value, key, roles: [], context: { via: 'api' } };
  };
  return { world, engine, actor };
}
