import type { Role } from '../core/role.ts';
import { formatDuration } from '../core/time.ts';
import { requirementWords } from './compile-policy.ts';
import type { SourceDocument } from './documents/read-documents.ts';
import type { GuardrailDocument } from './documents/shapes.ts';
import type { LoadContext } from './load-context.ts';
import type { GuardrailRule } from './rules.ts';
import { compileRoles, compileTargets, compileWho } from './selectors.ts';

/** Turns a checked guardrail document into a rule; what is wrong is reported to the context. */
export function compileGuardrail(
  document: SourceDocument,
  roles: readonly Role[],
  roleNames: ReadonlySet<string>,
  context: LoadContext,
): GuardrailRule {
  const shape = document.value as GuardrailDocument;
  const id = `guardrail:${shape.name}`;
  if (shape.who !== undefined) context.who(document, shape.who);
  if (shape.roles !== undefined) context.roles(document, shape.roles, roleNames, roles);
  if (shape.targets !== undefined) context.targets(document, shape.targets);
  if (shape.when !== undefined && shape.limit === undefined && shape.require === undefined) {
    const hint = 'write the condition into "deny", joined by &&';
    context.problem(document, ['when'], '"when" belongs to a limit or a requirement, and there is none', hint);
  }
  const maxMs = shape.limit === undefined ? null : context.duration(document, ['limit', 'max'], shape.limit.max);
  const requirements = shape.require === undefined ? null : context.requirements(document, ['require'], shape.require);
  const parts = requirements === null ? [] : [...requirementWords(requirements)];
  if (maxMs !== null) parts.unshift(`at most ${formatDuration(maxMs)}`);
  return {
    name: shape.name,
    id,
    description: shape.description ?? null,
    who: shape.who === undefined ? null : compileWho(shape.who),
    roles: shape.roles === undefined ? null : compileRoles(shape.roles, roles),
    targets: shape.targets === undefined ? null : compileTargets(shape.targets),
    deny: shape.deny === undefined ? null : context.expression(document, ['deny'], shape.deny),
    when: shape.when === undefined ? null : context.expression(document, ['when'], shape.when),
    maxMs,
    requirements,
    reason: { rule: id, text: parts.join('; ') },
  };
}
