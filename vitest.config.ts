import { defineConfig } from 'vitest/config';

const NODE_IS_PINNED = './tools/test-setup.ts';

const BESIDE_THE_CODE = ['src', 'web/src', 'simulators', 'tools'].map((folder) => `${folder}/**/*.test.ts`);

/** A database with every table, which those of the tests are copied from. */
const EMBEDDED = './tests/embedded-template.ts';
/** Once before a suite that starts demos: each would build it otherwise, all of them at once and in one another's way. */
const PORTAL = './tests/browser/built-portal.ts';
/**
 * Files of tests one after the other in one process: what they import is read, and what they run is compiled, once and not for each of them,
 * which is half of what a suite computes. So a test leaves nothing behind in a module.
 */
const TOGETHER = { isolate: false };

/** One project a suite; `tools/run-tests.ts` gives each its budget of minutes. */
const suite = (name: string, include: string[], extra: Record<string, unknown> = {}) => ({
  test: {
    name,
    include,
    exclude: ['**/node_modules/**'],
    globalSetup: [NODE_IS_PINNED],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes when it comes, on a busy machine too; the second that is the default is short for a page.
    expect: { poll: { timeout: 20_000 } },
    ...extra,
  },
});

export default defineConfig({
  test: {
    projects: [
      suite('unit', BESIDE_THE_CODE, TOGETHER),
      suite('sql', ['tests/sql/**/*.test.ts'], {
        globalSetup: [NODE_IS_PINNED, './tests/sql/templates.ts'],
        ...TOGETHER,
      }),
      suite('contract', ['tests/contract/**/*.test.ts'], TOGETHER),
      // A hundred seeds are minutes of both cores of a machine that does nothing else; one that is busy is given more.
      suite('simulation', ['tests/simulation/**/*.test.ts'], { testTimeout: 580_000, maxConcurrency: 2 }),
      suite('e2e', ['tests/e2e/**/*.test.ts'], {
        testTimeout: 120_000,
        globalSetup: [NODE_IS_PINNED, EMBEDDED, PORTAL],
        ...TOGETHER,
      }),
      suite('clients', ['tests/clients/**/*.test.ts'], {
        testTimeout: 120_000,
        globalSetup: [NODE_IS_PINNED, EMBEDDED, PORTAL],
        ...TOGETHER,
      }),
      suite('browser', ['tests/browser/**/*.test.ts'], {
        testTimeout: 120_000,
        globalSetup: [NODE_IS_PINNED, EMBEDDED, PORTAL],
        ...TOGETHER,
      }),
    ],
  },
});
