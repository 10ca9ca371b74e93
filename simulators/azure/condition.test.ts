import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateCondition, type Circumstances } from './condition-evaluate.ts';
import { parseCondition, type Condition } from './condition-parse.ts';
import { ConditionError } from './condition-words.ts';

const WRITE = 'Microsoft.Authorization/roleAssignments/write';
const DELETE = 'Microsoft.Authorization/roleAssignments/delete';
const ROLE = 'Microsoft.Authorization/roleAssignments:RoleDefinitionId';
const TYPE = 'Microsoft.Authorization/roleAssignments:PrincipalType';
const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';

type Given = Partial<Omit<Circumstances, 'attributes'>> & {
  readonly [Source in keyof Circumstances['attributes']]?: Readonly<Record<string, readonly string[]>>;
};

function holds(text: string, { action = WRITE, suboperation = null, ...given }: Given = {}): boolean | null {
  const of = (source: keyof Circumstances['attributes']) => new Map(Object.entries(given[source] ?? {}));
  const attributes = {
    Request: of('Request'),
    Resource: of('Resource'),
    Principal: of('Principal'),
    Environment: of('Environment'),
  };
  return evaluateCondition(parseCondition(text), { action, suboperation, attributes });
}

describe('the condition that constrains a broker', () => {
  const condition = `((!(ActionMatches{'${WRITE}'})) OR (@Request[${ROLE}] ForAnyOfAnyValues:GuidEquals {${READER}} AND @Request[${TYPE}] ForAnyOfAnyValues:StringEqualsIgnoreCase {'User', 'Group'})) AND ((!(ActionMatches{'${DELETE}'})) OR (@Resource[${ROLE}] ForAnyOfAnyValues:GuidEquals {${READER}}))`;

  test.each([
    ['another action', { action: 'Microsoft.Resources/subscriptions/read' }, true],
    ['its role for a user', { Request: { [ROLE]: [READER.toUpperCase()], [TYPE]: ['user'] } }, true],
    ['its role for an application', { Request: { [ROLE]: [READER], [TYPE]: ['ServicePrincipal'] } }, false],
    ['another role', { Request: { [ROLE]: [OWNER], [TYPE]: ['User'] } }, false],
    ['a type that is not said', { Request: { [ROLE]: [READER] } }, null],
    ['to delete its role', { action: DELETE, Resource: { [ROLE]: [READER] } }, true],
    ['to delete another', { action: DELETE, Resource: { [ROLE]: [OWNER] } }, false],
  ])('%s', (_, given, expected) => {
    expect(holds(condition, given)).toBe(expected);
  });
});

// The examples of the documentation.
test.each([
  ["{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'blue', 'green'}", true],
  ["{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'orange', 'green'}", false],
  ["{'red', 'blue'} ForAllOfAnyValues:StringEquals {'orange', 'red', 'blue'}", true],
  ["{'red', 'blue'} ForAllOfAnyValues:StringEquals {'red', 'green'}", false],
  ['{10, 20} ForAnyOfAllValues:NumericLessThan {15, 18}', true],
  ['{10, 20} ForAllOfAllValues:NumericLessThan {5, 15, 18}', false],
  ['{10, 20} ForAllOfAllValues:NumericLessThan {25, 30}', true],
  ['{10, 20} ForAllOfAllValues:NumericLessThan {15, 25, 30}', false],
  ["@Resource[name1] StringLike 'a*c?'", true],
  ["@Resource[name1] StringLike 'A*C?'", false],
  ["@Resource[name1] StringLikeIgnoreCase 'A*C?'", true],
  ["@Resource[name1] StringLike 'a*c'", false],
  ["@Resource[name1] StringNotLike 'a*c'", true],
  ["@Resource[name1] StringStartsWith 'ab'", true],
  ["ActionMatches{'Microsoft.Authorization/roleAssignments/*'}", true],
  ["ActionMatches{'Microsoft.Authorization/roleDefinitions/*'}", false],
  ['@Resource[hns] BoolEquals true', true],
  ['@Resource[hns] BoolNotEquals true', false],
  ["@Environment[UtcNow] DateTimeLessThan '2026-03-02T09:00:00.5Z'", true],
  ["@Environment[UtcNow] DateTimeGreaterThan '2026-03-02T09:00:00.0000000Z'", false],
  ["@Environment[UtcNow] DateTimeGreaterThanEquals '2026-03-02T09:00:00.0000000Z'", true],
  ['NOT Exists @Request[none]', true],
  ["SubOperationMatches{'Blob.List'} && ! SubOperationMatches{'Blob.Write.Tier'}", true],
  ["@Request[none] StringEquals 'a' || @Resource[name1] StringEquals 'abcd'", true],
  ["@Request[none] StringNotEquals 'a'", null],
  ["NOT @Request[none] StringEquals 'a'", null],
])('%s', (text, expected) => {
  const given = {
    suboperation: 'Blob.List',
    Resource: { name1: ['abcd'], hns: ['true'] },
    Environment: { UtcNow: ['2026-03-02T09:00:00.000Z'] },
  };
  expect(holds(text, given)).toBe(expected);
});

