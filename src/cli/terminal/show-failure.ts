import type { Context } from '../context.ts';
import { API_VERSION } from '../context.ts';
import type { Failure, RefusalLine } from '../failure.ts';
import { styleFor, type Style } from './style.ts';
import type { Surroundings } from '../surroundings.ts';
import { printable } from './printable.ts';

/** Prints a failure on standard error: what is wrong, which rules said so, what to do. With `--json` as one JSON line. */
export function showFailure(place: Surroundings, failure: Failure, context: Pick<Context, 'json' | 'plain'>): void {
  if (context.json) {
    const { code, message, hint, refusals, requestId, exit } = failure;
    place.stderr.write(
      `${JSON.stringify({ error: { code, message, hint, refusals, requestId, exit }, apiVersion: API_VERSION })}\n`,
    );
    return;
  }
  const style = styleFor(place, place.stderr, context.plain);
  // The message of a refused request is its first refusal, which is not said a second time.
  const said = failure.refusals.find((refusal) => refusal.text === failure.message);
  place.stderr.write(
    `${style.bad('curfew:')} ${printable(failure.message)}${said === undefined ? '' : ruleOf(style, said)}\n`,
  );
  for (const refusal of failure.refusals) {
    if (refusal === said) continue;
    place.stderr.write(`  ${style.dim('-')} ${printable(refusal.text)}${ruleOf(style, refusal)}\n`);
    if (refusal.hint !== null && refusal.hint !== failure.hint) place.stderr.write(`    ${printable(refusal.hint)}\n`);
  }
  if (failure.hint !== null) place.stderr.write(`${style.accent('->')} ${printable(failure.hint)}\n`);
  // Whoever operates the server finds a fault of ours in its log by this; what the user can put right needs no such line.
  if (failure.requestId !== null && failure.code === 'internal')
    place.stderr.write(`${style.dim(`   request ${printable(failure.requestId)}`)}\n`);
}

/** The rule that refused, where its words do not name it; what holds without a rule has no name worth showing. */
function ruleOf(style: Style, { rule, text }: RefusalLine): string {
  return rule === 'default' || text.includes(rule) ? '' : ` ${style.dim(`(${printable(rule)})`)}`;
}
