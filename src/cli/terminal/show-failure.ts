import type { Context } from '../context.ts';
import { API_VERSION } from '../context.ts';
import type { Failure } from '../failure.ts';
import { styleFor } from './style.ts';
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
  place.stderr.write(`${style.bad('curfew:')} ${printable(failure.message)}\n`);
  for (const refusal of failure.refusals) {
    place.stderr.write(`  ${style.dim('-')} ${printable(refusal.text)} ${style.dim(`(${printable(refusal.rule)})`)}\n`);
    if (refusal.hint !== null && refusal.hint !== failure.hint) place.stderr.write(`    ${printable(refusal.hint)}\n`);
  }
  if (failure.hint !== null) place.stderr.write(`${style.accent('->')} ${printable(failure.hint)}\n`);
  if (failure.requestId !== null && failure.exit === 1)
    place.stderr.write(`${style.dim(`   request ${printable(failure.requestId)}`)}\n`);
}
