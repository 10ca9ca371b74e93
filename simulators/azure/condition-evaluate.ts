import { matchesAction } from './action-pattern.ts';
import { compareSets } from './condition-operators.ts';
import type { Attribute, Condition, Operand } from './condition-parse.ts';
import { asType, readValue, type Source, type ValueType } from './condition-words.ts';

/** What a request says, as a condition asks for it. An attribute that is absent is not there. */
export type Circumstances = {
  readonly action: string;
  readonly suboperation: string | null;
  readonly attributes: Readonly<Record<Source, ReadonlyMap<string, readonly string[]>>>;
};

/**
 * Whether a condition holds. `null`: an attribute that counts is not there, so it cannot be said; Azure refuses such a
 * request. `true OR unknown` is still true, and `false AND unknown` false.
 */
export function evaluateCondition(condition: Condition, facts: Circumstances): boolean | null {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const decisive = condition.kind === 'or';
      const all = condition.all.map((one) => evaluateCondition(one, facts));
      return all.includes(decisive) ? decisive : all.includes(null) ? null : !decisive;
    }
    case 'not': {
      const inner = evaluateCondition(condition.of, facts);
      return inner === null ? null : !inner;
    }
    case 'action':
      return matchesAction(condition.pattern, facts.action);
    case 'suboperation':
      return condition.names.some((name) => name.toLowerCase() === facts.suboperation?.toLowerCase());
    case 'exists':
      return valuesOf(condition.attribute, facts) !== null;
    case 'compare': {
      const { comparison, cross } = condition;
      const left = read(condition.left, comparison.type, facts);
      const right = read(condition.right, comparison.type, facts);
      if (left === null || right === null) return null;
      if (cross !== null) return compareSets(cross, comparison, left, right);
      const [one] = left;
      const [other] = right;
      // Without For…Of…, one value is compared with one.
      if (one === undefined || other === undefined || left.length + right.length > 2) return null;
      return comparison.holds(one, other);
    }
  }
}

const valuesOf = (attribute: Attribute, facts: Circumstances): readonly string[] | null =>
  facts.attributes[attribute.source].get(attribute.name) ?? null;

function read(operand: Operand, type: ValueType, facts: Circumstances): readonly (string | number | boolean)[] | null {
  if (operand.kind === 'values') return operand.literals.map((literal) => asType(literal, type));
  const values = valuesOf(operand, facts)?.map((value) => readValue(value, type)) ?? [null];
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? known : null;
}
