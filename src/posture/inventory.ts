import type { DirectorySnapshot } from '../core/directory.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { PROVIDERS, type ProviderName, type Target } from '../core/target.ts';
import { checkDocument, problemAt } from '../policy/documents/check-document.ts';
import { didYouMean } from '../policy/documents/closest.ts';
import { readDocuments, type SourceDocument } from '../policy/documents/read-documents.ts';
import { RESERVED_SELECTORS } from '../policy/selectors.ts';
import type { PolicyProblem, SourceFile } from '../policy/types.ts';

interface TargetShape {
  readonly kind: string;
  readonly native: string;
  readonly description: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly parent?: string;
  readonly owners?: readonly string[];
}

/** What each cloud has, and how it writes its own names. */
const KINDS: Readonly<Record<ProviderName, Readonly<Record<string, RegExp>>>> = {
  // docs.aws.amazon.com/organizations/latest/APIReference: Organization.Id, OrganizationalUnit.Id, Account.Id.
  aws: {
    organization: /^o-[a-z0-9]{10,32}$/,
    'organizational-unit': /^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$/,
    account: /^\d{12}$/,
  },
  azure: {
    tenant: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'management-group': /^[\w().-]{1,90}$/,
    subscription: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'resource-group': /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[\w().-]{1,90}$/,
  },
  gcp: { organization: /^\d{1,20}$/, folder: /^\d{1,20}$/, project: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/ },
};

/**
 * Reads the documents of kind targets into targets by key. The cloud is the first part of the key. With a directory,
 * owners that do not exist are refused as well.
 */
export function parseTargets(
  files: readonly SourceFile[],
  directory?: DirectorySnapshot,
): Result<ReadonlyMap<string, Target>, readonly PolicyProblem[]> {
  const read = readDocuments(files);
  const documents = read.documents.filter((document) => document.kind === 'targets');
  const problems: PolicyProblem[] = [...read.problems, ...documents.flatMap(checkDocument)];
  if (problems.length > 0) return refused(problems);

  const targets = new Map<string, Target>();
  const places = new Map<string, SourceDocument>();
  for (const document of documents) {
    const shapes = (document.value as { readonly targets: Readonly<Record<string, TargetShape>> }).targets;
    for (const [key, shape] of Object.entries(shapes)) {
      if (targets.has(key)) {
        problems.push(problemAt(document, ['targets', key], `"${key}" is already a target`, undefined, 'key'));
      }
      const provider = PROVIDERS.find((name) => key.startsWith(`${name}/`));
      if (provider === undefined) continue;
      places.set(key, document);
      targets.set(key, toTarget(key, provider, shape));
      problems.push(...checkNative(document, key, provider, shape), ...checkLabels(document, key, shape));
      if (directory !== undefined) problems.push(...checkOwners(document, key, shape, directory));
    }
  }
  problems.push(...checkParents(targets, places), ...checkUnique(targets, places));
  return problems.length === 0 ? ok(targets) : refused(problems);
}

function toTarget(key: string, provider: ProviderName, shape: TargetShape): Target {
  return {
    key,
    provider,
    kind: shape.kind,
    native: shape.native,
    description: shape.description,
    labels: shape.labels ?? {},
    parent: shape.parent ?? null,
    owners: shape.owners ?? [],
  };
}

function* checkNative(
  document: SourceDocument,
  key: string,
  provider: ProviderName,
  shape: TargetShape,
): Generator<PolicyProblem> {
  const format = KINDS[provider][shape.kind];
  if (format === undefined) {
    const hint = `kinds of ${provider} are ${Object.keys(KINDS[provider]).join(', ')}`;
    yield problemAt(document, ['targets', key, 'kind'], `${provider} has no ${shape.kind}`, hint);
  } else if (!format.test(shape.native)) {
    const path = ['targets', key, 'native'];
    yield problemAt(document, path, `"${shape.native}" is not a native name of kind ${shape.kind} on ${provider}`);
  }
}

function* checkLabels(document: SourceDocument, key: string, shape: TargetShape): Generator<PolicyProblem> {
  for (const name of RESERVED_SELECTORS) {
    if (!Object.hasOwn(shape.labels ?? {}, name)) continue;
    const message = `a label cannot be called "${name}": rules use that word to select targets`;
    yield problemAt(document, ['targets', key, 'labels', name], message, undefined, 'key');
  }
}

function* checkOwners(
  document: SourceDocument,
  key: string,
  shape: TargetShape,
  directory: DirectorySnapshot,
): Generator<PolicyProblem> {
  for (const [index, owner] of (shape.owners ?? []).entries()) {
    const [kind = '', name = ''] = owner.split(':');
    const known: ReadonlyMap<string, unknown> = kind === 'group' ? directory.groups : directory.people;
    if (known.has(name)) continue;
    const hint = didYouMean(name, known.keys());
    yield problemAt(document, ['targets', key, 'owners', index], `there is no ${kind} "${name}"`, hint);
  }
}

function* checkParents(
  targets: ReadonlyMap<string, Target>,
  places: ReadonlyMap<string, SourceDocument>,
): Generator<PolicyProblem> {
  for (const { key, provider, parent } of targets.values()) {
    const document = places.get(key);
    if (parent === null || document === undefined) continue;
    const path = ['targets', key, 'parent'];
    const above = targets.get(parent);
    if (above === undefined) {
      yield problemAt(document, path, `there is no target "${parent}"`, didYouMean(parent, targets.keys()));
    } else if (above.provider !== provider) {
      yield problemAt(document, path, `"${parent}" is in another cloud`);
    } else if (isBelowItself(key, targets)) {
      yield problemAt(document, path, `"${key}" lies below itself`);
    }
  }
}

function isBelowItself(key: string, targets: ReadonlyMap<string, Target>): boolean {
  const seen = new Set<string>();
  let parent = targets.get(key)?.parent ?? null;
  while (parent !== null && parent !== key && !seen.has(parent)) {
    seen.add(parent);
    parent = targets.get(parent)?.parent ?? null;
  }
  return parent === key;
}

/** Two keys for one account would give one place two sets of rules. */
function* checkUnique(
  targets: ReadonlyMap<string, Target>,
  places: ReadonlyMap<string, SourceDocument>,
): Generator<PolicyProblem> {
  const owners = new Map<string, string>();
  for (const { key, provider, kind, native } of targets.values()) {
    const document = places.get(key);
    const name = `${provider} ${kind} ${native}`;
    const first = owners.get(name);
    if (first === undefined || document === undefined) owners.set(name, key);
    else yield problemAt(document, ['targets', key, 'native'], `"${first}" is already ${kind} ${native}`);
  }
}
