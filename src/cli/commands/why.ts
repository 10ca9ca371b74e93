import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { previewOf, sentences } from '../terminal/preview-screen.ts';
import { printable } from '../terminal/printable.ts';
import { requestCard } from '../terminal/request-screen.ts';
import { statusText } from '../terminal/style.ts';
import { facts, plainTable, table } from '../terminal/table.ts';
import { clockTime } from '../terminal/times.ts';
import { requestView } from '../views.ts';
import { fields, list, text, textOrNull } from '../wire.ts';
import { requestId } from './request.ts';

/** Explains a request: what the rules said then, what they would say now, and what has happened since. */
export async function why(context: Context, id: string): Promise<ExitCode> {
  const raw = await context.api.get(`/requests/${requestId(id)}/explanation`);
  if (context.json) {
    context.dataJson(raw);
    return EXIT.ok;
  }
  const { out, place } = context;
  const request = requestView(fields(raw['request'], 'request'));
  const then = previewOf(fields(raw['decision'], 'decision'));
  const now = previewOf(fields(raw['now'], 'now'));
  const timeline = list(raw, 'timeline', (one) => ({
    at: text(one, 'at'),
    actor: textOrNull(one, 'actor') ?? '',
    kind: text(one, 'kind'),
    words: textOrNull(one, 'text') ?? '',
  }));
  const calls = list(raw, 'calls', (one) => ({
    about: `${text(one, 'role')} on ${text(one, 'target')}`,
    atStart: textOrNull(one, 'atStart'),
    atEnd: textOrNull(one, 'atEnd'),
    called: list(one, 'called', (call) => ({ at: text(call, 'at'), words: text(call, 'text') })),
  }));
  if (context.plain) {
    context.data(
      plainTable(
        ['at', 'kind', 'who', 'what'],
        timeline.map((one) => [one.at, one.kind, one.actor, one.words]),
      ),
    );
    return EXIT.ok;
  }
  // What the cloud is told stands in a part of its own.
  context.data(requestCard(context, { ...request, items: request.items.map((item) => ({ ...item, plan: null })) }));
  context.data(`${out.bold('The rules said')}\n`);
  // One rule may have long words, so that each stands on a line of its own with its words below.
  for (const one of then.refusals)
    context.data(`  ${statusText(out, 'refused')} ${out.dim(printable(one.rule))}\n    ${printable(one.text)}\n`);
  for (const one of then.reasons) context.data(`  ${out.dim(printable(one.rule))}\n    ${printable(one.text)}\n`);
  const changed =
    then.allowed !== now.allowed || then.steps.length !== now.steps.length || then.maxDurationMs !== now.maxDurationMs;
  context.data(
    `${out.bold('Asked again now')}\n  ${changed ? out.warn('the answer would be another') : 'the answer would be the same'}: ${statusText(out, now.allowed ? (now.steps.length === 0 ? 'automatic' : 'approval') : 'refused')}\n`,
  );
  for (const refusal of now.refusals)
    context.data(`  ${printable(refusal.text)}  ${out.dim(printable(refusal.rule))}\n`);
  for (const one of sentences(raw['stale'])) context.data(`  ${out.warn(printable(one))}\n`);
  context.data(`${out.bold('What happened')}\n`);
  context.data(
    table(
      out,
      null,
      timeline.map((one) => [
        out.dim(clockTime(one.at, place.clock.now())),
        printable(one.actor),
        printable(one.words),
      ]),
    ),
  );
  if (calls.length > 0) context.data(`\n${out.bold('Calls to the cloud')}\n`);
  for (const { about, atStart, atEnd, called } of calls) {
    context.data(`  ${out.bold(printable(about))}\n`);
    context.data(
      facts(out, [
        [called.length === 0 ? 'will call' : 'planned', printable(atStart ?? '')],
        ...called.map(({ at, words }): readonly [string, string] => [
          clockTime(at, place.clock.now()),
          printable(words),
        ]),
        ['at the end', printable(atEnd ?? '')],
      ]),
    );
  }
  return EXIT.ok;
}
