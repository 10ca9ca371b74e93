/** A rule of the house about the text of one file. */
export interface TidyRule {
  readonly name: string;
  /** Which files it is about, by path from the root. */
  readonly applies: (path: string) => boolean;
  /** Lines that break it, as `line: text`. */
  readonly breaks: (text: string) => readonly string[];
}

const isSource = (path: string): boolean =>
  path.startsWith('src/') && path.endsWith('.ts') && !path.endsWith('.test.ts');
const isCode = (path: string): boolean => /\.(ts|tsx|js|cjs)$/.test(path);
const generated = (path: string): boolean =>
  path === 'package-lock.json' || path === 'docs/openapi.json' || path.startsWith('infra/');

/** Lines that match, outside comments when `code` is asked for. */
function lines(pattern: RegExp, code = true): (text: string) => readonly string[] {
  return (text) =>
    text.split('\n').flatMap((line, index) => {
      const looked = code ? line.replace(/^\s*(\*|\/\/|\/\*).*$/, '').replace(/\s\/\/ .*$/, '') : line;
      return pattern.test(looked) ? [`${index + 1}: ${line.trim().slice(0, 120)}`] : [];
    });
}

export const TIDY_RULES: readonly TidyRule[] = [
  {
    name: 'time, randomness, network and environment only in src/platform',
    applies: (path) => isSource(path) && !path.startsWith('src/platform/'),
    breaks: lines(
      /\bDate\.now\(|new Date\(\)|\bMath\.random\(|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(|(?<![.\w])fetch\(|\bprocess\.env\b|\bperformance\.now\(|AbortSignal\.timeout\(|\brandomBytes\(|\brandomUUID\(/,
    ),
  },
  {
    name: 'SQL knows one clock: app_now()',
    applies: (path) => (path.startsWith('src/store/') && path !== 'src/store/migrate.ts') || path.endsWith('.sql'),
    breaks: (text) =>
      lines(/(?<!app_)\bnow\(\)|\bclock_timestamp\(\)|\bcurrent_timestamp\b|\blocaltimestamp\b/i)(
        text.replaceAll('clock.now()', ''),
      ).filter((line) => !line.includes('as $$ select clock_timestamp() $$') && !line.includes('-- ')),
  },
  {
    name: 'at most 400 lines: more is two rooms',
    applies: (path) => isCode(path) && !generated(path),
    breaks: (text) => (text.split('\n').length > 401 ? [`${text.split('\n').length} lines`] : []),
  },
  {
    name: 'names that say nothing',
    applies: (path) => /(^|\/)(utils?|helpers?|common|manager|service|misc)(\.|\/)/.test(path),
    breaks: () => ['rename it for what it does'],
  },
  {
    name: 'no escape from the types',
    applies: (path) => isCode(path) && path !== 'tools/tidy.ts' && path !== 'tools/tidy.test.ts',
    breaks: lines(/@ts-ignore|@ts-nocheck|@ts-expect-error|eslint-disable/, false),
  },
  {
    name: 'a TODO has an issue',
    applies: (path) => isCode(path) && !path.startsWith('tools/tidy'),
    breaks: lines(/\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/, false),
  },
  {
    name: 'no path of a machine, no registry',
    applies: (path) => path !== 'tools/tidy.ts' && path !== 'tools/tidy.test.ts' && !path.startsWith('.git/'),
    breaks: lines(/(?<![\w.])\/(work|root|home\/[a-z]+)\/|registry\.npmjs\.org/, false),
  },
];
