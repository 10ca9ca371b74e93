/** The arrows of the tree: they point down only. `tools/arrows.test.ts` runs this, and proves that each rule can fail. */
const CORE = '^src/core/';
/** `node_modules` is a link in the test's own trees. */
const packages = (names) => `(^|/)node_modules/(${names})/`;
/** What stands beside the clouds, for all of them. */
const SHARED_BY_PROVIDERS =
  '^src/providers/(contract|contract-fault|signed-end|calling|method|sweep-calls|sweep-report)\\.ts$';
const TEST = '\\.test\\.ts$';
const OURS = '^(src|simulators|tests|bench|tools)/';

/** Modules of a folder may import, of what is ours, only these. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: [TEST, '-under-test\\.ts$'] },
  to: { path: OURS, pathNot: [from, ...allowed] },
});

/** Packages and Node's own modules that a folder has to itself, because of what they can do. */
const reserved = (name, path, folders) => ({
  name,
  severity: 'error',
  from: { path: '^src/', pathNot: [...folders, TEST] },
  to: { path },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-lost-imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'core-imports-nothing',
      severity: 'error',
      from: { path: CORE, pathNot: TEST },
      to: { pathNot: CORE },
    },
    only('policy-imports-core', '^src/policy/', [CORE]),
    {
      // Documents in, decisions out: a parser, an expression language, and hashes. Nothing that can reach the world.
      name: 'policy-is-pure',
      severity: 'error',
      from: { path: '^src/policy/', pathNot: TEST },
      to: {
        pathNot: ['^src/', packages('yaml|@marcbachmann/cel-js|ajv'), '^(node:)?crypto$', '^docs/schema/.*\\.json$'],
      },
    },
    only('platform-is-the-bottom', '^src/platform/', [CORE]),
    only('store-below-all', '^src/store/', [CORE, '^src/platform/random']),
    only('ledger', '^src/ledger/', [CORE, '^src/store/', '^src/platform/']),
    only('operations', '^src/operations/', [
      CORE,
      '^src/policy/',
      '^src/store/',
      '^src/ledger/',
      '^src/platform/',
      '^src/providers/contract',
    ]),
    only('engine', '^src/engine/', [CORE, '^src/store/', '^src/ledger/', '^src/platform/', '^src/providers/contract']),
    only('contract', '^src/providers/contract', [CORE]),
    only('signed-end', '^src/providers/signed-end', [CORE]),
    only('shared-by-providers', '^src/providers/(calling|method|sweep-)', [
      CORE,
      '^src/platform/',
      '^src/providers/(contract|signed-end|sweep-)',
    ]),
    only('provider-aws', '^src/providers/aws/', [CORE, '^src/platform/', SHARED_BY_PROVIDERS]),
    only('provider-azure', '^src/providers/azure/', [CORE, '^src/platform/', SHARED_BY_PROVIDERS]),
    only('identity', '^src/identity/', [CORE, '^src/store/', '^src/platform/', '^src/policy/']),
    only('posture', '^src/posture/', [CORE, '^src/platform/', '^src/policy/']),
    only('integrations', '^src/integrations/', [CORE, '^src/operations/', '^src/platform/']),
    only('api', '^src/api/', [
      CORE,
      '^src/operations/',
      '^src/policy/',
      '^src/store/',
      '^src/platform/',
      '^src/identity/',
    ]),
    {
      name: 'cli-is-a-client-of-the-api',
      severity: 'error',
      from: {
        path: '^src/cli/',
        pathNot: ['^src/cli/demo/', '^src/cli/(serve|sweep|forget-accounts|new-code|at-the-database)', TEST],
      },
      to: {
        path: OURS,
        pathNot: ['^src/cli/(?!demo/)', CORE, '^src/platform/', '^src/ledger/(verify|merkle|note|commitment)\\.ts$'],
      },
    },
    {
      name: 'simulators-share-nothing-with-us',
      severity: 'error',
      from: { path: '^simulators/' },
      to: { path: OURS, pathNot: '^simulators/' },
    },
    {
      name: 'simulators-only-from-the-demo',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli/demo/', TEST] },
      to: { path: '^simulators/' },
    },
    {
      name: 'serve-cannot-reach-the-demo',
      severity: 'error',
      from: { path: '^src/(main|offline|cli/serve[a-z-]*|cli/forget-accounts|cli/new-code|cli/at-the-database)\\.ts$' },
      to: { path: '^(simulators/|src/cli/demo/)', reachable: true },
    },
    {
      name: 'main-is-for-roots',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/cli/demo/', '^src/cli/(serve|forget-accounts|new-code|at-the-database)', TEST],
      },
      to: { path: '^src/(main|offline)\\.ts$' },
    },
    {
      name: 'the-product-does-not-know-its-tests',
      severity: 'error',
      from: { path: '^(src|simulators)/', pathNot: [TEST, '-under-test\\.ts$'] },
      to: { path: ['^(tests|bench|tools)/', TEST, '-under-test\\.ts$', packages('vitest|fast-check')] },
    },
    {
      // What is published has only these with it.
      name: 'the-product-runs-on-its-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '-under-test\\.ts$'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    reserved('sql-only-in-the-store', packages('kysely|pg|@electric-sql/pglite'), ['^src/store/']),
    reserved('cloud-sdks-only-in-their-provider', packages('@aws-sdk|@smithy|@azure|googleapis'), ['^src/providers/']),
    reserved('servers-only-in-the-api', packages('fastify|@fastify'), ['^src/api/']),
    reserved('mail-only-in-its-integration', packages('nodemailer'), ['^src/integrations/mail/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
