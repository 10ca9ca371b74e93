import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { zip } from './zip.ts';

/**
 * `node tools/build-sweeper.ts [file]`: makes the zip of the sweeper's Lambda function, dist/curfew-sweeper.zip. One file, because Lambda
 * (nodejs24.x) loads no TypeScript by itself, and the AWS SDK of its runtime is of a version that AWS chooses. The bundler is the one that
 * Vitest brings.
 */
const ROOT = resolve(import.meta.dirname, '..');
export const SWEEPER_ENTRY = '../src/cli/sweep-lambda.ts';

/** The function's code: one ES module that needs nothing but Node. Throws when something could not be bundled. */
export async function sweeperBundle(): Promise<string> {
  const bundle = await rolldown({
    input: resolve(import.meta.dirname, SWEEPER_ENTRY),
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

if (import.meta.main) {
  const file = resolve(process.argv[2] ?? join(ROOT, 'dist/curfew-sweeper.zip'));
  const body = Buffer.from(await sweeperBundle(), 'utf8');
  const archive = zip([{ name: 'index.mjs', body }]);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, archive);
  console.log(`${file}: ${Math.ceil(archive.length / 1024)} KB, handler index.handler`);
}
