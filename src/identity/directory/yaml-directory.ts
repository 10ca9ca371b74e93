import { createHash } from 'node:crypto';
import type { DirectorySnapshot, Group, Person, Rotation } from '../../core/directory.ts';
import { oneLine } from '../../core/one-line.ts';
import { ok, refused, type Result } from '../../core/result.ts';
import type { Instant } from '../../core/time.ts';
import { checkDocument, problemAt } from '../../policy/documents/check-document.ts';
import { didYouMean } from '../../policy/documents/closest.ts';
import { readDocuments, type SourceDocument } from '../../policy/documents/read-documents.ts';
import { isZone } from '../../policy/local-time.ts';
import type { PolicyProblem, SourceFile } from '../../policy/types.ts';
import type { Entry, GroupShape } from './entry.ts';
import { expandGroups } from './groups.ts';
import { shiftsAround, type RotationShape } from './rotation.ts';

interface PersonShape {
  readonly name: string;
  readonly email: string;
  readonly manager?: string;
  readonly employment?: 'employee' | 'contractor';
  readonly labels?: Readonly<Record<string, string>>;
  readonly accounts?: Readonly<Record<string, string>>;
  readonly active?: boolean;
}

/**
 * Reads the documents of kind directory into one snapshot. Groups inside groups are resolved; rotations become the shifts
 * from a week before `now` to two months after it. The version is a hash of what was written, not of the moment: the
 * same files always have the same version.
 */
export function parseDirectory(
  files: readonly SourceFile[],
  now: Instant,
): Result<DirectorySnapshot, readonly PolicyProblem[]> {
  const read = readDocuments(files);
  const documents = read.documents.filter((document) => document.kind === 'directory');
  const problems: PolicyProblem[] = [...read.problems, ...documents.flatMap(checkDocument)];
  if (problems.length > 0) return refused(problems);

  const people = entriesOf<PersonShape>(documents, 'people', problems);
  const groups = entriesOf<GroupShape>(documents, 'groups', problems);
  const rotations = entriesOf<RotationShape>(documents, 'rotations', problems);
  checkPeople(people, problems);
  checkRotations(rotations, people, problems);
  const members = expandGroups(groups, new Set(people.keys()), problems);
  if (problems.length > 0) return refused(problems);

  return ok({
    version: versionOf(people, groups, rotations),
    takenAt: now,
    people: new Map([...people].map(([key, { shape }]) => [key, toPerson(key, shape)])),
    groups: new Map(
      [...groups].map(([key, { shape }]): [string, Group] => [
        key,
        { key, description: shape.description, members: members.get(key) ?? new Set() },
      ]),
    ),
    rotations: new Map(
      [...rotations].map(([key, { shape }]): [string, Rotation] => [key, { key, shifts: shiftsAround(shape, now) }]),
    ),
    ...(runsOut(documents) ? { departures: 'run-out' } : {}),
  });
}

/** Ending is stricter, so that it wins where documents disagree. */
function runsOut(documents: readonly SourceDocument[]): boolean {
  const said = documents.map(({ value }) => (value as { readonly departures?: string }).departures);
  return said.includes('run-out') && !said.includes('end');
}

function entriesOf<Shape>(
  documents: readonly SourceDocument[],
  section: string,
  problems: PolicyProblem[],
): Map<string, Entry<Shape>> {
  const entries = new Map<string, Entry<Shape>>();
  for (const document of documents) {
    const sections = document.value as Readonly<Record<string, Readonly<Record<string, Shape>> | undefined>>;
    for (const [key, shape] of Object.entries(sections[section] ?? {})) {
      const path = [section, key];
      const first = entries.get(key);
      if (first === undefined) entries.set(key, { key, shape, document, path });
      else {
        const at = `${first.document.file}:${first.document.place(first.path, 'key').line}`;
        problems.push(problemAt(document, path, `"${key}" is already in ${section} at ${at}`, undefined, 'key'));
      }
    }
  }
  return entries;
}

