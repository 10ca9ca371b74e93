import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../terminal/printable.ts';
import { facts, plainTable } from '../terminal/table.ts';
import { clockTime } from '../terminal/times.ts';
import { isFields, list, numberOrNull, text, textOrNull, type Fields } from '../wire.ts';

/**
 * Shows which rules are in force, what is suspicious in them, and what is wrong with newer ones that were refused. Exit code 1 when
 * newer ones were refused.
 */
export async function policyStatus(context: Context): Promise<ExitCode> {
  const raw = await context.api.get('/policy');
  const problems = list(raw, 'problems', (one) => finding('problem', one));
  const warnings = list(raw, 'warnings', (one) => finding('warning', one));
  const people = peopleFindings(raw);
  const findings = [...problems, ...people, ...warnings];
  const exit = problems.length + people.length === 0 ? EXIT.ok : EXIT.error;
  if (context.json) context.dataJson(raw);
  else if (context.plain)
    context.data(
      plainTable(
        ['place', 'message', 'hint', 'kind'],
        findings.map((one) => [one.place, one.message, one.hint ?? '', one.kind]),
      ),
    );
  else {
    const { out, place } = context;
    context.data(
      facts(out, [
        ['version', text(raw, 'version')],
        ['loaded', clockTime(text(raw, 'loadedAt'), place.clock.now())],
        ['roles', String(numberOrNull(raw, 'roles') ?? '')],
        ['policies', String(numberOrNull(raw, 'policies') ?? '')],
        [
          'problems',
          problems.length === 0
            ? out.good('none')
            : out.bad(`${problems.length}: a newer version was refused, this one stays in force`),
        ],
        ['people', people.length === 0 ? out.good('up to date') : out.bad(`${people.length} to look at`)],
        ['warnings', warnings.length === 0 ? out.good('none') : `${warnings.length} in the rules in force`],
      ]),
    );
    for (const one of findings) {
      context.data(`  ${out.bold(printable(one.place))}  ${printable(one.message)}\n`);
      if (one.hint !== null) context.data(`    ${out.accent('->')} ${printable(one.hint)}\n`);
    }
  }
  return exit;
}

/** What the loader says about a place in the rules. */
function finding(kind: 'problem' | 'warning', one: Fields) {
  return {
    kind,
    place: `${text(one, 'file')}:${numberOrNull(one, 'line') ?? 0}:${numberOrNull(one, 'column') ?? 0}`,
    message: text(one, 'message'),
    hint: textOrNull(one, 'hint'),
  };
}

/** What is wrong with where people come from, and the accounts that are not clear. */
export function peopleFindings(raw: Fields) {
  const directory = raw['directory'];
  if (!isFields(directory)) return [];
  const sources = list(directory, 'sources', (one) => {
    const name = text(one, 'name');
    const stale =
      one['stale'] === true ? `the people of "${name}" are as of ${textOrNull(one, 'takenAt') ?? '?'}` : null;
    return { name, message: textOrNull(one, 'problem') ?? stale, hint: textOrNull(one, 'hint') };
  });
  // Whoever is neither auditor nor admin is not told of them.
  const conflicts = directory['conflicts'] === undefined ? [] : list(directory, 'conflicts', conflict);
  const old = sources.flatMap(({ name, message, hint }) =>
    message === null ? [] : [{ kind: 'people' as const, place: name, message, hint }],
  );
  return [...old, ...conflicts];
}

function conflict(one: Fields) {
  const [person, claimedBy] = [text(one, 'person'), text(one, 'claimedBy')];
  const isOther = person === claimedBy;
  return {
    kind: 'people' as const,
    place: text(one, 'account'),
    message: isOther
      ? `the directory gives ${person} another account than this one, which was proven; the other signs in nobody`
      : `${claimedBy} claims an account of ${person}, and is not signed in by it`,
    hint: isOther
      ? 'undo that in the directory if you do not know why it is so; otherwise two admins release this account'
      : 'two admins merge the two persons, or release the account',
  };
}
