/** The arrows of the tree: they point down only. `tools/arrows.test.ts` runs this, and proves that each rule can fail. */
const CORE = '^src/core/';
const TEST = '\\.test\\.ts$';

/** Modules of a folder may import only these. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: TEST },
  to: { path: '^(src|simulators|tests|bench|tools)/', pathNot: [from, ...allowed] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('core-imports-nothing', CORE, []),
    only('policy-is-pure', '^src/policy/', [CORE]),
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
    only('provider-aws', '^src/providers/aws/', [CORE, '^src/platform/', '^src/providers/contract']),
    only('identity', '^src/identity/', [CORE, '^src/store/', '^src/platform/', '^src/policy/']),
    only('posture', '^src/posture/', [CORE, '^src/platform/', '^src/policy/']),
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
      from: { path: '^src/cli/', pathNot: ['^src/cli/demo/', '^src/cli/serve', TEST] },
      to: {
        path: '^(src|simulators)/',
        pathNot: ['^src/cli/(?!demo/)', CORE, '^src/platform/', '^src/ledger/(verify|merkle|note)\\.ts$'],
      },
    },
    {
      name: 'simulators-share-nothing-with-us',
      severity: 'error',
      from: { path: '^simulators/' },
      to: { path: '^src/' },
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
      from: { path: '^src/(main|cli/serve[a-z-]*)\\.ts$' },
      to: { path: '^(simulators/|src/cli/demo/)', reachable: true },
    },
    {
      name: 'main-is-for-roots',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli/demo/', '^src/cli/serve'] },
      to: { path: '^src/main\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^(src|simulators)/',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
