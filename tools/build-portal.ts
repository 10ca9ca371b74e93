import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { firstLoad, type Chunk } from './portal-size.ts';

/**
 * `npm run build:web`: builds the portal into `web/dist` unless what is there was made from these very sources. `npm start`
 * and the browser tests run it, so that nobody has to remember.
 */

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const WEB = join(ROOT, 'web');
const DIST = join(WEB, 'dist');
/** Says what `web/dist` was made from, and how much a first visit loads. */
const STAMP = join(DIST, 'built.json');

/** What a build comes from: everything in `web/` that is ours, and the versions of what is not. */
const SOURCES = ['web/{src,public}/**/*.*', 'web/*.{html,ts,json}', 'package-lock.json', 'tools/build-portal.ts'];

export interface Built {
  readonly sources: string;
  /** Gzipped bytes of the first visit to the home page. */
  readonly javascript: number;
  readonly css: number;
}

function sourcesHash(): string {
  const hash = createHash('sha256');
  for (const path of globSync(SOURCES, { cwd: ROOT }).sort()) {
    if (path.endsWith('.test.ts')) continue;
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(ROOT, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

function built(): Built | null {
  if (!existsSync(STAMP) || !existsSync(join(DIST, 'index.html'))) return null;
  return JSON.parse(readFileSync(STAMP, 'utf8')) as Built;
}

/** Vite and React go by NODE_ENV: under a test runner, which says `test`, the portal would be a third larger, and every effect run twice. */
async function build(): Promise<void> {
  const { NODE_ENV } = process.env;
  process.env['NODE_ENV'] = 'production';
  try {
    const vite = await import('vite');
    await vite.build({ configFile: join(WEB, 'vite.config.ts'), logLevel: 'warn' });
  } finally {
    if (NODE_ENV === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = NODE_ENV;
  }
}

/** Builds if it must. `fresh`: whether it did. */
export async function buildPortal(): Promise<Built & { readonly fresh: boolean }> {
  const sources = sourcesHash();
  const before = built();
  if (before?.sources === sources) return { ...before, fresh: false };
  await build();
  const manifest = JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8')) as Readonly<Record<string, Chunk>>;
  const folder = join(DIST, 'portal');
  const made = new Set(Object.values(manifest).flatMap(({ file, css = [] }) => [file, ...css]));
  for (const name of readdirSync(folder)) {
    if (!made.has(`portal/${name}`) && name !== 'theme.js') rmSync(join(folder, name));
  }
  const size = { javascript: 0, css: 0 };
  const first = firstLoad(manifest, ['index.html', 'src/pages/home/home.tsx']);
  for (const file of made) {
    const body = readFileSync(join(DIST, file));
    const gzipped = gzipSync(body, { level: 9 });
    writeFileSync(join(DIST, `${file}.gz`), gzipped);
    const quality = { [constants.BROTLI_PARAM_QUALITY]: 9 };
    writeFileSync(join(DIST, `${file}.br`), brotliCompressSync(body, { params: quality }));
    if (first.has(file)) size[file.endsWith('.css') ? 'css' : 'javascript'] += gzipped.length;
  }
  const after: Built = { sources, ...size };
  writeFileSync(STAMP, `${JSON.stringify(after)}\n`);
  return { ...after, fresh: true };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { fresh, javascript, css } = await buildPortal();
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
  if (fresh)
    console.log(
      `The portal is built: ${kb(javascript)} of JavaScript and ${kb(css)} of CSS at the first visit (gzip).`,
    );
}
