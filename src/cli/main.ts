import process from 'node:process';
import { processSurroundings, type Surroundings } from './surroundings.ts';

/**
 * The entry of `curfew`. Some commands run so often that they must not wait for the others to be loaded: `creds aws` and `creds aws-anywhere` before every
 * call of `aws`, and `prompt` before every prompt.
 */
export async function main(place: Surroundings): Promise<number> {
  const creds = readCredsArguments(place.argv);
  if (creds !== null && place.argv[1] === 'aws') return (await import('./creds/creds-aws.ts')).credsAws(place, creds);
  if (creds !== null) return (await import('./creds/creds-aws-anywhere.ts')).credsAwsAnywhere(place, creds);
  if (place.argv.length === 1 && place.argv[0] === 'prompt') {
    return (await import('./prompt.ts')).prompt(place, place.env['CURFEW_PROFILE'] || 'default');
  }
  return (await import('./program.ts')).run(place);
}

interface CredsArguments {
  readonly role: string;
  readonly target: string;
  readonly profile?: string;
  readonly server?: string;
}

const CREDS_FLAGS = new Map([
  ['--role', 'role'],
  ['--on', 'target'],
  ['--profile', 'profile'],
  ['--server', 'server'],
]);

/** Reads `creds aws --role R --on T …` when it is written just so; anything else is left to the full parser, which explains. */
function readCredsArguments(argv: readonly string[]): CredsArguments | null {
  if (argv[0] !== 'creds' || !['aws', 'aws-anywhere'].includes(argv[1] ?? '')) return null;
  const found: Record<string, string> = {};
  for (let at = 2; at < argv.length; at += 2) {
    const [name, value] = [CREDS_FLAGS.get(argv[at] ?? ''), argv[at + 1]];
    if (name === undefined || value === undefined || value.startsWith('-')) return null;
    found[name] = value;
  }
  const { role, target, ...rest } = found;
  return role === undefined || target === undefined ? null : { role, target, ...rest };
}

if (import.meta.main) {
  // `curfew … | head` closes our output early; that is no mistake of anybody.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  let code = 1;
  try {
    code = await main(processSurroundings());
  } catch (error) {
    process.stderr.write(`curfew: ${error instanceof Error ? error.message : 'something unexpected happened'}\n`);
  }
  process.exitCode = code;
  // What may still be open must not hold the user's prompt back; output that is under way is finished first.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
