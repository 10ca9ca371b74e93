import { createHash } from 'node:crypto';
import { ok, refused, type Result } from '../core/result.ts';
import type { Role } from '../core/role.ts';
import { compileGuardrail } from './compile-guardrail.ts';
import { compilePolicy } from './compile-policy.ts';
import { compileRole } from './compile-role.ts';
import { directoryIndex } from './directory-index.ts';
import { checkDocument } from './documents/check-document.ts';
import { readDocuments, type SourceDocument } from './documents/read-documents.ts';
import { buildIndex } from './index-rules.ts';
import { LoadContext } from './load-context.ts';
import type { PolicyRule, PolicySet } from './rules.ts';
import type { PolicyProblem, SourceFile, Vocabulary } from './types.ts';
import { warnOfLookAlikes } from './warn-look-alikes.ts';

export type { PolicySet } from './rules.ts';

/**
 * Compiles the documents of kind role, policy and guardrail. Other kinds are left to their own loaders, so all files of a
 * folder may be passed. Either everything is sound and a set comes out, or every problem is reported and nothing does.
 *
 *     const loaded = loadPolicy(files, { directory, targets, available: new Set(['aws']) });
 *     if (!loaded.ok) for (const p of loaded.refusal) console.error(`${p.file}:${p.line}:${p.column}: ${p.message}`);
 */
export function loadPolicy(
  files: readonly SourceFile[],
  vocabulary: Vocabulary,
): Result<PolicySet, readonly PolicyProblem[]> {
  const context = new LoadContext(files, vocabulary);
  const read = readDocuments(files);
  context.problems.push(...read.problems);
  const documents = read.documents.filter(({ kind }) => kind === 'role' || kind === 'policy' || kind === 'guardrail');
  const sound = documents.filter((document) => {
    const problems = checkDocument(document);
    context.problems.push(...problems);
    return problems.length === 0;
  });
  for (const kind of ['role', 'policy', 'guardrail'])
    checkNames(
      documents.filter((each) => each.kind === kind),
      context,
    );

  const of = (kind: string): readonly SourceDocument[] =>
    sound.filter((each) => each.kind === kind).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  // Names of unsound documents count as known, so that one mistake is reported once.
  const names = (kind: string) => new Set(documents.filter((each) => each.kind === kind).map(nameOf));
  const roles = of('role').map((document) => compileRole(document, context));
  const roleNames = names('role');
  const policyNames = names('policy');
  const policyDocuments = of('policy');
  const policies = policyDocuments.map((document, order) =>
    compilePolicy(document, order, roles, roleNames, policyNames, context),
  );
  const guardrails = of('guardrail').map((document) => compileGuardrail(document, roles, roleNames, context));
  checkYielding(policies, policyDocuments, context);
  warnOfLookAlikes(read.documents, context);
  if (context.problems.length > 0) return refused(inOrder(context.problems));

  // Indexed now, so that the first decision does not wait for it.
  directoryIndex(vocabulary.directory);
  const byName = new Map<string, Role>(roles.map((role) => [role.name, role]));
  const sources = decidingSources(files, read.documents, context);
  return ok({
    version: versionOf(sources, vocabulary),
    roles: byName,
    policies,
    guardrails,
    vocabulary,
    sources,
    warnings: inOrder(context.warnings),
    index: buildIndex(byName, policies, guardrails, vocabulary.targets),
  });
}

function nameOf(document: SourceDocument): string {
  const name = (document.value as { readonly name?: unknown }).name;
  return typeof name === 'string' ? name : '';
}

function checkNames(documents: readonly SourceDocument[], context: LoadContext): void {
  const seen = new Map<string, SourceDocument>();
  for (const document of documents) {
    const name = nameOf(document);
    const first = seen.get(name);
    if (name === '') continue;
    if (first === undefined) seen.set(name, document);
    else {
      const { line } = first.place(['name']);
      context.problem(document, ['name'], `there is another ${document.kind} "${name}" at ${first.file}:${line}`);
    }
  }
}

/** Policies that yield to each other in a circle would all yield, and nothing would decide. */
function checkYielding(
  policies: readonly PolicyRule[],
  documents: readonly SourceDocument[],
  context: LoadContext,
): void {
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  for (const [index, policy] of policies.entries()) {
    const reached = new Set<string>();
    const walk = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      byName.get(name)?.supersededBy.forEach(walk);
    };
    policy.supersededBy.forEach(walk);
    const document = documents[index];
    if (reached.has(policy.name) && document !== undefined && !policy.supersededBy.includes(policy.name)) {
      context.problem(document, ['supersededBy'], `policies yield in a circle: ${[...reached].sort().join(', ')}`);
    }
  }
}

/** The files whose content decides: rules, targets and session policies; paths are made relative to their common folder. */
function decidingSources(
  files: readonly SourceFile[],
  documents: readonly SourceDocument[],
  context: LoadContext,
): readonly SourceFile[] {
  const deciding = new Set([...context.attached.keys()]);
  for (const { file, kind } of documents) if (kind !== 'directory' && kind !== 'policy-test') deciding.add(file);
  const chosen = files.filter((file) => deciding.has(file.path));
  const root = commonFolder(chosen.map((file) => file.path));
  return chosen
    .map(({ path, text }) => ({ path: path.slice(root), text: normalised(text) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Line ends and a byte order mark say nothing about a rule. */
function normalised(text: string): string {
  return text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
}

/** The length of the folder that all paths start with, including its slash. */
function commonFolder(paths: readonly string[]): number {
  const folders = paths.map((path) => path.split('/').slice(0, -1));
  const [first = []] = folders;
  let depth = 0;
  while (depth < first.length && folders.every((folder) => folder[depth] === first[depth])) depth++;
  return first.slice(0, depth).reduce((length, folder) => length + folder.length + 1, 0);
}

function versionOf(sources: readonly SourceFile[], vocabulary: Vocabulary): string {
  const targets = [...vocabulary.targets.values()]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((target) => ({ ...target, labels: Object.entries(target.labels).sort() }));
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ sources, targets, available: [...vocabulary.available].sort() }));
  return hash.digest('hex');
}

function inOrder(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  const unique = new Map(problems.map((each) => [`${each.file}:${each.line}:${each.column}:${each.message}`, each]));
  return [...unique.values()].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}
