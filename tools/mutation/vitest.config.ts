import { defineConfig } from 'vitest/config';

/** The tests that have to notice what `npm run mutate` breaks, without those that are slow for reasons of their own. */
export default defineConfig({
  test: {
    include: ['src/core/**/*.test.ts', 'src/engine/**/*.test.ts', 'tests/sql/**/*.test.ts'],
    // About plans of the embedded database, which does not run here.
    exclude: ['tests/sql/embedded-plans.test.ts'],
    globalSetup: ['./tests/sql/postgres-only.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
