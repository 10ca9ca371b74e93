import { ok } from '../src/core/result.ts';
import { createEngine, type Engine } from '../src/engine/engine.ts';
import { createAppend } from '../src/ledger/append.ts';
import { createSigner } from '../src/ledger/note.ts';
import { sequence } from '../src/ledger/sequencer.ts';
import { systemClock } from '../src/platform/clock.ts';
import { makeEd25519Pem } from '../src/platform/key-files.ts';
import { silentLog } from '../src/platform/log.ts';
import { newId, systemRandom } from '../src/platform/random.ts';
import type { Provider } from '../src/providers/contract.ts';
import { appNow } from '../src/store/database.ts';
import type { Db } from '../src/store/schema.ts';

/** An engine over a database, with the real log: what `main.ts` puts together, without rules, API and clouds. */
export function engineOver(db: Db, provider: Provider, publish: (id: string) => void = () => {}): Engine {
  return createEngine({
    db,
    clock: systemClock,
    random: systemRandom,
    node: newId(systemRandom, 'req'),
    providers: new Map([['aws', provider]]),
    recheck: async () => ok(null),
    append: createAppend(systemRandom.bytes(32), systemRandom),
    publish: ({ id }) => publish(id),
    log: silentLog,
  });
}

/** Gives the log its places four times a second, as a broker does, until the signal fires. Returns how many entries got one. */
export async function keepSequencing(db: Db, signal: AbortSignal): Promise<number> {
  const signer = createSigner('bench/log', makeEd25519Pem());
  let placed = 0;
  while (!signal.aborted) {
    for (let some = -1; some !== 0; placed += some) some = await sequence(db, signer, await appNow(db));
    await systemClock.sleep(250, signal);
  }
  return placed;
}
