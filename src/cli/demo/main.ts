import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDemo } from './start-demo.ts';
import { banner } from './banner.ts';
import { FolderInUse, lockFolder } from '../../platform/folder-lock.ts';
import { ConfigProblem, readPort } from '../../platform/config.ts';
import { PortInUse, requireFreePorts } from '../../platform/ports.ts';
import { exit, readEnvironment, runNode, stopSignal } from '../../platform/processes.ts';
import { WITNESS_FILE } from '../../platform/witness-file.ts';
import { stopLeftover } from './cloud-process.ts';
import { CLOUD_FOLDERS } from './demo-clouds.ts';

const USAGE = `Usage: npm start -- [--fresh] [--port N]

Runs Curfew with simulated clouds and the people of a made-up company.
  --fresh     begin anew: forget everything in .curfew/
  --port N    listen on N (and N+1 to N+4 for two simulated clouds and two sign-ins); default 7420
`;

/** A program of the repository, where alone the demo runs. */
const PORTAL_BUILDER = 'tools/build-portal.ts';

/** `npm start`: the demo. Everything that is only for demonstration is reachable from here alone. */
async function main(args: readonly string[]): Promise<number> {
  const env = readEnvironment();
  let port = readPort(env['CURFEW_PORT'] ?? '7420');
  let fresh = false;
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index];
    if (argument === '--fresh') fresh = true;
    else if (argument === '--port') port = readPort(args[(index += 1)] ?? '');
    else if (argument === '--help' || argument === '-h') return print(USAGE, 0);
    else return print(`"${argument ?? ''}" is not understood.\n\n${USAGE}`, 2);
  }
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const dataDir = resolve(root, env['CURFEW_DATA_DIR'] ?? '.curfew');
  const shownDir = env['CURFEW_DATA_DIR'] === undefined ? '.curfew/' : dataDir;
  const unlock = lockFolder(dataDir);
  try {
    if (fresh) {
      await Promise.all(CLOUD_FOLDERS.map((name) => stopLeftover(join(dataDir, name))));
      for (const name of ['database', WITNESS_FILE, ...CLOUD_FOLDERS, 'keys', 'sign-in'])
        rmSync(join(dataDir, name), { recursive: true, force: true });
    }
    await requireFreePorts([port, port + 2, port + 3], `npm start -- --port ${port + 100}`);
    const stop = stopSignal();
    // Only when what is there was made from other sources: some seconds then, a tenth of one otherwise.
    await runNode([PORTAL_BUILDER], { cwd: root });
    const demo = await startDemo({ root, dataDir, port, logLevel: env['CURFEW_LOG_LEVEL'] ?? 'error' });
    process.stdout.write(banner(demo, shownDir));
    if (!stop.aborted) await new Promise((done) => stop.addEventListener('abort', done, { once: true }));
    process.stdout.write('\nStopping…\n');
    await demo.close();
    process.stdout.write(
      `Stopped. Your data stays in ${shownDir}; "npm start" goes on, "npm start -- --fresh" begins anew.\n`,
    );
    return 0;
  } finally {
    unlock();
  }
}

function print(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(text);
  return code;
}

try {
  exit(await main(process.argv.slice(2)));
} catch (error) {
  const known = error instanceof FolderInUse || error instanceof ConfigProblem || error instanceof PortInUse;
  process.stderr.write(
    known
      ? `${error.message}\n`
      : `Curfew could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  exit(1);
}
