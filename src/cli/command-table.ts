import { Argument, Option, type Command } from 'commander';
import type { AssumeOptions } from './commands/assume.ts';
import type { AuditVerifyOptions } from './commands/audit-verify.ts';
import type { AwsProfileOptions } from './commands/aws-profile.ts';
import type { ConsoleOptions } from './commands/console.ts';
import type { DecideOptions } from './commands/decide.ts';
import type { DoneOptions } from './commands/done.ts';
import type { ExtendOptions } from './commands/extend.ts';
import type { LoginOptions } from './commands/login.ts';
import type { LsOptions } from './commands/ls.ts';
import type { OrdersOptions } from './commands/orders.ts';
import type { RequestOptions } from './commands/request.ts';
import type { RevokeOptions } from './commands/revoke.ts';
import type { SearchOptions } from './commands/search.ts';
import type { Context } from './context.ts';
import type { SweepFlags } from './sweep-settings.ts';

/** Runs a command's function with the context that the global options make, and keeps its exit code. */
export type Act = <Rest extends unknown[]>(
  work: (context: Context, ...rest: Rest) => Promise<number>,
) => (...rest: Rest) => Promise<void>;

/* Every command: its words, its options, and the module that is loaded when it runs. */

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
const on = () => new Option('--on <target>', 'where: aws/prod').argParser(collect);

export function signInCommands(program: Command, act: Act): void {
  program
    .command('login')
    .description('Sign in')
    .option('--as <person>', 'demo only: sign in as this person')
    .option('--device', 'sign in with a browser on another machine')
    .option('--fresh', 'show your company anew who you are, for what takes a fresh sign-in')
    .option('--no-browser', 'print the address instead of opening it')
    .action(
      act(async (context, options: LoginOptions) => (await import('./commands/login.ts')).login(context, options)),
    );
  program
    .command('logout')
    .description('Sign out, here and on the server')
    .action(act(async (context) => (await import('./commands/logout.ts')).logout(context)));
  program
    .command('whoami')
    .description('Show who you are signed in as')
    .action(act(async (context) => (await import('./commands/whoami.ts')).whoami(context)));
}

export function requestCommands(program: Command, act: Act): void {
  program
    .command('search')
    .description('Find what you can ask for')
    .argument('[words...]')
    .option('--all', 'also everything that you cannot ask for, with the reason')
    .option('--limit <count>', 'how many to look at')
    .action(
      act(async (context, words: string[], options: SearchOptions) =>
        (await import('./commands/search.ts')).search(context, words, options),
      ),
    );
  program
    .command('request')
    .description('Ask for access')
    .argument('<role...>', 'role, or role@target')
    .addOption(on())
    .option('--for <duration>', 'how long, from its start: 15m, 1h30m')
    .option('--reason <text>', 'what you need it for')
    .option('--ticket <id>', 'ticket that asks for it')
    .option('--at <time>', 'start later: 2026-11-21T18:00')
    .option('--wait', 'wait until it is decided and usable')
    .option('--timeout <duration>', 'wait at most this long')
    .option('--preview', 'only show what would be decided')
    .action(
      act(async (context, roles: string[], options: RequestOptions) =>
        (await import('./commands/request.ts')).request(context, roles, options),
      ),
    );
  program
    .command('wait')
    .description('Wait until a request is decided and usable')
    .argument('<request>')
    .option('--timeout <duration>', 'wait at most this long')
    .action(
      act(async (context, id: string, options: { timeout?: string }) =>
        (await import('./commands/request.ts')).wait(context, id, options),
      ),
    );
  program
    .command('approve')
    .description("Say yes to somebody's request")
    .argument('<request>')
    .option('--comment <text>')
    .option('--for <duration>', 'for less time than was asked')
    .option('--yes', 'without showing it and asking first')
    .option(
      '--seen <version>',
      'for scripts: its rulesVersion as you have read it; refused if other rules are in force',
    )
    .action(
      act(async (context, id: string, options: DecideOptions) =>
        (await import('./commands/decide.ts')).approve(context, id, options),
      ),
    );
  program
    .command('deny')
    .description("Say no to somebody's request")
    .argument('<request>')
    .option('--comment <text>', 'why, and what should change')
    .action(
      act(async (context, id: string, options: DecideOptions) =>
        (await import('./commands/decide.ts')).deny(context, id, options),
      ),
    );
  program
    .command('withdraw')
    .description('Take your own request back')
    .argument('<request>')
    .action(act(async (context, id: string) => (await import('./commands/decide.ts')).withdraw(context, id)));
  program
    .command('why')
    .description('Explain a request: rules, decisions, what happened')
    .argument('<request>')
    .action(act(async (context, id: string) => (await import('./commands/why.ts')).why(context, id)));
}

