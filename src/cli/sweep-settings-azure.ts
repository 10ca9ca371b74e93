import { ConfigProblem, readAzure } from '../platform/config.ts';
import { identityOf, type SweepOptions } from '../providers/azure/index.ts';
import { usage } from './failure.ts';
import { keysOf, words, type Environment, type SweepFlags } from './sweep-settings.ts';

/** What a sweep of Azure is told, apart from what the process brings: its clock, its version. */
export type AzureSweepSettings = Omit<SweepOptions, 'clock' | 'signal' | 'version'>;

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SCOPE =
  /^\/(subscriptions\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|providers\/Microsoft\.Management\/managementGroups\/[\w().-]{1,90})$/i;

/** Options that mean something on AWS alone. */
const OF_AWS = [
  'account',
  'roleArn',
  'path',
  'bucket',
  'bucketRegion',
  'region',
  'identityCenterRegion',
  'identityCenterRoleArn',
  'name',
] as const satisfies readonly (keyof SweepFlags)[];

/** Reads the settings of a sweep of Azure. Throws a usage `Failure` that says what is wrong and what to write. */
export function readAzureSweepSettings(flags: SweepFlags, env: Environment): AzureSweepSettings {
  const foreign = OF_AWS.find((name) => flags[name] !== undefined);
  if (foreign !== undefined)
    throw usage(
      `--${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} means nothing on Azure.`,
      'Name subscriptions and management groups with --scope.',
    );
  const scopes = (flags.scope ?? words(env['CURFEW_SWEEP_SCOPES'] ?? '')).map(scopeOf);
  if (scopes.length === 0)
    throw usage(
      'There is nothing to sweep.',
      'Name a subscription by its id: --scope 11111111-2222-4333-8444-555555555555',
    );
  const endpoint = flags.endpoint ?? (env['CURFEW_SWEEP_ENDPOINT'] || undefined);
  const allowed = flags.allowCustomEndpoint ?? env['CURFEW_SWEEP_ALLOW_CUSTOM_ENDPOINT'] === 'yes';
  const azure = azureOf(env);
  return {
    identity: identityOf(azure),
    ...(azure.authority === undefined ? {} : { authority: azure.authority }),
    keys: keysOf(flags.key ?? words(env['CURFEW_SWEEP_KEYS'] ?? '')),
    scopes,
    dryRun: flags.dryRun === true,
    ...(endpoint === undefined ? {} : { endpoint, allowCustomEndpoint: allowed }),
  };
}

/** Tenant and identity, by the same names as the broker's. */
function azureOf(env: Environment) {
  try {
    const { azure } = readAzure(env);
    if (azure !== undefined) return azure;
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    throw usage(error.message, 'See docs/guides/sweeper.md.');
  }
  throw usage('The sweeper does not know your Entra tenant.', 'Set CURFEW_AZURE_TENANT to its id.');
}

function scopeOf(text: string): string {
  if (GUID.test(text)) return `/subscriptions/${text.toLowerCase()}`;
  if (SCOPE.test(text)) return text;
  throw usage(
    `"${text.slice(0, 80)}" is neither a subscription nor a management group.`,
    'Write the id of a subscription, or /providers/Microsoft.Management/managementGroups/NAME.',
  );
}
