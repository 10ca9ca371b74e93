import { portalIsBuilt } from '../api/pages/portal.ts';
import { startBroker } from '../main.ts';
import { ConfigProblem, readConfig } from '../platform/config.ts';
import { FolderInUse, lockFolder } from '../platform/folder-lock.ts';
import { KeyFileProblem } from '../platform/key-files.ts';
import { createLog } from '../platform/log.ts';
import { PortInUse, requireFreePorts } from '../platform/ports.ts';
import { stopSignal } from '../platform/processes.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** Runs a broker until somebody stops it. It cannot reach anything of the demo: simulated clouds are not in its import graph. */
export async function serve(context: Context, options: { readonly restored?: boolean } = {}): Promise<ExitCode> {
  try {
    const config = readConfig(context.place.env);
    const unlock = config.databaseUrl === null ? lockFolder(config.dataDir) : () => {};
    try {
      await requireFreePorts([config.port], `CURFEW_PORT=${config.port + 100}`);
      const stop = stopSignal();
      const broker = await startBroker({
        config,
        log: createLog(config.logLevel),
        restored: options.restored === true,
      });
      context.say(
        config.role === 'engine'
          ? `The engine runs; its health is at port ${config.port}. Ctrl-C stops it.`
          : `Curfew serves ${broker.url}. Ctrl-C stops it.`,
      );
      if (config.role !== 'engine' && !portalIsBuilt())
        context.say('The portal is not built, so there are no pages: npm run build:web');
      if (broker.adminCode !== null) context.say(adminCodeWords(broker.adminCode));
      if (!stop.aborted) await new Promise((done) => stop.addEventListener('abort', done, { once: true }));
      await broker.close();
      return EXIT.ok;
    } finally {
      unlock();
    }
  } catch (error) {
    const known = [ConfigProblem, FolderInUse, KeyFileProblem, PortInUse].some((kind) => error instanceof kind);
    if (known && error instanceof Error)
      throw new Failure(error.message, { code: 'cannot-start', hint: 'See docs/running.md.' });
    throw error;
  }
}

/** Shown on the console alone: whoever can read it decides who the first admin is. */
function adminCodeWords({ code, expiresAt }: { readonly code: string; readonly expiresAt: string }): string {
  return [
    '',
    'Nobody is an admin of this Curfew yet. Whoever signs in and types this code first is:',
    `  ${code}`,
    'with "curfew login", then "curfew admin claim".',
    `It is good once, until ${expiresAt}, and void after five wrong tries or the next start, which prints another.`,
    '',
  ].join('\n');
}