export function accessCommands(program: Command, act: Act, tail: readonly string[]): void {
  program
    .command('ls')
    .description('List your access and your requests')
    .option('--waiting', 'requests that wait for your decision')
    .option('--all', 'every request that you may see')
    .action(act(async (context, options: LsOptions) => (await import('./commands/ls.ts')).ls(context, options)));
  program
    .command('assume')
    .description('Run a command with the access; asks for it first if need be')
    .usage('<role> --on <target> [options] -- <command> [arguments...]')
    .argument('<role>', 'role, or role@target')
    .addOption(on())
    .option('--for <duration>', 'how long, when it has to be asked for')
    .option('--reason <text>', 'what for, when it has to be asked for')
    .option('--ticket <id>', 'ticket that asks for it')
    .option('--timeout <duration>', 'wait at most this long')
    .action(
      act(async (context, word: string, options: AssumeOptions) =>
        (await import('./commands/assume.ts')).assume(context, word, options, tail),
      ),
    );
  program
    .command('extend')
    .description('Ask to keep live access for longer')
    .argument('<grant>', 'grt_…')
    .option('--for <duration>', 'how much longer than it lasts now: 15m')
    .option('--reason <text>', 'what you still need it for')
    .option('--ticket <id>', 'ticket that asks for it')
    .option('--wait', 'wait until it is decided, and the cloud has the later end')
    .option('--timeout <duration>', 'wait at most this long')
    .action(
      act(async (context, id: string, options: ExtendOptions) =>
        (await import('./commands/extend.ts')).extend(context, id, options),
      ),
    );
  program
    .command('done')
    .description('Give access back before its time')
    .argument('[grant]', 'grt_…, req_…, role, or role@target')
    .addOption(on())
    .option('--all', 'everything that you hold')
    .action(
      act(async (context, word: string | undefined, options: DoneOptions) =>
        (await import('./commands/done.ts')).done(context, word, options),
      ),
    );
  program
    .command('revoke')
    .description("Take somebody's access away: one grant, or everything at once")
    .argument('[grant]', 'grt_…')
    .option('--person <person>', 'everything of this person')
    .option('--target <target>', 'everything on this target: aws/prod')
    .option('--all', 'everything of everybody; takes a second person')
    .option('--reason <text>', 'why')
    .option('--no-wait', 'only give the order and print its id')
    .option('--timeout <duration>', 'watch at most this long, 15m unless told; the order goes on')
    .option('--confirm <order>', 'be the second person of an order: rev_…')
    .option('--status <order>', 'how far an order is')
    .option('--lift <order>', 'let access within an order start again')
    .action(
      act(async (context, id: string | undefined, options: RevokeOptions) =>
        (await import('./commands/revoke.ts')).revoke(context, id, options),
      ),
    );
  program
    .command('orders')
    .description('Orders to stop access that stand: what is left of each, and how long it took until nothing was')
    .option('--all', 'also those that are done, lapsed or lifted')
    .action(
      act(async (context, options: OrdersOptions) => (await import('./commands/orders.ts')).orders(context, options)),
    );
  program
    .command('aws-profile')
    .description('Set up a profile of the AWS CLI and SDKs')
    .argument('<role>', 'role, or role@target')
    .addOption(on())
    .option('--write', "write it into AWS's configuration file")
    .option('--name <name>', 'name of the profile')
    .option('--region <region>', 'region of the profile')
    .action(
      act(async (context, word: string, options: AwsProfileOptions) =>
        (await import('./commands/aws-profile.ts')).awsProfile(context, word, options),
      ),
    );
  program
    .command('console')
    .description("Open the cloud's web console")
    .argument('<role>', 'role, or role@target')
    .addOption(on())
    .option('--print', 'print the address; it is a secret')
    .action(
      act(async (context, word: string, options: ConsoleOptions) =>
        (await import('./commands/console.ts')).openConsole(context, word, options),
      ),
    );
  const creds = program.command('creds').description('Hand credentials to other programs');
  creds
    .command('aws')
    .description('credential_process of AWS')
    .requiredOption('--role <role>', 'which role')
    .requiredOption('--on <target>', 'where')
    // A plain command line takes the short way through main.ts; this one is for help and for mistakes.
    .action(
      act(async ({ place, profile, server, json }, options: { role: string; on: string }) => {
        const { credsAws } = await import('./creds/creds-aws.ts');
        // What was not typed is not repeated in the command that is suggested.
        const typed = program.getOptionValueSource('server') === 'cli' ? { server } : {};
        return credsAws(place, { role: options.role, target: options.on, profile, json, ...typed });
      }),
    );
  anywhereCommand(program, creds, act);
}

