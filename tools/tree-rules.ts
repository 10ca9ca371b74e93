import { posix } from 'node:path';

/** Paths from the root, with `/` between folders, and how to read one of them. */
export interface Tree {
  readonly paths: readonly string[];
  readonly read: (path: string) => string;
}

const folderOf = (path: string): string => posix.dirname(path);
const isTypeScript = (path: string): boolean => /\.tsx?$/.test(path);

/** Folders of code under `src/` without a README.md, or with one that is longer than fifteen lines. */
export function foldersWithoutReadme({ paths, read }: Tree): readonly string[] {
  const folders = new Set(paths.filter((path) => path.startsWith('src/') && isTypeScript(path)).map(folderOf));
  return [...folders].sort().flatMap((folder) => {
    const readme = `${folder}/README.md`;
    if (!paths.includes(readme)) return [`${readme} is missing`];
    const length = read(readme).trimEnd().split('\n').length;
    return length > 15 ? [`${readme} has ${length} lines`] : [];
  });
}

/** Providers that no test of the contract suite is named for. */
export function providersWithoutContractTest({ paths }: Tree): readonly string[] {
  const names = paths.flatMap((path) => /^src\/providers\/([^/]+)\/.*\.ts$/.exec(path)?.[1] ?? []);
  return [...new Set(names)].filter((name) => !paths.includes(`tests/contract/${name}.test.ts`)).sort();
}

/** What runs by itself: programs, tests, tools and benches. A module that none of them reaches is dead. */
const ENTRIES = [
  /^src\/main\.ts$/,
  /^src\/cli\/(demo\/)?main\.ts$/,
  /^simulators\/[^/]+\/main\.ts$/,
  /^(tests|tools|bench)\//,
  /^web\/(src\/main\.tsx|[^/]+\.ts)$/,
  /\.test\.ts$/,
  /^[^/]+\.ts$/,
];

/**
 * Modules that nothing reaches. A test does not keep alive the module that it is named for: code that only its own test
 * uses is dead too.
 */
export function deadModules({ paths, read }: Tree): readonly string[] {
  const modules = paths.filter(isTypeScript);
  const known = new Set(modules);
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    const own = path.replace(/\.test\.ts$/, '.ts');
    for (const target of importsOf(path, read(path))) if (known.has(target) && target !== own) visit(target);
  };
  modules.filter((path) => ENTRIES.some((entry) => entry.test(path))).forEach(visit);
  return modules.filter((path) => !reached.has(path)).sort();
}

/** Modules that a text names by a relative path: imports of every kind, and files that are started as programs. */
function importsOf(path: string, text: string): readonly string[] {
  return [...text.matchAll(/['"`](\.{1,2}\/[^'"`\s]+\.tsx?)['"`]/g)].map(([, target = '']) =>
    posix.join(folderOf(path), target),
  );
}
