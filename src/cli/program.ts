import { Command, CommanderError, Option } from 'commander';
import { asMeant } from '../core/pasted.ts';
import { adminCommands } from './admin-command-table.ts';
import { accessCommands, operatorCommands, requestCommands, signInCommands, type Act } from './command-table.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { helpText } from './help.ts';
import { NetworkFault } from './http.ts';
import { parserFailure, requireCommand } from './parser-failure.ts';
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
  /** The command at which the parser stopped, for pointing at the right page of help. */
  stoppedAt: Command | null;
}

/** Parses the command line, runs the command, shows what failed, and returns the exit code. */
export async function run(place: Surroundings): Promise<number> {
  const dashes = place.argv.indexOf('--');
  // What is behind the dashes belongs to another program and must not be taken for options of ours.
  const forAnother = dashes >= 0 && place.argv.slice(0, dashes).includes('assume');
  const own = (forAnother ? place.argv.slice(0, dashes) : place.argv).map(asMeant);
  const tail = forAnother ? place.argv.slice(dashes + 1) : [];
  const state: Run = { place, tail, exit: EXIT.ok, stoppedAt: null };
  const program = buildProgram(state);
  try {
    if (own.length === 0) program.outputHelp();
    else await program.parseAsync([...own], { from: 'user' });
    return state.exit;
  } catch (error) {
    const stoppedAt = state.stoppedAt ?? program;
    if (error instanceof CommanderError && isHelp(error)) {
      // The parser takes a group without a subcommand for a mistake and shows nothing; to us it is a question.
      if (error.code === 'commander.help') place.stdout.write(stoppedAt.helpInformation());
      return EXIT.ok;
    }
    const failure = failureOf(place, error, stoppedAt);
    if (failure === null) throw error;
    // The parser may have stopped before it came to these options.
    const given = (name: string) => own.includes(name);
    showFailure(place, failure, { json: given('--json'), plain: given('--plain') });
    return failure.exit;
  }
}

function isHelp({ code }: CommanderError): boolean {
  return code === 'commander.help' || code === 'commander.helpDisplayed' || code === 'commander.version';
}

function failureOf(place: Surroundings, error: unknown, stoppedAt: Command): Failure | null {
  if (error instanceof CommanderError) return parserFailure(place, error, stoppedAt);
  if (error instanceof NetworkFault) return new Failure(error.message, { code: 'network' });
  return error instanceof Failure ? error : null;
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
    .on('beforeAllHelp', ({ command }: { command: Command }) => requireCommand(command));
  const act = actions(state, program);
  signInCommands(program, act);
  requestCommands(program, act);
  accessCommands(program, act, state.tail);
  adminCommands(program, act);
  operatorCommands(program, act);
  prepare(state, program);
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
function prepare(state: Run, command: Command): void {
  command.exitOverride((error) => {
    state.stoppedAt = command;
    throw error;
  });
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    child.helpOption('-h, --help', 'show help');
    prepare(state, child);
  }
}