function anywhereCommand(program: Command, creds: Command, act: Act): void {
  creds
    .command('aws-anywhere')
    .description('credential_process of AWS for a machine outside AWS, with a key that never leaves it')
    .requiredOption('--role <role>', 'which role')
    .requiredOption('--on <target>', 'where')
    .option('--csr <file>', 'print a certificate for the key of this request, for aws_signing_helper')
    .action(
      act(async ({ place, profile, server, json }, options: { role: string; on: string; csr?: string }) => {
        const { certificateFor, credsAwsAnywhere } = await import('./creds/creds-aws-anywhere.ts');
        const typed = program.getOptionValueSource('server') === 'cli' ? { server } : {};
        const wanted = { role: options.role, target: options.on, profile, json, ...typed };
        return options.csr === undefined ? credsAwsAnywhere(place, wanted) : certificateFor(place, wanted, options.csr);
      }),
    );
}

export function operatorCommands(program: Command, act: Act): void {
  program
    .command('prompt')
    .description('Live access for a shell prompt; asks nobody')
    .action(act(async ({ place, profile }) => (await import('./prompt.ts')).prompt(place, profile)));
  const audit = program.command('audit').description('The audit log');
  audit
    .command('verify')
    .description('Recompute the whole log and say what was tampered with')
    .option('--forget', 'forget what was seen of the log before: it was begun anew')
    .action(
      act(async (context, options: AuditVerifyOptions) =>
        (await import('./commands/audit-verify.ts')).auditVerify(context, options),
      ),
    );
  audit
    .command('open')
    .description('Show the personal values of an entry, and check them against the log')
    .argument('<seq>', 'number of the entry')
    .action(
      act(async (context, seq: string) => {
        const { entryArgument } = await import('./commands/proven-entry.ts');
        return (await import('./commands/audit-open.ts')).auditOpen(context, entryArgument(seq));
      }),
    );
  audit
    .command('show')
    .description('Show an entry as it was hashed, and check that the log has it')
    .argument('<seq>', 'number of the entry')
    .action(
      act(async (context, seq: string) => {
        const { entryArgument } = await import('./commands/proven-entry.ts');
        return (await import('./commands/audit-show.ts')).auditShow(context, entryArgument(seq));
      }),
    );
  program
    .command('policy')
    .description('The rules')
    .command('status')
    .description('Which rules are in force, and what is wrong with newer ones')
    .action(act(async (context) => (await import('./commands/policy-status.ts')).policyStatus(context)));
  program
    .command('doctor')
    .description('Find out why something does not work')
    .action(act(async (context) => (await import('./commands/doctor.ts')).doctor(context)));
  program
    .command('serve')
    .description('Run a broker; its settings come from the environment (docs/running.md)')
    .option('--restored', 'the database was restored from a backup: begin a new epoch (docs/guides/restore.md)')
    .action(
      act(async (context, options: { restored?: boolean }) => (await import('./serve.ts')).serve(context, options)),
    );
  program
    .command('sweep')
    .description('End what is overdue in a cloud, without a broker (docs/guides/sweeper.md)')
    .requiredOption('--provider <name>', 'aws or azure')
    .addOption(new Option('--account <id>', 'sweep this account, as its curfew-sweeper').argParser(collect))
    .addOption(new Option('--role-arn <arn>', 'sweep the account of this role, as it').argParser(collect))
    .addOption(new Option('--path <path>', 'where identities of people lie: people/').argParser(collect))
    .addOption(
      new Option('--scope <path>', 'a subscription or management group of Azure, with all below it').argParser(collect),
    )
    .option('--bucket <name>', 'where leases are, and where the heartbeat goes')
    .option('--bucket-region <region>', 'its region')
    .addOption(new Option('--key <key>', "the broker's public key, or a file of keys").argParser(collect))
    .option('--region <region>', 'region of AWS')
    .option('--identity-center-region <region>', 'region of Identity Center')
    .option('--identity-center-role-arn <arn>', 'role to assume where Identity Center is administered')
    .option('--name <name>', 'name of this sweeper in its heartbeat')
    .option('--endpoint <url>', 'call this instead of the cloud')
    .option('--allow-custom-endpoint', 'needed for --endpoint: whoever is there gets what is sent')
    .option('--dry-run', 'only show what would be ended')
    .option('--once', 'one run; this is the default')
    .option('--every <duration>', 'go on until stopped, with this pause: 1m')
    .action(act(async (context, options: SweepFlags) => (await import('./sweep.ts')).sweep(context, options)));
  program
    .command('completion')
    .description('Print a completion script')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(
      act(async (context, shell: string) =>
        (await import('./commands/completion.ts')).completion(context, program, shell),
      ),
    );
}
