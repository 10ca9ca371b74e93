import type { Role } from '../core/role.ts';
import { formatDuration } from '../core/time.ts';
import type { SourceDocument } from './documents/read-documents.ts';
import type { PolicyDocument, StepShape } from './documents/shapes.ts';
import type { Expression } from './expression.ts';
import type { LoadContext } from './load-context.ts';
import type { PolicyRule, StepRule } from './rules.ts';
import { compileRoles, compileTargets, compileWho, matchesTarget } from './selectors.ts';
import type { Requirements } from './types.ts';

/** What holds where a policy writes nothing. */
export const DEFAULT_DURATION_MS = 30 * 60_000;
export const DEFAULT_MAX_MS = 2 * 3_600_000;

const LONG_MS = 8 * 3_600_000;

/** Turns a checked policy document into a rule; what is wrong is reported to the context. `order` is its place by name. */
export function compilePolicy(
  document: SourceDocument,
  order: number,
  roles: readonly Role[],
  roleNames: ReadonlySet<string>,
  policyNames: ReadonlySet<string>,
  context: LoadContext,
): PolicyRule {
  const shape = document.value as PolicyDocument;
  const id = `policy:${shape.name}`;
  context.who(document, shape.who);
  context.roles(document, shape.roles, roleNames, roles);
  context.targets(document, shape.targets);
  for (const [index, name] of (shape.supersededBy ?? []).entries()) {
    if (name === shape.name) context.problem(document, ['supersededBy', index], 'a policy cannot yield to itself');
    else if (!policyNames.has(name)) context.problem(document, ['supersededBy', index], `there is no policy "${name}"`);
  }
  const { defaultMs, maxMs } = durations(document, shape, context);
  const requirements = context.requirements(document, ['require'], shape.require);
  const steps = (shape.approval ?? []).map((step, index) => compileStep(document, step, index, id, context));
  const rule: PolicyRule = {
    name: shape.name,
    id,
    order,
    who: compileWho(shape.who),
    roles: compileRoles(shape.roles, roles),
    targets: compileTargets(shape.targets),
    when: conditions(document, shape, context),
    unless: optional(document, ['unless'], shape.unless, context),
    supersededBy: shape.supersededBy ?? [],
    defaultMs,
    maxMs,
    extensions: shape.duration?.extensions ?? 0,
    requirements,
    steps,
    reason: { rule: id, text: words(shape, defaultMs, maxMs, requirements, steps) },
  };
  lint(document, rule, roles, context);
  return rule;
}

function conditions(document: SourceDocument, shape: PolicyDocument, context: LoadContext): readonly Expression[] {
  if (shape.when === undefined) return [];
  const whens = typeof shape.when === 'string' ? [shape.when] : shape.when;
  return whens.flatMap((text, index) => {
    const path = typeof shape.when === 'string' ? ['when'] : ['when', index];
    return context.expression(document, path, text) ?? [];
  });
}

function optional(
  document: SourceDocument,
  path: readonly (string | number)[],
  text: string | undefined,
  context: LoadContext,
): Expression | null {
  return text === undefined ? null : context.expression(document, path, text);
}

function durations(document: SourceDocument, shape: PolicyDocument, context: LoadContext) {
  const { duration } = shape;
  const maxMs =
    duration?.max === undefined ? DEFAULT_MAX_MS : context.duration(document, ['duration', 'max'], duration.max);
  if (duration?.default === undefined) return { defaultMs: Math.min(DEFAULT_DURATION_MS, maxMs), maxMs };
  const defaultMs = context.duration(document, ['duration', 'default'], duration.default);
  if (defaultMs > maxMs) {
    const max = formatDuration(maxMs);
    const hint = duration.max === undefined ? `no max is written, so it is ${max}` : undefined;
    context.problem(document, ['duration', 'default'], `the default is longer than the maximum of ${max}`, hint);
  }
  return { defaultMs, maxMs };
}

function compileStep(
  document: SourceDocument,
  step: StepShape,
  index: number,
  rule: string,
  context: LoadContext,
): StepRule {
  const path = ['approval', index];
  for (const [at, from] of step.from.entries()) context.approver(document, [...path, 'from', at], from);
  for (const [at, to] of (step.escalate?.to ?? []).entries()) {
    context.approver(document, [...path, 'escalate', 'to', at], to);
  }
  const escalatesAfterMs =
    step.escalate === undefined
      ? null
      : context.duration(document, [...path, 'escalate', 'after'], step.escalate.after);
  const escalatesTo = step.escalate?.to ?? [];
  const count = step.count ?? 1;
  const asked = [...step.from].sort();
  return {
    id: `${rule}#${index + 1}`,
    rule,
    from: step.from,
    count,
    when: optional(document, [...path, 'when'], step.when, context),
    unless: optional(document, [...path, 'unless'], step.unless, context),
    escalatesAfterMs,
    escalatesTo,
    byOwner: [...step.from, ...escalatesTo].includes('owner-of-target'),
    sameAs: JSON.stringify([asked, count, escalatesAfterMs, [...escalatesTo].sort()]),
  };
}

function words(
  shape: PolicyDocument,
  defaultMs: number,
  maxMs: number,
  requirements: Requirements,
  steps: readonly StepRule[],
): string {
  const max = `at most ${formatDuration(maxMs)}${shape.duration?.max === undefined ? ' (nothing is written)' : ''}`;
  const parts = [`${max}, ${formatDuration(defaultMs)} by default`, ...requirementWords(requirements)];
  for (const step of steps) {
    parts.push(`${step.count} approval${step.count === 1 ? '' : 's'} from ${step.from.join(' or ')}`);
  }
  if (steps.length === 0) parts.push('nobody has to agree');
  return parts.join('; ');
}

/** Requirements in words, for reasons that people read. */
export function requirementWords(requirements: Requirements): readonly string[] {
  const parts: string[] = [];
  if (requirements.reasonMin > 0) parts.push(`a reason of at least ${requirements.reasonMin} characters`);
  if (requirements.ticket !== null) parts.push(`a ticket of ${requirements.ticket}`);
  if (requirements.mfaMaxAgeMs !== null) {
    parts.push(`a second factor not older than ${formatDuration(requirements.mfaMaxAgeMs)}`);
  }
  return parts;
}

/** What is allowed but deserves a second look. */
function lint(document: SourceDocument, rule: PolicyRule, roles: readonly Role[], context: LoadContext): void {
  const { targets } = context.vocabulary;
  if (![...targets.values()].some((target) => matchesTarget(rule.targets, target, targets))) {
    context.warn(document, ['targets'], 'no target matches today, so the policy does nothing');
  }
  const strong = roles.filter((role) => role.tier <= 1 && rule.roles.has(role.name));
  const tierZero = strong.find((role) => role.tier === 0);
  if (tierZero !== undefined && rule.steps.length === 0) {
    context.warn(
      document,
      ['roles'],
      `"${tierZero.name}" is of tier 0, which is never approved by rule alone, and this policy asks nobody`,
      'add an approval step',
    );
  }
  if (strong[0] !== undefined && rule.maxMs >= LONG_MS) {
    const text = `${formatDuration(rule.maxMs)} is long for "${strong[0].name}" of tier ${strong[0].tier}`;
    context.warn(document, ['duration', 'max'], text, 'start with 2h; an extension costs one click');
  }
}
