import { openOffline, type Offline } from '../offline.ts';
import { ConfigProblem, readConfig } from '../platform/config.ts';
import { FolderInUse, lockFolder } from '../platform/folder-lock.ts';
import { KeyFileProblem } from '../platform/key-files.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { Failure, usage } from './failure.ts';

/**
 * Does something on the database of the broker, without asking a server, because nobody who could act can sign in: whoever has a shell there,
 * the keys and the database is trusted with all of it already. At a terminal alone. `page`: where it is explained.
 */
export async function atTheDatabase(
  context: Context,
  page: string,
  work: (offline: Offline) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (!context.interactive)
    throw usage('This is confirmed at a terminal, by somebody who reads what it does.', 'Run it without a pipe.');
  try {
    const config = readConfig(context.place.env);
    const unlock = config.databaseUrl === null ? lockFolder(config.dataDir) : () => {};
    try {
      const offline = await openOffline(config);
      try {
        return await work(offline);
      } finally {
        await offline.close();
      }
    } finally {
      unlock();
    }
  } catch (error) {
    const known = [ConfigProblem, FolderInUse, KeyFileProblem].some((kind) => error instanceof kind);
    if (known && error instanceof Error)
      throw new Failure(error.message, { code: 'nothing-done', hint: `See ${page}.` });
    throw error;
  }
}
