import type { AwsAssumeRole, Role } from '../core/role.ts';
import type { SourceDocument } from './documents/read-documents.ts';
import type { RoleDocument } from './documents/shapes.ts';
import { didYouMean } from './documents/closest.ts';
import type { LoadContext } from './load-context.ts';
import { readSessionPolicy } from './session-policy.ts';

/** Turns a checked role document into a role; what is wrong is reported to the context. */
export function compileRole(document: SourceDocument, context: LoadContext): Role {
  const shape = document.value as RoleDocument;
  context.approver(document, ['owner'], shape.owner);
  return {
    name: shape.name,
    tier: shape.tier,
    categories: shape.category ?? [],
    owner: shape.owner,
    description: shape.description,
    aws: shape.aws === undefined ? null : compileAws(document, shape.aws, context),
    azure: shape.azure ?? null,
    gcp: shape.gcp ?? null,
  };
}

function compileAws(
  document: SourceDocument,
  aws: NonNullable<RoleDocument['aws']>,
  context: LoadContext,
): AwsAssumeRole {
  return {
    method: aws.method,
    role: aws.role,
    sessionPolicy: aws.sessionPolicy === undefined ? null : attach(document, aws.sessionPolicy, context),
    allows: aws.allows ?? [],
  };
}

function attach(document: SourceDocument, written: string, context: LoadContext) {
  const path = ['aws', 'sessionPolicy'];
  const file = context.attachment(document, written);
  if (file === null) {
    const known = context.jsonFiles();
    const names = known.map((each) => `./${each}`);
    context.problem(document, path, `there is no file "${written}"`, didYouMean(written, names));
    return null;
  }
  const known = context.attached.get(file.path);
  if (known !== undefined) return known;
  const read = readSessionPolicy(file);
  if (!read.ok) {
    context.problems.push(...read.refusal);
    return null;
  }
  context.warnings.push(...read.value.warnings);
  context.attached.set(file.path, read.value.document);
  return read.value.document;
}
