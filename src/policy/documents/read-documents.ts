import { isMap, isScalar, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { closest } from './closest.ts';
import { Locator, type Path, type Place } from './locator.ts';
import { syntaxFault, worthShowing } from './syntax-fault.ts';
import type { PolicyProblem, SourceFile } from '../types.ts';

/** Every kind of document that may stand in a policy folder; each loader reads the kinds that are its own. */
export const DOCUMENT_KINDS = ['role', 'policy', 'guardrail', 'directory', 'targets', 'policy-test'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** One YAML document, with the means to say where in its file something stands. */
export interface SourceDocument {
  readonly file: string;
  readonly kind: DocumentKind;
  /** The plain value; nothing is known about its shape until `checkDocument` has accepted it. */
  readonly value: unknown;
  /** Where a value, or the key that introduces it, stands. A path that does not exist yields its nearest ancestor. */
  place(path: Path, part?: 'key' | 'value'): Place;
  /** Where the character at `offset` of a text value stands, for errors inside an expression. */
  placeInText(path: Path, offset: number): Place;
}

interface Read {
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly PolicyProblem[];
}

/** Every loader reads all files, and parsing them is most of what a load takes: a file is parsed once, and its values cannot be changed. */
const read = new WeakMap<SourceFile, Read>();

/**
 * Parses every `.yaml` and `.yml` file (YAML 1.2 core: `no` is text, not false) and returns its documents with the
 * syntax problems. Files with another ending are left to whoever refers to them, but for a JSON document (which is YAML) of a source of
 * people, `export:directory.json`.
 */
export function readDocuments(files: readonly SourceFile[]): Read {
  const all = files.map((file) => {
    const found = read.get(file) ?? readFile(file);
    read.set(file, found);
    return found;
  });
  return {
    documents: all.flatMap(({ documents }) => documents),
    problems: all.flatMap(({ problems }) => problems),
  };
}

function readFile(file: SourceFile): Read {
  const documents: SourceDocument[] = [];
  const problems: PolicyProblem[] = [];
  if (!/\.ya?ml$|^[a-z-]+:.*\.json$/.test(file.path)) return { documents, problems };
  const lines = new LineCounter();
  const text = file.text.replace(/^\uFEFF/, '');
  for (const parsed of parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' })) {
    const faults = [...parsed.errors, ...parsed.warnings];
    for (const fault of worthShowing(faults)) {
      const { line, col } = lines.linePos(fault.pos[0]);
      const { message, hint } = syntaxFault(fault);
      problems.push({
        file: file.path,
        line,
        column: col,
        message: `not valid YAML: ${message}`,
        ...(hint === undefined ? {} : { hint }),
      });
    }
    // A document without content is what a closing `---` or a file of comments leaves.
    const empty = parsed.contents === null || (isScalar(parsed.contents) && parsed.contents.value === null);
    if (faults.length > 0 || empty) continue;
    const one = toDocument(file.path, text, parsed, lines);
    if ('message' in one) problems.push(one);
    else documents.push(one);
  }
  return { documents, problems };
}

function toDocument(
  file: string,
  text: string,
  parsed: Document.Parsed,
  lines: LineCounter,
): SourceDocument | PolicyProblem {
  const locate = new Locator(parsed.contents, text, lines);
  const problem = (path: Path, message: string, hint?: string): PolicyProblem => ({
    file,
    ...locate.place(path, 'value'),
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  const value = plainValue(parsed);
  if (value === null) {
    return problem([], 'anchors and aliases are not allowed', 'write the value out where it is needed');
  }
  if (!isMap(parsed.contents)) return problem([], 'a document must be a mapping that starts with "kind"');
  const kind: unknown = parsed.get('kind');
  const known = DOCUMENT_KINDS.find((each) => each === kind);
  if (known === undefined) {
    const guess = typeof kind === 'string' ? closest(kind, DOCUMENT_KINDS) : null;
    const hint = guess === null ? `kinds are ${DOCUMENT_KINDS.join(', ')}` : `did you mean "${guess}"?`;
    return kind === undefined
      ? problem([], 'the document does not say its kind', hint)
      : problem(['kind'], `unknown kind ${JSON.stringify(kind)}`, hint);
  }
  return {
    file,
    kind: known,
    value: frozen(value.plain),
    place: (path, part = 'value') => locate.place(path, part),
    placeInText: (path, offset) => locate.placeInText(path, offset),
  };
}

/** `null` when the document uses an alias: expanding aliases is how a small file becomes a large one. */
function plainValue(parsed: Document.Parsed): { readonly plain: unknown } | null {
  try {
    return { plain: parsed.toJS({ maxAliasCount: 0 }) };
  } catch (error) {
    if (error instanceof ReferenceError) return null;
    throw error;
  }
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
