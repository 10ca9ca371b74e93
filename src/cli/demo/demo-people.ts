import { groupsOf, type Person } from '../../core/directory.ts';
import type { Result } from '../../core/result.ts';
import { parseDirectory } from '../../identity/directory/yaml-directory.ts';
import { systemClock } from '../../platform/clock.ts';
import { readSourceFiles } from '../../platform/source-files.ts';

/** Somebody whom a user of the demo can be. */
export interface DemoPerson {
  readonly key: string;
  readonly name: string;
  readonly email: string;
  /** What they do, in a few words. */
  readonly title: string;
}

/** People whose parts make the walk-through: who asks, who agrees, who works in two clouds, who looks after it. */
const INTRODUCED = ['ana', 'bo', 'tom', 'rami', 'jan', 'eli', 'fay'];

/** Accounts at the agency that lends the company its contractors. The directory knows Quin's; the others are nobody's until somebody links them. */
export const CONTRACTORS: readonly DemoPerson[] = [
  { key: 'nw-1017', name: 'Ines Duarte', email: 'ines@northwind.example', title: 'linked to nobody yet' },
  { key: 'nw-1052', name: 'Quin Walsh', email: 'quin@northwind.example', title: 'known to Curfew' },
  { key: 'nw-1108', name: 'Wen Zhao', email: 'wen@northwind.example', title: 'linked to nobody yet' },
];

/** Reads the people of the demo from its directory; who has left cannot be chosen. */
export async function demoPeople(
  rulesDir: string,
): Promise<{ all: readonly DemoPerson[]; introduced: readonly DemoPerson[] }> {
  const directory = requireSound('directory', parseDirectory(await readSourceFiles(rulesDir), systemClock.now()));
  const title = (person: Person): string => {
    const groups = groupsOf(directory, person.key);
    const team = person.labels['team'] ?? '';
    return [person.employment === 'contractor' ? 'contractor' : '', groups[0] ?? team]
      .filter((word) => word !== '')
      .join(', ');
  };
  const all = [...directory.people.values()]
    .filter((person) => person.active)
    .map((person) => ({ key: person.key, name: person.name, email: person.email, title: title(person) }));
  return { all, introduced: INTRODUCED.flatMap((key) => all.filter((person) => person.key === key)) };
}

/** What was read of the demo's rules. Throws an `Error` that names the first problem. */
export function requireSound<Read>(what: string, parsed: Result<Read, readonly Problem[]>): Read {
  if (parsed.ok) return parsed.value;
  const [first] = parsed.refusal;
  const where = first === undefined ? '' : `${first.file}:${first.line} ${first.message}`;
  throw new Error(`The demo's ${what} is unsound: ${where}`);
}

interface Problem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}
