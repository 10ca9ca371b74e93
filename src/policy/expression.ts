import { Environment, type ASTNode, type ParseResult } from '@marcbachmann/cel-js';
import { refused, ok, type Result } from '../core/result.ts';
import { LocalTimeFacts, Requester, RequestFacts, RoleFacts, TargetFacts, type Facts } from './facts.ts';

/** An expression that could not be evaluated: an unknown fact, a missing label, a zone that does not exist. */
export class ExpressionFault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** A condition, compiled once when its document is loaded. */
export interface Expression {
  readonly text: string;
  /** Never throws: what goes wrong is a fault, and every caller treats a fault as the stricter answer. */
  evaluate(facts: Facts): boolean | ExpressionFault;
}

/** Why an expression was refused at load; `offset` counts characters from its start. */
export interface ExpressionProblem {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/** Names that an expression mentions literally, so that the loader can refuse the ones that do not exist. */
export interface Mention {
  readonly kind: 'group' | 'rotation' | 'target-label' | 'zone';
  readonly name: string;
  readonly offset: number;
}

/** The static cost limit: an expression of this size stays in the microseconds, whatever it is evaluated over. */
const MAX_NODES = 150;
const MAX_DEPTH = 40;
const MACROS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const CALENDAR = /^get(FullYear|Month|Date|DayOf\w+|Hours|Minutes|Seconds|Milliseconds)$/;

const environment = new Environment({
  limits: { maxAstNodes: MAX_NODES, maxDepth: MAX_DEPTH, maxListElements: 100, maxMapEntries: 20, maxCallArguments: 4 },
})
  .registerType('LocalTime', {
    ctor: LocalTimeFacts,
    fields: { year: 'int', month: 'int', day: 'int', hour: 'int', minute: 'int', weekday: 'int' },
  })
  .registerType('Requester', {
    ctor: Requester,
    fields: {
      key: 'string',
      name: 'string',
      email: 'string',
      employment: 'string',
      manager: 'string',
      groups: 'list<string>',
      labels: 'map<string, string>',
    },
  })
  .registerType('RoleFacts', { ctor: RoleFacts, fields: { name: 'string', tier: 'int', categories: 'list<string>' } })
  .registerType('TargetFacts', {
    ctor: TargetFacts,
    fields: { key: 'string', provider: 'string', kind: 'string', labels: 'map<string, string>' },
  })
  .registerType('RequestFacts', {
    ctor: RequestFacts,
    fields: {
      via: 'string',
      durationMs: 'int',
      startsAt: 'google.protobuf.Timestamp',
      network: 'string',
      reason: 'string',
      ticket: 'string',
      mfaAgeMs: 'int',
    },
  })
  .registerVariable('requester', 'Requester')
  .registerVariable('role', 'RoleFacts')
  .registerVariable('target', 'TargetFacts')
  .registerVariable('request', 'RequestFacts')
  .registerVariable('now', 'google.protobuf.Timestamp')
  .registerFunction('Requester.onCall(string): bool', (who: Requester, rotation: string) => who.onCall(rotation))
  .registerFunction('google.protobuf.Timestamp.local(string): LocalTime', (at: Date, zone: string) =>
    LocalTimeFacts.of(at, zone),
  );

/**
 * Parses, type-checks and bounds an expression. Refused: bad syntax, unknown names, a result that is not true or false,
 * more than 150 nodes, nested loops, and the two functions whose cost or answer cannot be relied on (see `refusedCall`).
 */
export function compileExpression(
  text: string,
): Result<{ readonly expression: Expression; readonly mentions: readonly Mention[] }, ExpressionProblem> {
  let parsed: ParseResult;
  try {
    parsed = environment.parse(text);
  } catch (error) {
    return refused(fromCel(error));
  }
  const checked = parsed.check();
  if (!checked.valid) return refused(fromCel(checked.error));
  if (checked.type !== 'bool') {
    const message = `the expression yields ${checked.type ?? 'a value of no known type'}, not true or false`;
    return refused({ offset: 0, message, hint: 'compare it with something: ==, !=, <, in' });
  }
  const mentions: Mention[] = [];
  const problem = inspect(parsed.ast, 0, mentions);
  return problem === null ? ok({ expression: toExpression(text, parsed), mentions }) : refused(problem);
}

function toExpression(text: string, run: ParseResult): Expression {
  return {
    text,
    evaluate(facts) {
      try {
        const value: unknown = run(facts);
        if (typeof value === 'boolean') return value;
        return new ExpressionFault(`the expression yielded ${typeof value}, not true or false`);
      } catch (error) {
        return new ExpressionFault(summary(error));
      }
    },
  };
}

/** Walks the tree for what the type checker does not know: costs, and names that only the directory can confirm. */
function inspect(node: ASTNode, loops: number, mentions: Mention[]): ExpressionProblem | null {
  const call = callOf(node);
  if (call !== null) {
    const inside = MACROS.has(call.name) && call.receiver !== null ? loops + 1 : loops;
    const problem = inside > 1 ? nestedLoop(node) : refusedCall(node, call);
    if (problem !== null) return problem;
    mentions.push(...mentionsOfCall(call));
    return firstProblem(call.receiver === null ? call.args : [call.receiver, ...call.args], inside, mentions);
  }
  mentions.push(...mentionsOfOperator(node));
  return firstProblem(childrenOf(node), loops, mentions);
}

function firstProblem(nodes: readonly ASTNode[], loops: number, mentions: Mention[]): ExpressionProblem | null {
  for (const node of nodes) {
    const problem = inspect(node, loops, mentions);
    if (problem !== null) return problem;
  }
  return null;
}

interface Call {
  readonly name: string;
  readonly receiver: ASTNode | null;
  readonly args: readonly ASTNode[];
}

function callOf(node: ASTNode): Call | null {
  if (node.op === 'call') return { name: node.args[0], receiver: null, args: node.args[1] };
  if (node.op === 'rcall') return { name: node.args[0], receiver: node.args[1], args: node.args[2] };
  return null;
}

function nestedLoop(node: ASTNode): ExpressionProblem {
  return {
    offset: node.range.start,
    message: 'a loop inside a loop is not allowed',
    hint: 'its cost grows with the square of the lists; use "in"',
  };
}

function refusedCall(node: ASTNode, call: Call): ExpressionProblem | null {
  if (call.name === 'matches') {
    // A backtracking regular expression over text that a requester writes can take exponential time.
    const hint = 'use startsWith, endsWith, contains, == or in';
    return { offset: node.range.start, message: 'matches() is not allowed', hint };
  }
  if (CALENDAR.test(call.name) && call.args.length > 0) {
    // The library's own zone arithmetic depends on the zone of the machine, so two nodes could decide differently.
    const hint = 'write now.local("Europe/Berlin").hour';
    return { offset: node.range.start, message: `${call.name}() with a time zone is not allowed`, hint };
  }
  return null;
}

function mentionsOfCall(call: Call): readonly Mention[] {
  const [first] = call.args;
  if (first?.op !== 'value' || typeof first.args !== 'string') return [];
  const at = { name: first.args, offset: first.range.start };
  if (call.name === 'onCall') return [{ kind: 'rotation', ...at }];
  if (call.name === 'local') return [{ kind: 'zone', ...at }];
  return [];
}

function mentionsOfOperator(node: ASTNode): readonly Mention[] {
  if (node.op === '.' && isField(node.args[0], 'target', 'labels')) {
    return [{ kind: 'target-label', name: node.args[1], offset: node.range.start }];
  }
  if ((node.op === '[]' || node.op === 'in') && node.args.length === 2) {
    const [left, right] = node.op === 'in' ? [node.args[1], node.args[0]] : node.args;
    if (right.op !== 'value' || typeof right.args !== 'string') return [];
    const at = { name: right.args, offset: right.range.start };
    if (isField(left, 'target', 'labels')) return [{ kind: 'target-label', ...at }];
    if (isField(left, 'requester', 'groups')) return [{ kind: 'group', ...at }];
  }
  return [];
}

function isField(node: ASTNode, variable: string, field: string): boolean {
  return node.op === '.' && node.args[1] === field && node.args[0].op === 'id' && node.args[0].args === variable;
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  const found: ASTNode[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (typeof value === 'object' && value !== null && 'op' in value && 'range' in value)
      found.push(value as ASTNode);
  };
  collect(node.args);
  return found;
}

function fromCel(error: unknown): ExpressionProblem {
  const offset = (error as { readonly range?: { readonly start: number } }).range?.start ?? 0;
  return { offset, message: summary(error) };
}

function summary(error: unknown): string {
  const text =
    (error as { readonly summary?: string }).summary ?? (error instanceof Error ? error.message : String(error));
  return text.split('\n')[0] ?? text;
}
