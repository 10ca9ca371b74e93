/** A rule of the house about the text of one file. */
export interface TidyRule {
  readonly name: string;
  /** Which files it is about, by path from the root. */
  readonly applies: (path: string) => boolean;
  /** Lines that break it, as `line: text`. */
  readonly breaks: (text: string) => readonly string[];
  /** Files that break it. A rule that finds nothing wrong with these protects nothing. */
  readonly bad: readonly { readonly path: string; readonly text: string }[];
}

const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);
const isSource = (path: string): boolean => path.startsWith('src/') && path.endsWith('.ts') && !isTest(path);
const isCode = (path: string): boolean => /\.(ts|tsx|js|cjs)$/.test(path);
const isGenerated = (path: string): boolean =>
  ['package-lock.json', 'docs/openapi.json', 'web/src/data/openapi.ts'].includes(path) || path.startsWith('infra/');
/** The rules and their bad samples would find themselves. */
const isRule = (path: string): boolean => /^tools\/(tidy|tree-rules)(\.test)?\.ts$/.test(path);

/** Finds lines that match: outside comments, unless `comments` are what it is about. */
function lines(pattern: RegExp, { comments = false } = {}): TidyRule['breaks'] {
  return (text) =>
    text.split('\n').flatMap((line, index) => {
      const looked = comments ? line : line.replace(/^\s*(\*|\/\/|\/\*|--).*$/, '').replace(/\s(\/\/|--) .*$/, '');
      return pattern.test(looked) ? [`${index + 1}: ${line.trim().slice(0, 120)}`] : [];
    });
}

const bad = (path: string, ...texts: readonly string[]): TidyRule['bad'] => texts.map((text) => ({ path, text }));

const IMPURE = new RegExp(
  [
    String.raw`\bDate\.now\(`,
    String.raw`\bnew Date\(\)`,
    String.raw`\bMath\.random\(`,
    String.raw`\bset(Timeout|Interval|Immediate)\(`,
    String.raw`(?<![.\w])fetch\(`,
    String.raw`\bprocess\.(env|hrtime)\b`,
    String.raw`\benv\b[^;=]*\} = process\b`,
    String.raw`\bimport \{[^}]*\benv\b[^}]*\} from 'node:process'`,
    String.raw`\bperformance\.now\(`,
    String.raw`\bAbortSignal\.timeout\(`,
    String.raw`\brandom(Bytes|UUID|Int|FillSync)\(|\bgenerateKey(Pair)?(Sync)?\(|\bgetRandomValues\(`,
    String.raw`'node:(timers|timers/promises|perf_hooks|net|tls|dgram|dns)'`,
  ].join('|'),
);

export const TIDY_RULES: readonly TidyRule[] = [
  {
    name: 'time, randomness, network and environment only in src/platform',
    applies: (path) => isSource(path) && !path.startsWith('src/platform/'),
    breaks: lines(IMPURE),
    bad: bad(
      'src/engine/sweep.ts',
      'const at = Date.now();',
      'const at = new Date();',
      'const dice = Math.random();',
      "const pair = generateKeyPairSync('ec');",
      'setTimeout(again, 1_000);',
      'setInterval(again, 1_000);',
      'setImmediate(again);',
      'const answer = await fetch(url);',
      'const region = process.env.AWS_REGION;',
      'const { argv, env } = process;',
      "import { env } from 'node:process';",
      'const started = performance.now();',
      'const signal = AbortSignal.timeout(5_000);',
      'const id = randomUUID();',
      "import { setTimeout as sleep } from 'node:timers/promises';",
      "import { connect } from 'node:net';",
    ),
  },
  {
    name: 'lists in SQL are arrays (isAnyOf), so that a statement is one for all lengths',
    applies: (path) => path.startsWith('src/store/') && isSource(path),
    breaks: lines(/'(not )?in', \[\.\.\.|\bsql\.join\(/),
    bad: bad('src/store/grants.ts', "where('id', 'in', [...ids])", 'sql`id in (${sql.join(ids)})`'),
  },
  {
    name: 'SQL knows one clock: app_now()',
    applies: (path) => (path.startsWith('src/store/') && path !== 'src/store/migrate.ts') || path.endsWith('.sql'),
    breaks: (text) =>
      lines(
        /(?<!app_)(?<!clock\.)\bnow\(\)|\bclock_timestamp\(\)|\bstatement_timestamp\(\)|\bcurrent_(timestamp|date|time)\b|\blocaltime(stamp)?\b/i,
      )(text).filter((line) => !line.includes('as $$ select clock_timestamp() $$')),
    bad: [
      ...bad('src/store/leases.ts', 'where due_at <= now()', 'set updated_at = current_timestamp'),
      ...bad('src/store/migrations/0009_x.sql', 'default clock_timestamp()', "select 'now'; select now()"),
    ],
  },
  {
    name: 'at most 400 lines: more is two rooms',
    applies: (path) => isCode(path) && !isGenerated(path),
    breaks: (text) => (text.split('\n').length > 401 ? [`${text.split('\n').length} lines`] : []),
    bad: bad('src/policy/decide.ts', 'x\n'.repeat(401)),
  },
  {
    name: 'names that say nothing',
    applies: (path) => /((^|[/-])(utils?|helpers?|common|manager|misc)|(^|\/)services?)[./]/.test(path),
    breaks: () => ['rename it for what it does'],
    bad: [
      ...bad('src/core/utils.ts', ''),
      ...bad('src/engine/grant-manager.ts', ''),
      ...bad('src/common/text.ts', ''),
      ...bad('src/api/service.ts', ''),
      ...bad('tests/sql/test-helpers.ts', ''),
    ],
  },
  {
    name: 'no escape from the types and the linter',
    applies: (path) => isCode(path) && !isRule(path),
    breaks: lines(/@ts-(ignore|nocheck|expect-error)|eslint-disable|prettier-ignore/, { comments: true }),
    bad: bad('src/api/views.ts', '// @ts-ignore', '// eslint-disable-next-line'),
  },
  {
    name: 'a TODO has an issue',
    applies: (path) => isCode(path) && !isRule(path),
    breaks: lines(/\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/, { comments: true }),
    bad: bad('src/api/views.ts', '// TODO later', '// FIXME(me): no'),
  },
  {
    name: 'every test of a file runs',
    applies: (path) => isTest(path) && !isRule(path),
    breaks: lines(/\b(test|it|describe|suite)(\.\w+)*\.only\b/),
    bad: bad('src/core/grant.test.ts', "test.only('x', run);", 'describe.only.each([])'),
  },
  {
    name: 'no path of a machine, no registry',
    applies: (path) => !isRule(path),
    breaks: lines(/(?<![\w.])\/(work|root|home\/[a-z]+)\/|\bregistry\.(npmjs|yarnpkg)\.\w+|"resolved": "https?:/, {
      comments: true,
    }),
    bad: [
      ...bad('docs/running.md', 'see /root/notes', 'cd /work/main', 'from https://registry.npmjs.org/node'),
      ...bad('package-lock.json', '"resolved": "http://proxy.example/node.tgz"'),
    ],
  },
  {
    name: 'actions of GitHub are named by their commit: a tag can be moved',
    applies: (path) => path.startsWith('.github/workflows/'),
    breaks: lines(/\buses: (?!\.\/)(?!\S+@[0-9a-f]{40}\b)/),
    bad: bad('.github/workflows/ci.yml', '      - uses: actions/checkout@v5', '      - uses: actions/setup-node'),
  },
];
