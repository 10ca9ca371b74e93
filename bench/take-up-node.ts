import { openPostgres } from '../src/store/database.ts';
import { engineOver } from './engine-over.ts';
import { nowMs, recordingProvider } from './recording-provider.ts';

/**
 * An engine in a process of its own that says each call on standard output, `GRANT EPOCH_MS` a line. Arguments: connection string, and
 * `hangs` for a cloud that never answers, so that the claims stay held.
 */
const [connectionString, cloud] = process.argv.slice(2);
if (connectionString === undefined) throw new Error('a connection string');

const { provider } = recordingProvider(() => false);
const { db } = await openPostgres(connectionString);
const engine = engineOver(db, {
  ...provider,
  async observe(binding, ending, call) {
    process.stdout.write(`${binding.grant} ${nowMs()}\n`);
    // Not even when it is given up: nothing but the lease ends this claim.
    if (cloud === 'hangs') await new Promise(() => {});
    return provider.observe(binding, ending, call);
  },
});
process.stdout.write('ready\n');
await engine.run(new AbortController().signal);
