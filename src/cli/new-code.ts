import type { CodePlan } from '../operations/renew-admin-code.ts';
import { ask } from './ask.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { interrupted } from './failure.ts';
import { atTheDatabase } from './at-the-database.ts';
import { printable } from './terminal/printable.ts';

const YES = 'new admin';

/**
 * Prints a code with which an admin is claimed, where every admin has left the directory. It works on the database of the broker, as
 * `forget-accounts` does: no admin is there who could be asked.
 */
export function newCode(context: Context): Promise<ExitCode> {
  return atTheDatabase(context, 'docs/running.md', async (offline) => {
    const plan = await offline.planCode();
    context.say(planWords(plan));
    if ((await ask(context, `Type "${YES}" to do this:`)) !== YES)
      throw interrupted('That is not it. Nothing was done.');
    const { code, expiresAt } = await offline.renewCode(plan);
    context.say(`The code, good once and until ${expiresAt}: ${code}`);
    context.say('Sign in, and: curfew admin claim');
    return EXIT.ok;
  });
}

function planWords({ left }: CodePlan): string {
  return [
    `All admins have left the directory: ${left.map(printable).join(', ')}.`,
    '  This prints a code with which whoever signs in and has it becomes admin. The roles of those who left end by that.',
    '  If one of them is to act again, put them back into the directory instead.',
    '  It goes into the log, and all auditors hear of it by e-mail.',
    '',
  ].join('\n');
}
