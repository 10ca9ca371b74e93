import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

/** One place of the command line: the words before it, and what may come next. */
interface Place {
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly flags: readonly { readonly name: string; readonly about: string; readonly takesValue: boolean }[];
}

/** Prints a completion script that is made from the command line itself, so that it cannot fall behind. */
export async function completion(context: Context, program: Command, shell: string): Promise<ExitCode> {
  const places = placesOf(program, []);
  context.data(shell === 'bash' ? bash(places) : shell === 'zsh' ? zsh(places) : fish(places));
  return EXIT.ok;
}

function placesOf(command: Command, path: readonly string[]): readonly Place[] {
  const help = command.createHelp();
  const own: Place = {
    path,
    commands: command.commands.map((child) => ({ name: child.name(), about: child.description() })),
    flags: help
      .visibleOptions(command)
      .flatMap((one) =>
        one.long === undefined || one.long === null
          ? []
          : [{ name: one.long, about: one.description, takesValue: one.required }],
      ),
  };
  return [own, ...command.commands.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

/** Finds the words that are commands: flags, and what stands behind a flag that takes a value, are skipped. */
function walk(places: readonly Place[], words: string, count: string): string {
  const values = [
    ...new Set(places.flatMap((place) => place.flags.filter((flag) => flag.takesValue).map((flag) => flag.name))),
  ];
  const paths = places.map((place) => place.path.join(' ')).filter((path) => path !== '');
  return `  local place='' skip='' i word
  for ((i = ${words === 'words' ? 2 : 1}; i < ${count}; i++)); do
    word="\${${words}[i]}"
    if [[ -n $skip ]]; then skip=''; continue; fi
    case "$word" in
      --) return ;;
      ${values.join('|')}) skip=1 ;;
      -*) ;;
      *) case "\${place:+$place }$word" in ${paths.map((path) => `'${path}'`).join('|')}) place="\${place:+$place }$word" ;; esac ;;
    esac
  done
`;
}

function bash(places: readonly Place[]): string {
  const cases = places.map(
    (place) =>
      `    '${place.path.join(' ')}') choices='${[...place.commands.map((one) => one.name), ...flagNames(places, place)].join(' ')}' ;;`,
  );
  return `# Completion of curfew for bash. Put it into ~/.local/share/bash-completion/completions/curfew
_curfew() {
  local choices=''
${walk(places, 'COMP_WORDS', 'COMP_CWORD')}  case "$place" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$choices" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _curfew curfew
`;
}

function zsh(places: readonly Place[]): string {
  const quoted = (name: string, about: string) =>
    `'${name}:${about.replaceAll("'", String.raw`'\''`).replaceAll(':', String.raw`\:`)}'`;
  const cases = places.map((place) => {
    const flags = allFlags(places, place).map((flag) => quoted(flag.name, flag.about));
    return `    '${place.path.join(' ')}') choices=(${[...place.commands.map((one) => quoted(one.name, one.about)), ...flags].join(' ')}) ;;`;
  });
  return `#compdef curfew
# Completion of curfew for zsh. Put it into a folder of your fpath as _curfew
_curfew() {
  local -a choices
${walk(places, 'words', 'CURRENT')}  case "$place" in
${cases.join('\n')}
  esac
  _describe 'curfew' choices
}
compdef _curfew curfew
`;
}

function fish(places: readonly Place[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`\'`)}'`;
  const lines = places.flatMap((place) => {
    const last = place.path.at(-1);
    const when = last === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${last}`;
    const commands = place.commands.map(
      (one) => `complete -c curfew -f -n ${quoted(when)} -a ${one.name} -d ${quoted(one.about)}`,
    );
    const flags = place.flags.map((flag) => {
      const anywhere = last === undefined ? '' : ` -n ${quoted(when)}`;
      return `complete -c curfew${anywhere} -l ${flag.name.slice(2)}${flag.takesValue ? ' -r' : ''} -d ${quoted(flag.about)}`;
    });
    return [...commands, ...flags];
  });
  return `# Completion of curfew for fish. Put it into ~/.config/fish/completions/curfew.fish\n${lines.join('\n')}\n`;
}

/** A command's own flags and those that all have. */
function allFlags(places: readonly Place[], place: Place): Place['flags'] {
  const root = places[0]?.flags ?? [];
  const own = new Set(place.flags.map((flag) => flag.name));
  return place.path.length === 0
    ? place.flags
    : [...place.flags, ...root.filter((flag) => !own.has(flag.name) && flag.name !== '--version')];
}

function flagNames(places: readonly Place[], place: Place): readonly string[] {
  return allFlags(places, place).map((flag) => flag.name);
}
