import { open, readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ConfigProblem } from './config.ts';

/** Largest document that is read: rules are written by people. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads every `.yaml`, `.yml` and `.json` below a folder, sorted, with paths relative to it; dot files and `clouds/` are left out.
 * Throws {@link ConfigProblem} when there is no such folder.
 */
export async function readSourceFiles(
  folder: string,
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    const what = code === 'ENOENT' ? 'does not exist' : 'is not a folder';
    throw new ConfigProblem(
      `The rules folder ${folder} ${what}. CURFEW_RULES_DIR must name the folder of your roles and policies.`,
    );
  });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name) && !entry.name.startsWith('.'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.startsWith('clouds/'))
    .sort();
  return Promise.all(
    paths.map(async (path) => {
      const bytes = await readFile(join(folder, path));
      if (bytes.length > MAX_BYTES) throw new Error(`${path} is larger than 1 MiB; rules are not that long`);
      return { path, text: bytes.toString('utf8') };
    }),
  );
}

/** Largest export of people that is read; 50,000 people take about half of it. */
const MAX_EXPORT_BYTES = 16 * 1024 * 1024;

/** Reads an export of people, whole or not at all. */
export async function readExportFile(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size > MAX_EXPORT_BYTES) throw Object.assign(new Error('the export is too large'), { code: 'EFBIG' });
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
