import type { Command, CommanderError } from 'commander';
import { callName } from './call-name.ts';
import { usage, type Failure } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/** What the parser of the command line did not understand, with the help page of the command that was meant. */
export function parserFailure(place: Surroundings, error: CommanderError, at: Command): Failure {
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)/, '. Did you mean $1?');
  const quoted = error.code === 'commander.excessArguments' ? unquoted(place.argv) : null;
  return usage(
    message.charAt(0).toUpperCase() + message.slice(1),
    quoted === null ? `${callName(place)} ${[...pathOf(at), '--help'].join(' ')}` : quotesHint(quoted),
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
 * A sentence that was typed without quotes, as it should have been: `--reason "Check the export"`. `null` when there is none.
 * Only a guess, so it may explain a failure and must not change what a command does.
 */
export function unquoted(argv: readonly string[]): string | null {
  for (const [at, name] of argv.entries()) {
    if (!SENTENCES.has(name)) continue;
    const rest = argv.slice(at + 1);
    const end = rest.findIndex((word) => word.startsWith('-'));
    const words = end < 0 ? rest : rest.slice(0, end);
    if (words.length > 1 && words.every((word) => !/\s/.test(word))) return `${name} "${words.join(' ')}"`;
  }
  return null;
}

export function quotesHint(sentence: string): string {
  return `Put the sentence into quotes: ${sentence}`;
}

function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}
