import type { Command, CommanderError } from 'commander';
import { callName } from './call-name.ts';
import { usage, type Failure } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/** What the parser of the command line did not understand, with the help page of the command that was meant. */
export function parserFailure(place: Surroundings, error: CommanderError, at: Command): Failure {
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)/, '. Did you mean $1?');
  const apart = error.code === 'commander.excessArguments' ? takenApart(place.argv) : null;
  return usage(
    message.charAt(0).toUpperCase() + message.slice(1),
    apart ?? `${callName(place)} ${[...pathOf(at), '--help'].join(' ')}`,
  );
}

/** Refuses to show the help page of a group in place of that of a command that the group does not have. */
export function requireCommand(group: Command): void {
  const [word] = group.args.filter((one) => !one.startsWith('-') && one !== 'help');
  const known = group.commands.some((one) => one.name() === word);
  if (word !== undefined && group.commands.length > 0 && !known) group.error(`error: unknown command '${word}'`);
}

/** Options whose value is a sentence, which a shell takes apart when it stands without quotes. */
const SENTENCES: ReadonlySet<string> = new Set(['--reason', '--comment']);

/**
 * How a value would have to be written that a shell has taken apart: `--reason Check the export`, `--for 1h 30m`. `null` when there
 * is none. Only a guess, so it may explain a failure and must not change what a command does.
 */
export function takenApart(argv: readonly string[]): string | null {
  for (const [at, name] of argv.entries()) {
    const rest = argv.slice(at + 1);
    const end = rest.findIndex((word) => word.startsWith('-'));
    const words = end < 0 ? rest : rest.slice(0, end);
    if (words.length < 2) continue;
    if (SENTENCES.has(name) && words.every((word) => !/\s/.test(word)))
      return `Put the sentence into quotes: ${name} "${words.join(' ')}"`;
    const parts = words.filter((word) => /^(\d+[dhms])+$/.test(word));
    if (name === '--for' && parts.length > 1) return `Write the duration without spaces: --for ${parts.join('')}`;
  }
  return null;
}

function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}
