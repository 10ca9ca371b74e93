import { openOffline } from '../offline.ts';
import type { ForgetPlan } from '../operations/forget-accounts.ts';
import { ConfigProblem, readConfig } from '../platform/config.ts';
import { FolderInUse, lockFolder } from '../platform/folder-lock.ts';
import { KeyFileProblem } from '../platform/key-files.ts';
import { ask } from './ask.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure, interrupted, usage } from './failure.ts';
import { printable } from './terminal/printable.ts';

/**
 * Has the accounts forgotten that the directory introduced at one issuer. It works on the database of the broker and asks no server, because
 * nobody can sign in: whoever has a shell there, the keys and the database is trusted with all of it already. At a terminal alone.
 */
export async function forgetAccounts(context: Context, { issuer }: { readonly issuer: string }): Promise<ExitCode> {
  if (!context.interactive)
    throw usage('This is confirmed at a terminal, by somebody who reads what it does.', 'Run it without a pipe.');
  try {
    const config = readConfig(context.place.env);
    const unlock = config.databaseUrl === null ? lockFolder(config.dataDir) : () => {};
    try {
      const offline = await openOffline(config);
      try {
        const plan = await offline.plan(issuer);
        context.say(planWords(plan));
        if ((await ask(context, 'Type the issuer to do this:')) !== issuer)
          throw interrupted('That is not the issuer. Nothing was done.');
        await offline.forget(plan);
        context.say(`Done: ${plan.accounts} accounts at ${printable(issuer)} are forgotten.`);
        return EXIT.ok;
      } finally {
        await offline.close();
      }
    } finally {
      unlock();
    }
  } catch (error) {
    const known = [ConfigProblem, FolderInUse, KeyFileProblem].some((kind) => error instanceof kind);
    if (known && error instanceof Error)
      throw new Failure(error.message, { code: 'nothing-done', hint: 'See docs/sign-in.md.' });
    throw error;
  }
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
