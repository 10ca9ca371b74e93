import { readFileSync } from 'node:fs';
import { parseDuration } from '../core/time.ts';
import { isSweeperName, sweeperRoleArn, type SweepOptions } from '../providers/aws/index.ts';
import { usage } from './failure.ts';

/** What can be said on the command line; whatever is not said there is read from the environment. */
export interface SweepFlags {
  readonly provider?: string;
  readonly account?: readonly string[];
  readonly roleArn?: readonly string[];
  readonly path?: readonly string[];
  readonly scope?: readonly string[];
  readonly bucket?: string;
  readonly bucketRegion?: string;
  readonly key?: readonly string[];
  readonly region?: string;
  readonly identityCenterRegion?: string;
  readonly identityCenterRoleArn?: string;
  readonly name?: string;
  readonly endpoint?: string;
  readonly allowCustomEndpoint?: boolean;
  readonly dryRun?: boolean;
  readonly once?: boolean;
  readonly every?: string;
}

/** What a sweep is told, apart from what the process brings: its identity, its clock, its version. */
export type SweepSettings = Omit<SweepOptions, 'identity' | 'clock' | 'signal' | 'version'>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The shortest distance between two runs: AWS's quotas are shared with everybody else. */
const SHORTEST_EVERY_MS = 10_000;

/** Reads the settings of a sweep of AWS. Throws a usage `Failure` that says what is wrong and what to write. */
export function readSweepSettings(flags: SweepFlags, env: Environment): SweepSettings {
  const of = (flag: string | undefined, name: string) => flag ?? (env[name] || undefined);
  const all = (flag: readonly string[] | undefined, name: string) => flag ?? words(env[name] ?? '');
  const region = of(flags.region, 'AWS_REGION') ?? 'us-east-1';
  const bucketName = of(flags.bucket, 'CURFEW_SWEEP_BUCKET');
  const paths = all(flags.path, 'CURFEW_SWEEP_PATHS').map(identityPath);
  if (paths.length === 0 && bucketName === undefined)
    throw usage(
      'There is nothing to sweep.',
      'Name paths of people for timed policies (--path people/), or a bucket of leases for Identity Center (--bucket NAME).',
    );
  const name = of(flags.name, 'CURFEW_SWEEP_NAME') ?? 'sweeper';
  if (!isSweeperName(name))
    throw usage(
      `"${name.slice(0, 70)}" cannot be the name of a sweeper.`,
      'Use lower-case letters, digits and hyphens.',
    );
  const endpoint = of(flags.endpoint, 'CURFEW_SWEEP_ENDPOINT');
  const allowed = flags.allowCustomEndpoint ?? env['CURFEW_SWEEP_ALLOW_CUSTOM_ENDPOINT'] === 'yes';
  return {
    region,
    keys: keysOf(all(flags.key, 'CURFEW_SWEEP_KEYS')),
    roleArns: [
      ...all(flags.account, 'CURFEW_SWEEP_ACCOUNTS').map((account) => sweeperRoleArn(region, accountId(account))),
      ...all(flags.roleArn, 'CURFEW_SWEEP_ROLE_ARNS').map(roleArn),
    ],
    externalId: of(undefined, 'CURFEW_AWS_EXTERNAL_ID') ?? null,
    paths,
    bucket:
      bucketName === undefined
        ? null
        : { name: bucketName, region: of(flags.bucketRegion, 'CURFEW_SWEEP_BUCKET_REGION') ?? region },
    identityCenter: {
      region: of(flags.identityCenterRegion, 'CURFEW_SWEEP_IDENTITY_CENTER_REGION') ?? region,
      roleArn: optional(of(flags.identityCenterRoleArn, 'CURFEW_SWEEP_IDENTITY_CENTER_ROLE_ARN'), roleArn),
    },
    name,
    dryRun: flags.dryRun === true,
    ...(endpoint === undefined ? {} : { endpoint, allowCustomEndpoint: allowed }),
  };
}

/** How long to wait between two runs; `null`: one run. Throws a usage `Failure`. */
export function readEvery({ once, every }: SweepFlags): number | null {
  if (every === undefined) return null;
  if (once === true) throw usage('Choose one of --once and --every.');
  const ms = parseDuration(every);
  if (ms === null || ms < SHORTEST_EVERY_MS)
    throw usage(`"${every.slice(0, 40)}" is no time between two runs.`, 'Write 10s or more, for example --every 1m.');
  return ms;
}

export function words(list: string): readonly string[] {
  return list.split(/[,\s]+/).filter((one) => one !== '');
}

function optional<T>(value: string | undefined, read: (value: string) => T): T | null {
  return value === undefined ? null : read(value);
}

function identityPath(text: string): string {
  if (/^([\w+=,.@-]+\/)+$/.test(text) && text.length <= 448) return text;
  throw usage(`"${text.slice(0, 60)}" is not a path of identities.`, 'Write it like people/, as in the roles.');
}

function accountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text;
  throw usage(`"${text.slice(0, 40)}" is not an AWS account.`, 'Write its 12 digits.');
}

function roleArn(text: string): string {
  if (/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/.test(text)) return text;
  throw usage(
    `"${text.slice(0, 80)}" is not the ARN of an IAM role.`,
    'Write arn:aws:iam::111122223333:role/PATH/NAME.',
  );
}

/** Public keys, or files with one in each line. Throws a usage `Failure` for none. */
export function keysOf(given: readonly string[]): readonly string[] {
  if (given.length === 0)
    throw usage(
      'The sweeper has no key to believe.',
      "Give it the broker's public key with --key or CURFEW_SWEEP_KEYS; curfew doctor prints it.",
    );
  return given.flatMap((one) => (/^[\w-]{43}$/.test(one) ? [one] : keysIn(one)));
}

function keysIn(file: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw usage(
      `"${file.slice(0, 80)}" is neither a public key nor a file of them.`,
      'A key has 43 letters and digits.',
    );
  }
  return words(text);
}