test.each([
  ['', 'nothing'],
  ["@Request[a] StringEquals 'b' AND @Request[a] StringEquals 'c' OR @Request[a] StringEquals 'd'", 'no parentheses'],
  ["@Request[a] stringEquals 'b'", 'an operator in the wrong case'],
  ["@Request[a] StringEquals {'b', 'c'}", 'a set without For…Of…'],
  ["@Request[a] ForAnyOfAnyValues:DateTimeEquals {'2026-03-02T09:00:00Z'}", 'dates in sets'],
  ["@Request[a] ForAnyOfAnyValues:GuidEquals {'b'}", 'a text that is no GUID'],
  ["@Environment[UtcNow] DateTimeLessThan '2026-03-02'", 'a day that is no moment'],
  ['@Request[a] NumericEquals 1.5', 'a fraction'],
  ['@User[a] BoolEquals true', 'a source that is none'],
  ["ActionMatches{'a', 'b'}", 'two actions'],
  ["ActionMatches{'a'", 'a brace that is left open'],
  ["(ActionMatches{'a'}", 'a parenthesis that is left open'],
  ["ActionMatches{'a'} ActionMatches{'b'}", 'two conditions'],
  ["'a' StringEquals 'b'", 'two values'],
  ['@Request[a] ForAnyOfAnyValues:StringEquals {}', 'an empty set'],
  [`${'('.repeat(200)}ActionMatches{'a'}${')'.repeat(200)}`, 'more depth than there can be'],
])('refused: %s (%s)', (text) => {
  expect(() => parseCondition(text)).toThrow(ConditionError);
});

/** Conditions over three attributes, printed as they are made, with a value that is worked out beside it. */
type Made = { readonly text: string; readonly value: (set: ReadonlySet<string>) => boolean };

const made: fc.Arbitrary<Made> = fc.letrec<{ tree: Made }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'condition' },
    fc
      .constantFrom('a', 'b', 'c')
      .map((name): Made => ({ text: `@Request[${name}] BoolEquals true`, value: (set) => set.has(name) })),
    tie('tree').map((one): Made => ({ text: `!(${one.text})`, value: (set) => !one.value(set) })),
    fc
      .tuple(fc.constantFrom('AND', 'OR', '&&', '||'), fc.array(tie('tree'), { minLength: 2, maxLength: 3 }))
      .map(([word, all]): Made => ({
        text: all.map((one) => `(${one.text})`).join(` ${word} `),
        value: (set) =>
          word === 'AND' || word === '&&' ? all.every((one) => one.value(set)) : all.some((one) => one.value(set)),
      })),
  ),
})).tree;

const facts = (set: ReadonlySet<string>, known = ['a', 'b', 'c']): Given => ({
  Request: Object.fromEntries(known.map((name) => [name, [String(set.has(name))]])),
});

test('what is read is what was written', () => {
  fc.assert(
    fc.property(made, fc.subarray(['a', 'b', 'c']), (one, names) => {
      const set = new Set(names);
      expect(holds(one.text, facts(set))).toBe(one.value(set));
    }),
  );
});

test('an attribute that is missing never turns a no into a yes', () => {
  fc.assert(
    fc.property(made, fc.subarray(['a', 'b', 'c']), fc.subarray(['a', 'b', 'c']), (one, names, known) => {
      const set = new Set(names);
      const partly = holds(one.text, facts(set, known));
      if (partly !== null) expect(partly).toBe(one.value(set));
    }),
  );
});

test('any text is read or refused, and nothing else happens', () => {
  const pieces = [
    '(',
    ')',
    '{',
    '}',
    ',',
    '!',
    'AND',
    'OR',
    'NOT',
    "'x'",
    '1',
    'true',
    '@Request[a]',
    'StringEquals',
    'ForAnyOfAnyValues:StringEquals',
    'ActionMatches',
    READER,
    ' ',
    '@',
    '$',
  ];
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...pieces)).map((all) => all.join(' ')),
  );
  fc.assert(
    fc.property(text, (one) => {
      let read: Condition | null = null;
      try {
        read = parseCondition(one);
      } catch (error) {
        expect(error).toBeInstanceOf(ConditionError);
      }
      if (read !== null) expect([true, false, null]).toContain(holds(one));
    }),
  );
});
