import { problemAt } from '../../policy/documents/check-document.ts';
import { didYouMean } from '../../policy/documents/closest.ts';
import type { PolicyProblem } from '../../policy/types.ts';
import type { Entry, GroupShape } from './entry.ts';

/** Resolves groups inside groups to sets of people. A circle, an unknown group or an unknown person is reported. */
export function expandGroups(
  groups: ReadonlyMap<string, Entry<GroupShape>>,
  people: ReadonlySet<string>,
  problems: PolicyProblem[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const done = new Map<string, ReadonlySet<string>>();

  const expand = (entry: Entry<GroupShape>, above: readonly string[]): ReadonlySet<string> => {
    const known = done.get(entry.key);
    if (known !== undefined) return known;
    const { document, path, shape } = entry;
    const members = new Set<string>();
    for (const [index, person] of (shape.members ?? []).entries()) {
      if (people.has(person)) members.add(person);
      else {
        const at = [...path, 'members', index];
        problems.push(problemAt(document, at, `there is no person "${person}"`, didYouMean(person, people)));
      }
    }
    const chain = [...above, entry.key];
    for (const [index, name] of (shape.groups ?? []).entries()) {
      const at = [...path, 'groups', index];
      const inner = groups.get(name);
      if (inner === undefined) {
        problems.push(problemAt(document, at, `there is no group "${name}"`, didYouMean(name, groups.keys())));
      } else if (chain.includes(name)) {
        const circle = [...chain.slice(chain.indexOf(name)), name].join(' > ');
        problems.push(problemAt(document, at, `groups contain each other: ${circle}`));
      } else for (const member of expand(inner, chain)) members.add(member);
    }
    done.set(entry.key, members);
    return members;
  };

  for (const entry of groups.values()) expand(entry, []);
  return done;
}
