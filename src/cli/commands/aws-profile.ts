import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { wantedItem, type Wanted } from '../arguments.ts';
import { launcherPath } from '../call-name.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, usage } from '../failure.ts';
import { home } from '../paths.ts';
import { isMissing, readIfThere, writeAtomically } from '../private-file.ts';
import { discover } from '../session/discovery.ts';
import { suggest } from '../terminal/request-screen.ts';
import { catalogueItem } from '../views.ts';
import { list } from '../wire.ts';
import { withBlock } from '../aws-config.ts';

export interface AwsProfileOptions {
  readonly on?: readonly string[];
  readonly write?: boolean;
  readonly name?: string;
  readonly region?: string;
}

/** Prints or writes a profile of the AWS CLI and SDKs that fetches its credentials from `curfew creds aws`. */
export async function awsProfile(context: Context, word: string, options: AwsProfileOptions): Promise<ExitCode> {
  const wanted = wantedItem(word, options.on ?? []);
  await requireKnown(context, wanted);
  const { discovery } = await discover(context.http, context.server);
  const name = options.name ?? profileNameFor(context, wanted);
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(name))
    throw usage(
      `"${name.slice(0, 60)}" cannot be the name of a profile.`,
      'Use letters, digits, dots, dashes and underscores.',
    );
  const region = options.region ?? discovery.aws.region;
  if (region !== null && !/^[a-z0-9-]{1,40}$/.test(region))
    throw usage(`"${region.slice(0, 40)}" is not a region.`, 'Write it like eu-central-1.');
  const settings = [
    `[profile ${name}]`,
    `credential_process = ${credentialProcess(context, wanted)}`,
    ...(region === null ? [] : [`region = ${region}`]),
    ...(discovery.aws.endpointUrl === null ? [] : [`endpoint_url = ${discovery.aws.endpointUrl}`]),
  ];
  const label = `curfew: ${wanted.role} on ${wanted.target}${context.profile === 'default' ? '' : ` as ${context.profile}`}`;
  if (!options.write) {
    if (context.json) context.dataJson({ name, config: `${settings.join('\n')}\n` });
    else context.data(`${settings.join('\n')}\n`);
    return EXIT.ok;
  }
  const { path, changed } = writeConfig(context, label, name, settings);
  const title = `profile ${context.out.bold(name)}`;
  if (context.json) context.dataJson({ name, path, changed, config: `${settings.join('\n')}\n` });
  else if (changed) context.data(`${context.out.good('Written')} ${title} to ${path}\n`);
  else context.data(`${context.out.good('Unchanged')} ${title} in ${path}\n`);
  if (!context.json) suggest(context, `AWS_PROFILE=${name} aws sts get-caller-identity`);
  return EXIT.ok;
}

function profileNameFor(context: Context, wanted: Wanted): string {
  const target = wanted.target.split('/').at(-1) ?? wanted.target;
  const other = context.profile === 'default' ? '' : `-${context.profile}`;
  return `curfew-${wanted.role}-${target}${other}`;
}

async function requireKnown(context: Context, wanted: Wanted): Promise<void> {
  const query = new URLSearchParams({ role: wanted.role, target: wanted.target, limit: '1' });
  const [found] = list(await context.api.get(`/catalogue?${query}`), 'items', catalogueItem);
  if (found !== undefined && found.provider !== 'aws') {
    throw new Failure(`${wanted.target} is on ${found.provider}, and only AWS reads this profile.`, {
      code: 'wrong-provider',
      hint: `To find what you can have on AWS: ${context.command('search', 'aws')}`,
    });
  }
  if (found !== undefined) return;
  throw new Failure(`There is no role ${wanted.role} on ${wanted.target}.`, {
    code: 'unknown-role',
    hint: context.command('search', wanted.role),
  });
}

/** The command that AWS runs. Some SDKs give it to a shell and some split it themselves, so nothing that either could read differently may stand in it. */
function credentialProcess(context: Context, wanted: Wanted): string {
  const launcher = launcherPath(context.place);
  if (launcher === null)
    throw new Failure('The path of this command is not known.', {
      hint: 'Start curfew through its launcher, bin/curfew.',
    });
  const server = context.server === context.stored?.server ? [] : ['--server', context.server];
  const profile = context.profile === 'default' ? [] : ['--profile', context.profile];
  const words = [launcher, 'creds', 'aws', '--role', wanted.role, '--on', wanted.target, ...profile, ...server];
  const odd = words.find((word) => !/^[A-Za-z0-9_./:@=+, -]+$/.test(word));
  if (odd !== undefined)
    throw new Failure(`AWS cannot be given "${odd}": it holds a character that shells treat specially.`, {
      hint: 'Link the command to a plain path, such as /usr/local/bin/curfew, and use that.',
    });
  return words.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' ');
}

interface Written {
  readonly path: string;
  readonly changed: boolean;
}

/** Replaces our block in AWS's configuration, or adds it; every other byte stays. Follows a link, so that a linked file stays linked. */
function writeConfig(context: Context, label: string, name: string, settings: readonly string[]): Written {
  const named = context.place.env['AWS_CONFIG_FILE'] || join(home(context.place), '.aws', 'config');
  const path = resolved(named.replace(/^~(?=\/)/, home(context.place)));
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Latin-1 maps every byte to one character and back, whatever the encoding of the file is.
  const before = readIfThere(path, 'latin1');
  const after = withBlock(before ?? '', label, name, settings);
  if (after === before) return { path, changed: false };
  writeAtomically(context.place.random, path, after, before === null ? 0o600 : statSync(path).mode & 0o777, 'latin1');
  return { path, changed: true };
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isMissing(error)) return path;
    throw error;
  }
}
