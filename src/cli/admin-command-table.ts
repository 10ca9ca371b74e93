import { Option, type Command } from 'commander';
import type { Act } from './command-table.ts';
import type { ConfirmOptions, MergeOptions, ReasonOptions, RoleOptions } from './commands/admin.ts';

/** What admins do, two at a time, and who they are. */
export function adminCommands(program: Command, act: Act): void {
  const admin = program
    .command('admin')
    .description('Who is an auditor or an admin of Curfew itself, and what admins do');
  const load = () => import('./commands/admin.ts');
  const as = () => new Option('--as <role>', 'as what').choices(['auditor', 'admin']).makeOptionMandatory();
  const reason = () => new Option('--reason <text>', 'why').makeOptionMandatory();
  admin
    .command('list')
    .description(
      'Who holds which role, and which changes wait for a second person, with everything that they would change',
    )
    .action(act(async (context) => (await load()).listAdmins(context)));
  admin
    .command('appoint')
    .description('Propose that somebody gets a role; a second person confirms it')
    .argument('<name>', 'key in the directory')
    .addOption(as())
    .addOption(reason())
    .action(act(async (context, name: string, options: RoleOptions) => (await load()).appoint(context, name, options)));
  admin
    .command('dismiss')
    .description('Propose that somebody loses a role; a second person confirms it')
    .argument('<name>', 'key in the directory')
    .addOption(as())
    .addOption(reason())
    .action(act(async (context, name: string, options: RoleOptions) => (await load()).dismiss(context, name, options)));
  admin
    .command('merge')
    .description('Propose that two entries of the directory are one human; another admin confirms it')
    .argument('<keep>', 'key of the one that both are counted as')
    .argument('<other>', 'key of the other')
    .addOption(reason())
    .option('--end-grants', 'end live access that lacks an approval then; without it, it gets a finding and runs on')
    .action(
      act(async (context, keep: string, other: string, options: MergeOptions) =>
        (await load()).merge(context, keep, other, options),
      ),
    );
  admin
    .command('release')
    .description('Propose that an account passes on to another human; another admin confirms it')
    .argument('<account>', 'lnk_…, from "curfew policy status"')
    .addOption(reason())
    .action(
      act(async (context, account: string, options: ReasonOptions) =>
        (await load()).release(context, account, options),
      ),
    );
  admin
    .command('confirm')
    .description('Be the second person of a proposal')
    .argument('<proposal>', 'prp_…')
    .option('--yes', 'without showing it and asking first')
    .option(
      '--seen <version>',
      'for scripts: its changesVersion as you have read it; refused if it would change something else',
    )
    .action(
      act(async (context, id: string, options: ConfirmOptions) => (await load()).confirmProposal(context, id, options)),
    );
  admin
    .command('refuse')
    .alias('withdraw')
    .description('Refuse a proposal, or withdraw your own')
    .argument('<proposal>', 'prp_…')
    .action(act(async (context, id: string) => (await load()).refuseProposal(context, id)));
  admin
    .command('forget-accounts')
    .description(
      'On the machine of the broker, with its settings: let the directory introduce everybody at one provider anew (docs/sign-in.md)',
    )
    .requiredOption('--issuer <url>', 'of which provider')
    .action(
      act(async (context, options: { issuer: string }) =>
        (await import('./forget-accounts.ts')).forgetAccounts(context, options),
      ),
    );
  admin
    .command('new-code')
    .description(
      'On the machine of the broker, with its settings, where every admin has left: a code with which an admin is claimed (docs/running.md)',
    )
    .action(act(async (context) => (await import('./new-code.ts')).newCode(context)));
  admin
    .command('claim')
    .description(
      "Become the first admin, with the code on the broker's console; it is asked for, or read from standard input",
    )
    .action(act(async (context) => (await load()).claim(context)));
}
