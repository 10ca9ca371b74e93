import { matchesPattern } from './action-pattern.ts';
import type { ValueType } from './condition-words.ts';

type Value = string | number | boolean;

/** How one value is compared with another. `crossable`: whether sets can be compared value by value. */
export type Comparison = {
  readonly type: ValueType;
  readonly crossable: boolean;
  readonly holds: (left: Value, right: Value) => boolean;
};

const lower = (value: Value): string => String(value).toLowerCase();
const like = (left: Value, right: Value): boolean => matchesPattern(String(right), String(left), { singles: true });

const STRINGS: Readonly<Record<string, Comparison['holds']>> = {
  Equals: (left, right) => left === right,
  StartsWith: (left, right) => String(left).startsWith(String(right)),
  Like: like,
};
const ORDERED: Readonly<Record<string, Comparison['holds']>> = {
  Equals: (left, right) => left === right,
  NotEquals: (left, right) => left !== right,
  GreaterThan: (left, right) => left > right,
  GreaterThanEquals: (left, right) => left >= right,
  LessThan: (left, right) => left < right,
  LessThanEquals: (left, right) => left <= right,
};

/** Every comparison of version 2.0, by its name. */
export const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ...Object.entries(STRINGS).flatMap(([name, holds]) => strings(name, holds)),
  ...Object.entries(ORDERED).flatMap(([name, holds]): [string, Comparison][] => [
    [`Numeric${name}`, { type: 'number', crossable: true, holds }],
    [`DateTime${name}`, { type: 'date', crossable: false, holds }],
  ]),
  ...['Equals', 'NotEquals'].flatMap((name): [string, Comparison][] => {
    const holds = ORDERED[name] ?? (() => false);
    return [
      [`Guid${name}`, { type: 'guid', crossable: true, holds }],
      [`Bool${name}`, { type: 'boolean', crossable: false, holds }],
    ];
  }),
]);

function strings(name: string, holds: Comparison['holds']): [string, Comparison][] {
  const not =
    (one: Comparison['holds']): Comparison['holds'] =>
    (left, right) =>
      !one(left, right);
  const loose: Comparison['holds'] = (left, right) => holds(lower(left), lower(right));
  const crossable = name !== 'StartsWith';
  const make = (one: Comparison['holds']): Comparison => ({ type: 'string', crossable, holds: one });
  return [
    [`String${name}`, make(holds)],
    [`String${name}IgnoreCase`, make(loose)],
    [`StringNot${name}`, make(not(holds))],
    [`StringNot${name}IgnoreCase`, make(not(loose))],
  ];
}

/** `ForAnyOf…` and `ForAllOf…`: which of the left, and then which of the right, must satisfy a comparison. */
export const CROSSES = ['ForAnyOfAnyValues', 'ForAllOfAnyValues', 'ForAnyOfAllValues', 'ForAllOfAllValues'] as const;
export type Cross = (typeof CROSSES)[number];

/** Compares two sets, value by value. */
export function compareSets(
  cross: Cross,
  comparison: Comparison,
  left: readonly Value[],
  right: readonly Value[],
): boolean {
  const ofRight = (value: Value): boolean =>
    cross.endsWith('AnyValues')
      ? right.some((other) => comparison.holds(value, other))
      : right.every((other) => comparison.holds(value, other));
  return cross.startsWith('ForAnyOf') ? left.some(ofRight) : left.every(ofRight);
}
