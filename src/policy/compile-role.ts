import type { JsonObject } from '../core/json.ts';
import type { AwsDefinition, Role } from '../core/role.ts';
import { compileAzure } from './compile-azure.ts';
import type { SourceDocument } from './documents/read-documents.ts';
import type { RoleDocument } from './documents/shapes.ts';
import { didYouMean } from './documents/closest.ts';
import type { LoadContext } from './load-context.ts';
import { readSessionPolicy, type PolicyRead } from './session-policy.ts';
import { readTimedPolicy } from './timed-policy.ts';
import type { PolicyProblem, SourceFile } from './types.ts';

/** Turns a checked role document into a role; what is wrong is reported to the context. */
export function compileRole(document: SourceDocument, context: LoadContext): Role {
  const shape = document.value as RoleDocument;
  context.approver(document, ['owner'], shape.owner);
  const { require } = shape;
  return {
    name: shape.name,
    tier: shape.tier,
    categories: shape.category ?? [],
    owner: shape.owner,
    description: shape.description,
    ...(require === undefined
      ? {}
      : { sweeperMaxAgeMs: context.duration(document, ['require', 'sweeper'], require.sweeper) }),
    aws: shape.aws === undefined ? null : compileAws(document, shape.aws, context),
    azure: shape.azure === undefined ? null : compileAzure(document, shape.azure, shape.tier, context),
    gcp: shape.gcp ?? null,
  };
}

type AwsShape = NonNullable<RoleDocument['aws']>;

function compileAws(document: SourceDocument, aws: AwsShape, context: LoadContext): AwsDefinition {
  const own: readonly string[] = KEYS[aws.method];
  for (const key of Object.values(KEYS).flat()) {
    if (aws[key] === undefined || own.includes(key)) continue;
    const hint = `"aws" with method ${aws.method} knows ${own.join(', ')}`;
    context.problem(document, ['aws', key], `"${key}" does not belong to method ${aws.method}`, hint);
  }
  const { allows = [] } = aws;
  switch (aws.method) {
    case 'assume-role': {
      const sessionPolicy =
        aws.sessionPolicy === undefined
          ? null
          : attach(document, 'sessionPolicy', aws.sessionPolicy, context, readSessionPolicy);
      return { method: 'assume-role', role: aws.role ?? '', sessionPolicy, allows };
    }
    case 'timed-policy': {
      const { attachTo = 'user', path = '' } = aws;
      const policy = attach(document, 'policy', aws.policy ?? '', context, (file) =>
        readTimedPolicy(file, attachTo, allows),
      );
      return { method: 'timed-policy', attachTo, path, policy: policy ?? {}, allows };
    }
    case 'identity-center': {
      const { permissionSet = '' } = aws;
      const tombstone = aws.tombstone === true;
      const others = context.tombstones.get(permissionSet);
      if (others !== undefined && others !== tombstone) {
        // A denial that one role has written would hit the other's sessions, which nobody moves it for.
        const hint = `all roles of a permission set say "tombstone: true", or none does`;
        context.problem(document, ['aws', 'permissionSet'], `roles differ about tombstones in ${permissionSet}`, hint);
      }
      context.tombstones.set(permissionSet, tombstone);
      return { method: 'identity-center', permissionSet, ...(tombstone ? { tombstone } : {}) };
    }
    case 'roles-anywhere': {
      const { role = '', profile = '' } = aws;
      if (role.includes(',')) {
        const hint = 'the role becomes a session tag of its certificates, and AWS takes no comma there';
        context.problem(document, ['aws', 'role'], 'an IAM role for certificates has no comma in its name', hint);
      }
      const sessionPolicy =
        aws.sessionPolicy === undefined
          ? null
          : attach(document, 'sessionPolicy', aws.sessionPolicy, context, readSessionPolicy);
      return { method: 'roles-anywhere', role, profile, sessionPolicy, allows };
    }
  }
}

/** What each method knows beside `method`. */
const KEYS = {
  'assume-role': ['role', 'sessionPolicy', 'allows'],
  'timed-policy': ['attachTo', 'path', 'policy', 'allows'],
  'identity-center': ['permissionSet', 'tombstone'],
  'roles-anywhere': ['role', 'profile', 'sessionPolicy', 'allows'],
} as const;

/** Reads the file that a role names; `null` when there is none or it is wrong, which is then reported. */
function attach(
  document: SourceDocument,
  key: string,
  written: string,
  context: LoadContext,
  read: (file: SourceFile) => PolicyRead,
): JsonObject | null {
  const path = ['aws', key];
  const file = context.attachment(document, written);
  if (file === null) {
    const known = context.jsonFiles();
    const names = known.map((each) => `./${each}`);
    context.problem(document, path, `there is no file "${written}"`, didYouMean(written, names));
    return null;
  }
  // Two roles may name one file; what one of them may say the other may not, so it is read for each.
  const found = read(file);
  if (!found.ok) {
    context.problems.push(...found.refusal.filter((problem) => !context.problems.some((one) => same(one, problem))));
    return null;
  }
  context.warnings.push(...found.value.warnings);
  const first = context.attached.get(file.path) ?? found.value.document;
  context.attached.set(file.path, first);
  return first;
}

function same(one: PolicyProblem, other: PolicyProblem): boolean {
  return one.file === other.file && one.line === other.line && one.message === other.message;
}
