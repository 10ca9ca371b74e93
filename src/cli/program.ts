import { Command, CommanderError, Option } from 'commander';
import { accessCommands, operatorCommands, requestCommands, signInCommands, type Act } from './command-table.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { Failure, usage } from './failure.ts';
import { helpText } from './help.ts';
import { NetworkFault } from './http.ts';
import type { Surroundings } from './surroundings.ts';
import { showFailure } from './terminal/show-failure.ts';
import { cliVersion } from './version.ts';
import { callName } from './call-name.ts';

/** What a run works on: where a command leaves its exit code, and the words behind `--`. */
interface Run {
  readonly place: Surroundings;
  /** The command that `assume` runs: everything behind the first `--`. */
  readonly tail: readonly string[];
  exit: number;
}

/** Parses the command line, runs the command, shows what failed, and returns the exit code. */
export async function run(place: Surroundings): Promise<number> {
  const dashes = place.argv.indexOf('--');
  // What is behind the dashes belongs to another program and must not be taken for options of ours.
  const forAnother = dashes >= 0 && place.argv.slice(0, dashes).includes('assume');
  const own = forAnother ? place.argv.slice(0, dashes) : place.argv;
  const tail = forAnother ? place.argv.slice(dashes + 1) : [];
  const state: Run = { place, tail, exit: EXIT.ok };
  const program = buildProgram(state);
  try {
    if (own.length === 0) program.outputHelp();
    else await program.parseAsync([...own], { from: 'user' });
    return state.exit;
  } catch (error) {
    if (error instanceof CommanderError) return commanderExit(place, error);
    if (error instanceof Failure || error instanceof NetworkFault) {
      const options = program.opts<GlobalOptions>();
      const failure = error instanceof Failure ? error : new Failure(error.message, { code: 'network' });
      showFailure(place, failure, { json: options.json === true, plain: options.plain === true });
      return failure.exit;
    }
    throw error;
  }
}

function commanderExit(place: Surroundings, error: CommanderError): number {
  if (error.code === 'commander.help' || error.code === 'commander.helpDisplayed' || error.code === 'commander.version')
    return EXIT.ok;
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)/, '. Did you mean $1?');
  showFailure(place, usage(message.charAt(0).toUpperCase() + message.slice(1), `${callName(place)} --help`), {
    json: false,
    plain: false,
  });
  return EXIT.usage;
}

/** The whole command line of `curfew`, for running it and for writing completions from it. */
export function buildProgram(state: Run): Command {
  const { place } = state;
  const program = new Command('curfew');
  program
    .description('Every privilege has a curfew: ask for access, use it, give it back.')
    .addOption(new Option('--profile <name>', 'which of your logins to use').env('CURFEW_PROFILE'))
    .addOption(new Option('--server <url>', 'address of the server').env('CURFEW_SERVER'))
    .option('--json', 'one JSON object on standard output')
    .option('--plain', 'tab-separated lines, no colour')
    .option('--no-input', 'never ask a question')
    .version(cliVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ formatHelp: (command) => helpText(command, callName(place)) })
    .configureOutput({ writeOut: (text) => place.stdout.write(text), writeErr: () => undefined })
    .exitOverride();
  const act = actions(state, program);
  signInCommands(program, act);
  requestCommands(program, act);
  accessCommands(program, act, state.tail);
  operatorCommands(program, act);
  inherit(program);
  return program;
}

function actions(state: Run, program: Command): Act {
  return (work) =>
    async (...rest) => {
      const given = program.opts<GlobalOptions>();
      // A value from the environment is read again where it is used; here only what was typed counts.
      const typed = (name: 'profile' | 'server') =>
        program.getOptionValueSource(name) === 'cli' && given[name] !== undefined ? { [name]: given[name] } : {};
      const context = createContext(state.place, { ...flagsOf(given), ...typed('profile'), ...typed('server') });
      try {
        state.exit = await work(context, ...rest);
      } finally {
        context.http.close();
      }
    };
}

function flagsOf({ json, plain, input }: GlobalOptions): GlobalOptions {
  return {
    ...(json === undefined ? {} : { json }),
    ...(plain === undefined ? {} : { plain }),
    ...(input === undefined ? {} : { input }),
  };
}

/** Subcommands made before a setting do not inherit it, so that it is copied once all exist. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    child.helpOption('-h, --help', 'show help');
    inherit(child);
  }
}