function checkPeople(people: ReadonlyMap<string, Entry<PersonShape>>, problems: PolicyProblem[]): void {
  const owners = new Map<string, string>();
  for (const { key, shape, document, path } of people.values()) {
    if (shape.manager !== undefined && !people.has(shape.manager)) {
      const hint = didYouMean(shape.manager, people.keys());
      problems.push(problemAt(document, [...path, 'manager'], `there is no person "${shape.manager}"`, hint));
    } else if (managesThemselves(key, people)) {
      problems.push(
        problemAt(document, [...path, 'manager'], `"${key}" is their own manager, directly or in a circle`),
      );
    }
    // One account that two persons share would make their acts one person's in the cloud's log.
    const identities = [['email', shape.email.toLowerCase()], ...Object.entries(shape.accounts ?? {})] as const;
    for (const [provider, account] of identities) {
      const at = provider === 'email' ? [...path, 'email'] : [...path, 'accounts', provider];
      const owner = owners.get(`${provider} ${account}`);
      if (owner === undefined) owners.set(`${provider} ${account}`, key);
      else problems.push(problemAt(document, at, `"${account}" already belongs to "${owner}"`));
    }
  }
  checkEffectiveAccounts(people, problems);
}

/** Somebody without an account in a cloud is known there by their key, which must not be somebody else's account. */
function checkEffectiveAccounts(people: ReadonlyMap<string, Entry<PersonShape>>, problems: PolicyProblem[]): void {
  for (const { key, shape, document, path } of people.values()) {
    for (const [provider, account] of Object.entries(shape.accounts ?? {})) {
      const other = account === key ? undefined : people.get(account);
      if (other === undefined || other.shape.accounts?.[provider] !== undefined) continue;
      const text = `"${account}" is what "${account}" is called in ${provider}, who has no other account there`;
      problems.push(problemAt(document, [...path, 'accounts', provider], text));
    }
  }
}

function managesThemselves(key: string, people: ReadonlyMap<string, Entry<PersonShape>>): boolean {
  const seen = new Set<string>();
  let manager = people.get(key)?.shape.manager;
  while (manager !== undefined && manager !== key && !seen.has(manager)) {
    seen.add(manager);
    manager = people.get(manager)?.shape.manager;
  }
  return manager === key;
}

function checkRotations(
  rotations: ReadonlyMap<string, Entry<RotationShape>>,
  people: ReadonlyMap<string, Entry<PersonShape>>,
  problems: PolicyProblem[],
): void {
  for (const { shape, document, path } of rotations.values()) {
    for (const [index, person] of shape.people.entries()) {
      if (people.has(person)) continue;
      const hint = didYouMean(person, people.keys());
      problems.push(problemAt(document, [...path, 'people', index], `there is no person "${person}"`, hint));
    }
    if (shape.zone !== undefined && !isZone(shape.zone)) {
      const hint = didYouMean(shape.zone, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
      problems.push(problemAt(document, [...path, 'zone'], `there is no time zone "${shape.zone}"`, hint));
    }
    const date = new Date(`${shape.anchor}T00:00:00Z`);
    if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== shape.anchor) {
      problems.push(problemAt(document, [...path, 'anchor'], `${shape.anchor} is not a day of the calendar`));
    }
  }
}

function toPerson(key: string, shape: PersonShape): Person {
  return {
    key,
    // A sync may bring what people call themselves: nobody gets to look like somebody else by what is not seen.
    name: oneLine(shape.name),
    email: shape.email,
    manager: shape.manager ?? null,
    employment: shape.employment ?? 'employee',
    labels: shape.labels ?? {},
    accounts: shape.accounts ?? {},
    active: shape.active ?? true,
  };
}

function versionOf(...sections: readonly ReadonlyMap<string, Entry<unknown>>[]): string {
  const plain = sections.map((section) => [...section].map(([key, { shape }]) => [key, shape]).sort(byKey));
  return createHash('sha256').update(JSON.stringify(plain)).digest('hex');
}

function byKey(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}
