import { unseenIn } from '../core/one-line.ts';
import { problemAt } from './documents/check-document.ts';
import type { Path } from './documents/locator.ts';
import type { SourceDocument } from './documents/read-documents.ts';
import type { LoadContext } from './load-context.ts';
import { lookAlikes, mixesScripts } from './look-alikes.ts';

/** More are not read by anybody. */
const MOST_WARNINGS = 100;

/** A name in a document, and what it names. */
interface Name {
  readonly key: string;
  readonly text: string;
  readonly document: SourceDocument;
  readonly path: Path;
}

/**
 * Warns of roles, targets, groups and people whose names an approver can take for another's. Keys and names of roles are plain ASCII, or are refused
 * before this; the display names of people may be in any script, and the key is shown beside them where somebody decides.
 */
export function warnOfLookAlikes(documents: readonly SourceDocument[], context: LoadContext): void {
  const roles = documents.flatMap((document): readonly Name[] => {
    const { name } = document.value as { readonly name?: unknown };
    return document.kind === 'role' && typeof name === 'string'
      ? [{ key: name, text: name, document, path: ['name'] }]
      : [];
  });
  const warnings = [
    ...alike('role', roles),
    ...alike('target', keysIn(documents, 'targets', 'targets')),
    ...alike('group', keysIn(documents, 'directory', 'groups')),
    ...alike('person', keysIn(documents, 'directory', 'people')),
    ...ofDisplayNames(namesOfPeople(documents)),
  ];
  context.warnings.push(
    ...warnings
      .slice(0, MOST_WARNINGS)
      .map(({ document, path, text, hint }) => problemAt(document, path, text, hint, 'key')),
  );
}

interface Warning extends Pick<Name, 'document' | 'path'> {
  readonly text: string;
  readonly hint: string;
}

function alike(what: string, names: readonly Name[]): readonly Warning[] {
  const found = lookAlikes(names.map(({ key, text }) => [key, text]));
  const hint = 'give one of them another name: whoever approves must not mistake them';
  return names.flatMap(({ key, document, path }) => {
    const other = found.get(key);
    return other === undefined
      ? []
      : [{ document, path, hint, text: `the ${what} "${key}" can be taken for "${other}"` }];
  });
}

function ofDisplayNames(names: readonly Name[]): readonly Warning[] {
  const found = lookAlikes(names.map(({ key, text }) => [key, text]));
  const hint = 'make sure that it is their name; the key is shown beside it where somebody decides';
  return names.flatMap(({ key, text: name, document, path }) => {
    const other = found.get(key);
    if (other !== undefined)
      return [{ document, path, hint, text: `the name of "${key}" can be taken for that of "${other}"` }];
    const point = unseenIn(name);
    if (point !== null)
      return [{ document, path, hint, text: `the name of "${key}" holds ${point}, which is shown as \uFFFD` }];
    return mixesScripts(name) ? [{ document, path, hint, text: `the name of "${key}" mixes scripts in one word` }] : [];
  });
}

function sectionOf(document: SourceDocument, kind: string, section: string): readonly (readonly [string, unknown])[] {
  if (document.kind !== kind) return [];
  const found = (document.value as Readonly<Record<string, unknown>>)[section];
  return typeof found === 'object' && found !== null ? Object.entries(found) : [];
}

function keysIn(documents: readonly SourceDocument[], kind: string, section: string): readonly Name[] {
  return documents.flatMap((document) =>
    sectionOf(document, kind, section).map(([key]) => ({ key, text: key, document, path: [section, key] })),
  );
}

function namesOfPeople(documents: readonly SourceDocument[]): readonly Name[] {
  return documents.flatMap((document) =>
    sectionOf(document, 'directory', 'people').flatMap(([key, shape]): readonly Name[] => {
      const name = typeof shape === 'object' && shape !== null && 'name' in shape ? shape.name : null;
      return typeof name === 'string' ? [{ key, text: name, document, path: ['people', key, 'name'] }] : [];
    }),
  );
}
