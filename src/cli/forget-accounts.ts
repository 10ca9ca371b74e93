import type { ForgetPlan } from '../operations/forget-accounts.ts';
import { ask } from './ask.ts';
import { atTheDatabase } from './at-the-database.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { interrupted } from './failure.ts';
import { printable } from './terminal/printable.ts';

/** Has the accounts forgotten that the directory introduced at one issuer. It works on the database of the broker: nobody can sign in. */
export function forgetAccounts(context: Context, { issuer }: { readonly issuer: string }): Promise<ExitCode> {
  return atTheDatabase(context, 'docs/sign-in.md', async (offline) => {
    const plan = await offline.plan(issuer);
    context.say(planWords(plan));
    if ((await ask(context, 'Type the issuer to do this:')) !== issuer)
      throw interrupted('That is not the issuer. Nothing was done.');
    await offline.forget(plan);
    context.say(`Done: ${plan.accounts} accounts at ${printable(issuer)} are forgotten.`);
    return EXIT.ok;
  });
}

function planWords({ issuer, accounts, people, admins }: ForgetPlan): string {
  const who = admins.length === 0 ? 'no admin is among them' : `admins among them: ${admins.map(printable).join(', ')}`;
  return [
    `This forgets ${accounts} accounts of ${people} people at ${printable(issuer)}, which the directory introduced; ${who}.`,
    '  The directory then says anew, once for each entry, which account there is whose. Whoever writes it can say that of anybody,',
    '  so look first at what it says, above all of admins and approvers.',
    '  What is signed in by these accounts ends. Accounts that people linked themselves, passkeys and access stay.',
    '  It goes into the log. Everybody whom it is about hears of it by e-mail, and so do all admins. It is not undone.',
    '',
  ].join('\n');
}
