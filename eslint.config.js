import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Only one folder knows the component library and the icons: what they are can change without the pages. */
const OUR_OWN_UI = {
  group: ['@mantine/*', 'lucide-react'],
  message: 'Pages are made of web/src/ui, which alone knows the component library.',
};
const CLIENT_OF_THE_API = {
  regex: '^(\\.\\./)+(src|simulators|tests|tools|docs)/',
  message: 'The portal is a client of the API and shares nothing else with the server.',
};

const NO_ENUM = { selector: 'TSEnumDeclaration', message: 'Closed sets are `as const` arrays and unions.' };

/** What types and Prettier cannot see. Rules about the structure of the tree stand in tools/*.test.ts. */
export default tseslint.config(
  {
    ignores: [
      'node_modules/',
      '.curfew/',
      'tools/mutation/.out/',
      'bench/results/',
      'web/dist/',
      'web/src/data/openapi.ts',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
    rules: {
      'no-undef': 'off',
      'no-restricted-syntax': ['error', NO_ENUM],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // `void promise` says on purpose that nobody waits; returning `void` expressions keeps guards on one line.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      // AWS's own character sets name control characters.
      'no-control-regex': 'off',
      // Some generators only throw, where a library expects a generator.
      'require-yield': 'off',
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    files: ['web/src/**/*.{ts,tsx}'],
    rules: { 'no-restricted-imports': ['error', { patterns: [OUR_OWN_UI, CLIENT_OF_THE_API] }], 'no-console': 'error' },
  },
  {
    files: ['web/src/ui/**/*.{ts,tsx}'],
    rules: { 'no-restricted-imports': ['error', { patterns: [CLIENT_OF_THE_API] }] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        NO_ENUM,
        {
          selector:
            "CallExpression[callee.property.name='execute'][callee.object.callee.property.name='transaction'] :function Identifier[name=/^(db|database)$/]:not(.key)",
          message:
            'The embedded database has one connection: the outer handle inside a transaction waits for ever. Use `trx`.',
        },
      ],
    },
  },
);
