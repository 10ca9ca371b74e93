import { BlockList } from 'node:net';
import type { Statement } from './policy-parse.ts';

/** Condition keys of one request, by lower-case name; a key that is not there is absent, which operators treat differently. */
export type RequestFacts = ReadonlyMap<string, readonly string[]>;

/** Whether all conditions of a statement hold. */
export function conditionsHold(statement: Statement, facts: RequestFacts): boolean {
  return statement.conditions.every((condition) => {
    const given = facts.get(condition.key.toLowerCase());
    return holds(
      condition.operator,
      given,
      condition.values.map((value) => substitute(value, facts)),
    );
  });
}

function holds(operator: string, given: readonly string[] | undefined, wanted: readonly (string | null)[]): boolean {
  if (operator === 'Null') return wanted.some((value) => value === String(given === undefined));
  const [, quantifier, base, ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.+?)(IfExists)?$/.exec(operator) ?? [];
  const test = OPERATORS.get(base ?? '');
  if (test === undefined) return false;
  const known = wanted.filter((value) => value !== null);
  const negated = /Not/.test(base ?? '');
  // A negated operator holds when none of the values match; any other when one of them does.
  const matches = (value: string): boolean =>
    negated ? known.every((one) => test(value, one)) : known.some((one) => test(value, one));
  if (quantifier === 'ForAllValues') return (given ?? []).every(matches);
  if (given === undefined || given.length === 0) return ifExists !== undefined || (negated && quantifier === undefined);
  return quantifier === 'ForAnyValue' ? given.some(matches) : given.every(matches);
}

type Operator = (given: string, wanted: string) => boolean;
const not =
  (operator: Operator): Operator =>
  (given, wanted) =>
    !operator(given, wanted);

const stringEquals: Operator = (given, wanted) => given === wanted;
const ignoringCase: Operator = (given, wanted) => given.toLowerCase() === wanted.toLowerCase();
const stringLike: Operator = (given, wanted) => wildcard(wanted, given, false);
const arnLike: Operator = (given, wanted) => arnMatches(wanted, given);
const numeric =
  (compare: (a: number, b: number) => boolean): Operator =>
  (given, wanted) => {
    const [a, b] = [Number(given), Number(wanted)];
    return given !== '' && wanted !== '' && !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b);
  };
const date =
  (compare: (a: number, b: number) => boolean): Operator =>
  (given, wanted) => {
    const [a, b] = [parseDate(given), parseDate(wanted)];
    return a !== null && b !== null && compare(a, b);
  };

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['StringEquals', stringEquals],
  ['StringNotEquals', not(stringEquals)],
  ['StringEqualsIgnoreCase', ignoringCase],
  ['StringNotEqualsIgnoreCase', not(ignoringCase)],
  ['StringLike', stringLike],
  ['StringNotLike', not(stringLike)],
  ['ArnEquals', arnLike],
  ['ArnLike', arnLike],
  ['ArnNotEquals', not(arnLike)],
  ['ArnNotLike', not(arnLike)],
  ['Bool', ignoringCase],
  ['NumericEquals', numeric((a, b) => a === b)],
  ['NumericNotEquals', numeric((a, b) => a !== b)],
  ['NumericLessThan', numeric((a, b) => a < b)],
  ['NumericLessThanEquals', numeric((a, b) => a <= b)],
  ['NumericGreaterThan', numeric((a, b) => a > b)],
  ['NumericGreaterThanEquals', numeric((a, b) => a >= b)],
  ['DateEquals', date((a, b) => a === b)],
  ['DateNotEquals', date((a, b) => a !== b)],
  ['DateLessThan', date((a, b) => a < b)],
  ['DateLessThanEquals', date((a, b) => a <= b)],
  ['DateGreaterThan', date((a, b) => a > b)],
  ['DateGreaterThanEquals', date((a, b) => a >= b)],
  ['IpAddress', (given, wanted) => inRange(given, wanted)],
  ['NotIpAddress', (given, wanted) => !inRange(given, wanted)],
]);

/** Matches `*` and `?`. Everything else is itself. */
export function wildcard(pattern: string, text: string, ignoreCase: boolean): boolean {
  const source = [...pattern].map((char) =>
    char === '*' ? '[\\s\\S]*' : char === '?' ? '[\\s\\S]' : char.replace(/[\\^$.|+()[\]{}]/g, '\\$&'),
  );
  return new RegExp(`^${source.join('')}$`, ignoreCase ? 'i' : '').test(text);
}

/** ARNs are compared part by part: a wildcard does not reach over a colon of the first five parts. */
function arnMatches(pattern: string, text: string): boolean {
  const [wanted, given] = [pattern.split(':'), text.split(':')];
  if (wanted.length < 6 || given.length < 6) return wildcard(pattern, text, false);
  const parts = (arn: string[]) => [...arn.slice(0, 5), arn.slice(5).join(':')];
  const against = parts(given);
  return parts(wanted).every((part, index) => wildcard(part, against[index] ?? '', false));
}

/** Replaces `${key}` by the request's value; null when the request has none, which matches nothing. */
export function substitute(text: string, facts: RequestFacts): string | null {
  let missing = false;
  const done = text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (['*', '?', '$'].includes(name)) return name;
    const [key, fallback] = name.split(',').map((part) => part.trim());
    const value = facts.get((key ?? '').toLowerCase())?.[0] ?? fallback?.replace(/^'|'$/g, '');
    if (value === undefined) missing = true;
    return value ?? '';
  });
  return missing ? null : done;
}

/** ISO 8601 or seconds since the epoch, as IAM takes both. */
function parseDate(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function inRange(address: string, range: string): boolean {
  const [net, bits] = range.split('/');
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  try {
    list.addSubnet(
      net ?? '',
      Number(bits ?? (family === 'ipv6' ? 128 : 32)),
      (net ?? '').includes(':') ? 'ipv6' : 'ipv4',
    );
    return list.check(address, family);
  } catch {
    return false;
  }
}
