import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { zip } from './zip.ts';

/**
 * `node tools/build-sweeper.ts`: makes the zips of the sweeper as a function, dist/curfew-sweeper.zip for AWS Lambda and
 * dist/curfew-sweeper-azure.zip for Azure Functions. The code is one file, because neither loads TypeScript by itself, and the AWS SDK of
 * Lambda's runtime is of a version that AWS chooses. The bundler is the one that Vitest brings.
 */
const ROOT = resolve(import.meta.dirname, '..');
export const SWEEPER_ENTRIES = { aws: '../src/cli/sweep-lambda.ts', azure: '../src/cli/sweep-function.ts' } as const;

/** Where Azure Functions finds the code, and that it runs every minute, one at a time (host.json and function.json of the v4 runtime). */
const FUNCTION_FILES = {
  'host.json': { version: '2.0', functionTimeout: '00:05:00' },
  'sweep/function.json': {
    scriptFile: '../sweeper.mjs',
    bindings: [{ name: 'timer', type: 'timerTrigger', direction: 'in', schedule: '0 * * * * *', useMonitor: false }],
  },
};

/** A function's code: one ES module that needs nothing but Node. Throws when something could not be bundled. */
export async function sweeperBundle(cloud: keyof typeof SWEEPER_ENTRIES = 'aws'): Promise<string> {
  const bundle = await rolldown({
    input: resolve(import.meta.dirname, SWEEPER_ENTRIES[cloud]),
    platform: 'node',
    onLog(level, log) {
      // An import that was not found would be left to a node_modules that the function does not have.
      if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
      if (level === 'warn') console.error(log.message);
    },
  });
  try {
    const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
    const [chunk, ...more] = output;
    if (more.length > 0) throw new Error(`the bundle has ${more.length} files too many`);
    return chunk.code;
  } finally {
    await bundle.close();
  }
}

/** What is in the zip of a function, by its path there. */
export async function functionFiles(
  cloud: keyof typeof SWEEPER_ENTRIES,
): Promise<readonly (readonly [string, string])[]> {
  const code = await sweeperBundle(cloud);
  if (cloud === 'aws') return [['index.mjs', code]];
  const settings = Object.entries(FUNCTION_FILES).map(([name, body]) => [name, JSON.stringify(body, null, 2)] as const);
  return [['sweeper.mjs', code], ...settings];
}

if (import.meta.main) {
  for (const [cloud, name] of [
    ['aws', 'curfew-sweeper.zip'],
    ['azure', 'curfew-sweeper-azure.zip'],
  ] as const) {
    const file = join(ROOT, 'dist', name);
    const files = await functionFiles(cloud);
    const archive = zip(files.map(([path, text]) => ({ name: path, body: Buffer.from(text, 'utf8') })));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, archive);
    console.log(`${file}: ${Math.ceil(archive.length / 1024)} KB`);
  }
}
