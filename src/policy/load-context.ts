import type { JsonObject } from '../core/json.ts';
import type { Role } from '../core/role.ts';
import { parseDuration } from '../core/time.ts';
import { problemAt } from './documents/check-document.ts';
import { didYouMean } from './documents/closest.ts';
import type { Path } from './documents/locator.ts';
import type { SourceDocument } from './documents/read-documents.ts';
import type { RequireShape, RolesShape, TargetsShape, WhoShape } from './documents/shapes.ts';
import { compileExpression, type Expression, type Mention } from './expression.ts';
import { isZone } from './local-time.ts';
import { RESERVED_SELECTORS } from './selectors.ts';
import type { PolicyProblem, Requirements, SourceFile, Vocabulary } from './types.ts';

/**
 * What the compilers of the single documents share: the world's names to check against, and the place where problems
 * are collected. Every check reports and goes on, because a person wants all mistakes of a file at once.
 */
export class LoadContext {
  readonly problems: PolicyProblem[] = [];
  readonly warnings: PolicyProblem[] = [];
  readonly vocabulary: Vocabulary;
  readonly #files: ReadonlyMap<string, SourceFile>;
  readonly #labels = new Set<string>();
  /** Session policies that roles refer to; they are part of the version. */
  readonly attached = new Map<string, JsonObject>();
  /** Whether the roles of a permission set write tombstones into it: all of them do, or none. */
  readonly tombstones = new Map<string, boolean>();

  constructor(files: readonly SourceFile[], vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
    this.#files = new Map(files.map((file) => [file.path, file]));
    for (const target of vocabulary.targets.values())
      for (const name of Object.keys(target.labels)) this.#labels.add(name);
  }

  problem(document: SourceDocument, path: Path, message: string, hint?: string): void {
    this.problems.push(problemAt(document, path, message, hint));
  }

  warn(document: SourceDocument, path: Path, message: string, hint?: string): void {
    this.warnings.push(problemAt(document, path, message, hint));
  }

  /** A file named relative to a document: beside it, or beside one of the folders above, the nearest first. */
  attachment(document: SourceDocument, written: string): SourceFile | null {
    const folders = document.file.split('/').slice(0, -1);
    for (let depth = folders.length; depth >= 0; depth--) {
      const file = this.#files.get(resolvePath(folders.slice(0, depth), written));
      if (file !== undefined) return file;
    }
    return null;
  }

