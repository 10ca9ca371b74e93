import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import directorySchema from '../../../docs/schema/directory.json' with { type: 'json' };
import guardrailSchema from '../../../docs/schema/guardrail.json' with { type: 'json' };
import policySchema from '../../../docs/schema/policy.json' with { type: 'json' };
import policyTestSchema from '../../../docs/schema/policy-test.json' with { type: 'json' };
import roleSchema from '../../../docs/schema/role.json' with { type: 'json' };
import targetsSchema from '../../../docs/schema/targets.json' with { type: 'json' };
import { closest } from './closest.ts';
import type { Path } from './locator.ts';
import type { DocumentKind, SourceDocument } from './read-documents.ts';
import { unseenText } from './unseen-text.ts';
import type { PolicyProblem } from '../types.ts';

const ajv = new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true });

/** The published schemas are the ones that are enforced, so an editor that completes from them cannot disagree with the loader. */
const validators = {
  role: ajv.compile(roleSchema),
  policy: ajv.compile(policySchema),
  guardrail: ajv.compile(guardrailSchema),
  directory: ajv.compile(directorySchema),
  targets: ajv.compile(targetsSchema),
  'policy-test': ajv.compile(policyTestSchema),
} satisfies Record<DocumentKind, unknown>;

const OWN_MESSAGE = new Set(['additionalProperties', 'required', 'anyOf']);

/** Checks a document against the schema of its kind and returns every problem, each at the line of the offending key or value. */
export function checkDocument(document: SourceDocument): readonly PolicyProblem[] {
  const validate = validators[document.kind];
  if (validate(document.value)) return notPlain(document);
  const problems = new Map<string, PolicyProblem>();
  for (const error of validate.errors ?? []) {
    const problem = toProblem(document, error);
    if (problem === null) continue;
    // Two keywords that fail on one value (a type and a pattern) are one mistake to the person who made it.
    const about = OWN_MESSAGE.has(error.keyword) ? problem.message : 'value';
    const key = `${problem.line}:${problem.column}:${about}`;
    if (!problems.has(key)) problems.set(key, problem);
  }
  return [...problems.values()];
}

/** What would show as something else than it is, wherever somebody reads it. */
function notPlain(document: SourceDocument): readonly PolicyProblem[] {
  return [...unseenText(document.value)].map(({ path, point }) =>
    problemAt(
      document,
      path,
      `"${path.join('.').replace(/[^\x20-\x7e]/g, '?')}" holds ${point}, which is not seen or turns the direction of writing`,
      'write it again, as it is to be read',
    ),
  );
}

/** A problem of a document at a path, for the checks that a schema cannot make. */
export function problemAt(
  document: SourceDocument,
  path: Path,
  message: string,
  hint?: string,
  part: 'key' | 'value' = 'value',
): PolicyProblem {
  const place = document.place(path, part);
  return { file: document.file, ...place, message, ...(hint === undefined ? {} : { hint }) };
}

function toProblem(document: SourceDocument, error: ErrorObject): PolicyProblem | null {
  const path = fromPointer(error.instancePath);
  const where = path.length === 0 ? document.kind : `"${path.join('.')}"`;
  const wanted = described(error);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty']);
      const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
      const guess = closest(key, known);
      const hint = guess === null ? `${where} knows ${known.join(', ')}` : `did you mean "${guess}"?`;
      return problemAt(document, [...path, key], `unknown key "${key}"`, hint, 'key');
    }
    case 'required':
      if (error.schemaPath.includes('/anyOf/')) return null;
      return problemAt(
        document,
        path,
        `${where} needs the key "${String(error.params['missingProperty'])}"`,
        undefined,
        'key',
      );
    case 'anyOf':
      return problemAt(document, path, `${where} needs at least one of ${alternatives(error).join(', ')}`);
    case 'propertyNames':
    case 'if':
      return null;
    case 'uniqueItems':
      return problemAt(document, [...path, Number(error.params['i'])], `${where} names the same thing twice`);
    default:
      if (error.propertyName !== undefined) {
        const name = error.propertyName;
        return problemAt(
          document,
          [...path, name],
          `"${name}" cannot be a key here: it must be ${wanted}`,
          undefined,
          'key',
        );
      }
      return problemAt(document, path, `${where} must be ${wanted}, not ${shown(error.data)}`);
  }
}

function described(error: ErrorObject): string {
  const parent = error.parentSchema as { readonly description?: string } | undefined;
  return parent?.description ?? error.message?.replace(/^must be /, '') ?? 'something else';
}

function alternatives(error: ErrorObject): readonly string[] {
  const branches = (error.schema ?? []) as readonly { readonly required?: readonly string[] }[];
  return branches.flatMap((branch) => branch.required ?? []);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function fromPointer(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
