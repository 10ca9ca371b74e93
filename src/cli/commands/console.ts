import { liveGrants } from '../access.ts';
import { wantedItem } from '../arguments.ts';
import { requestLine } from '../call-name.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { canOpenBrowser, openSecretly } from '../open-browser.ts';
import { text } from '../wire.ts';

export interface ConsoleOptions {
  readonly on?: readonly string[];
  readonly print?: boolean;
}

/** Opens the cloud's web console as the holder of a grant. The address signs in whoever has it, so it is shown only when asked for. */
export async function openConsole(context: Context, word: string, options: ConsoleOptions): Promise<ExitCode> {
  const { place } = context;
  const wanted = wantedItem(word, options.on ?? []);
  const [grant] = await liveGrants(context.api, wanted);
  if (grant?.status !== 'active') {
    throw new Failure(`You do not hold ${wanted.role} on ${wanted.target}.`, {
      exit: EXIT.denied,
      code: 'no-grant',
      hint: requestLine(context, wanted.role, wanted.target),
    });
  }
  if (!options.print && !canOpenBrowser(place)) {
    throw new Failure('There is no browser here.', {
      code: 'no-browser',
      hint: `To get the address, which is a secret: ${context.command('console', word, ...(options.on ?? []).flatMap((on) => ['--on', on]), '--print')}`,
    });
  }
  const answer = await context.api.post(`/grants/${grant.id}/console`, {});
  const url = text(answer, 'url');
  if (options.print) {
    if (context.json) context.dataJson(answer);
    else context.data(`${url}\n`);
    return EXIT.ok;
  }
  if (!/^https?:\/\//.test(url))
    throw new Failure('The server sent something that is not a web address.', { code: 'unexpected-answer' });
  if (!(await openSecretly(place, url)))
    throw new Failure('The browser did not open.', { code: 'no-browser', hint: 'Set BROWSER, or use --print.' });
  context.say('The console opens in your browser.');
  return EXIT.ok;
}