  jsonFiles(): readonly string[] {
    return [...this.#files.keys()].filter((path) => path.endsWith('.json'));
  }

  duration(document: SourceDocument, path: Path, text: string): number {
    const ms = parseDuration(text);
    if (ms !== null && ms > 0) return ms;
    this.problem(document, path, `"${path.join('.')}" must be longer than nothing`);
    return 0;
  }

  expression(document: SourceDocument, path: Path, text: string): Expression | null {
    const compiled = compileExpression(text);
    if (!compiled.ok) {
      const { offset, message, hint } = compiled.refusal;
      this.problems.push({
        file: document.file,
        ...document.placeInText(path, offset),
        message: `"${path.join('.')}" is not a sound expression: ${message}`,
        ...(hint === undefined ? {} : { hint }),
      });
      return null;
    }
    for (const mention of compiled.value.mentions) this.#checkMention(document, path, mention);
    return compiled.value.expression;
  }

  requirements(document: SourceDocument, path: Path, shape: RequireShape | undefined): Requirements {
    return {
      reasonMin: shape?.reason?.min ?? 0,
      ticket: shape?.ticket ?? null,
      mfaMaxAgeMs: shape?.mfa ? this.duration(document, [...path, 'mfa', 'maxAge'], shape.mfa.maxAge) : null,
    };
  }

  who(document: SourceDocument, who: WhoShape): void {
    for (const [index, group] of (who.groups ?? []).entries()) this.group(document, ['who', 'groups', index], group);
    for (const [index, person] of (who.people ?? []).entries()) this.person(document, ['who', 'people', index], person);
  }

  /** `group:x`, `person:x`, `oncall:x` and the two words that need no name. */
  approver(document: SourceDocument, path: Path, selector: string): void {
    const [kind, name] = split(selector);
    if (kind === 'group') this.group(document, path, name);
    else if (kind === 'person') this.person(document, path, name);
    else if (kind === 'oncall')
      this.#known(document, path, 'on-call rotation', name, this.vocabulary.directory.rotations);
  }

  group(document: SourceDocument, path: Path, name: string): void {
    this.#known(document, path, 'group', name, this.vocabulary.directory.groups);
  }

  person(document: SourceDocument, path: Path, key: string): void {
    this.#known(document, path, 'person', key, this.vocabulary.directory.people);
    if (this.vocabulary.directory.people.get(key)?.active === false) {
      this.warn(document, path, `"${key}" has left`, 'name a group, so that rules survive people');
    }
  }

  roles(document: SourceDocument, shape: RolesShape, names: ReadonlySet<string>, roles: readonly Role[]): void {
    if (shape === 'all') return;
    if (Array.isArray(shape)) {
      for (const [index, name] of (shape as readonly string[]).entries()) {
        if (!names.has(name)) {
          this.problem(
            document,
            ['roles', index],
            `there is no role "${name}"`,
            didYouMean(name, names, 'roles are documents of kind role'),
          );
        }
      }
      return;
    }
    const categories = new Set(roles.flatMap((role) => role.categories));
    const wanted = 'category' in shape ? (shape.category ?? []) : [];
    for (const [index, category] of wanted.entries()) {
      if (!categories.has(category)) {
        this.problem(
          document,
          ['roles', 'category', index],
          `no role has the category "${category}"`,
          didYouMean(category, categories),
        );
      }
    }
  }

  targets(document: SourceDocument, shape: TargetsShape): void {
    if (shape === 'all') return;
    for (const [name, value] of Object.entries(shape)) {
      if (name === 'key' || name === 'within') {
        const keys = typeof value === 'string' ? [value] : value;
        for (const [index, key] of keys.entries()) {
          const path = typeof value === 'string' ? ['targets', name] : ['targets', name, index];
          this.#known(document, path, 'target', key, this.vocabulary.targets);
        }
      } else if (!RESERVED_SELECTORS.some((reserved) => reserved === name) && !this.#labels.has(name)) {
        const known = [...this.#labels, ...RESERVED_SELECTORS];
        const hint = didYouMean(name, known, `labels are ${[...this.#labels].sort().join(', ')}`);
        this.problems.push(problemAt(document, ['targets', name], `no target has the label "${name}"`, hint, 'key'));
      }
    }
  }

  #known(document: SourceDocument, path: Path, what: string, name: string, names: ReadonlyMap<string, unknown>): void {
    if (!names.has(name)) this.problem(document, path, `there is no ${what} "${name}"`, didYouMean(name, names.keys()));
  }

  #checkMention(document: SourceDocument, path: Path, mention: Mention): void {
    const { name } = mention;
    const { directory } = this.vocabulary;
    const report = (message: string, names: Iterable<string>): void => {
      const hint = didYouMean(name, names);
      const place = document.placeInText(path, mention.offset);
      this.problems.push({ file: document.file, ...place, message, ...(hint === undefined ? {} : { hint }) });
    };
    switch (mention.kind) {
      case 'group':
        if (!directory.groups.has(name)) report(`there is no group "${name}"`, directory.groups.keys());
        return;
      case 'rotation':
        if (!directory.rotations.has(name))
          report(`there is no on-call rotation "${name}"`, directory.rotations.keys());
        return;
      case 'target-label':
        if (!this.#labels.has(name)) report(`no target has the label "${name}"`, this.#labels);
        return;
      case 'zone':
        if (!isZone(name)) report(`there is no time zone "${name}"`, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
        return;
    }
  }
}

/** `group:data-leads` as its two halves; a word without a colon has an empty name. */
export function split(selector: string): readonly [kind: string, name: string] {
  const colon = selector.indexOf(':');
  return colon < 0 ? [selector, ''] : [selector.slice(0, colon), selector.slice(colon + 1)];
}

function resolvePath(folders: readonly string[], written: string): string {
  const parts = [...folders];
  for (const part of written.split('/')) {
    if (part === '.' || part === '') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
