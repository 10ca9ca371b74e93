import { LineCounter, parseDocument } from 'yaml';
import type { Json, JsonObject } from '../core/json.ts';
import { refused, ok, type Result } from '../core/result.ts';
import { didYouMean } from './documents/closest.ts';
import { Locator, type Path } from './documents/locator.ts';
import type { PolicyProblem, SourceFile } from './types.ts';

/** AWS accepts 2,048 characters of session policy; the denies that Curfew adds (the end, what outlives it) take about 400. */
export const SESSION_POLICY_LIMIT = 2_048;
const SESSION_POLICY_COMFORTABLE = 1_800;

const TOP_KEYS = ['Version', 'Id', 'Statement'];
const STATEMENT_KEYS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

/**
 * Reads an IAM policy document that narrows a role's sessions. Checked is what AWS would refuse only when somebody needs
 * the access: shape, keys, effects, actions and length. Refused too is a statement that allows everything on everything.
 */
export function readSessionPolicy(file: SourceFile): PolicyRead {
  return readPolicyFile(file, 'session', (value, report) => {
    const length = JSON.stringify(value).length;
    if (length > SESSION_POLICY_LIMIT) {
      report(
        [],
        `the session policy has ${count(length)} characters; AWS takes ${count(SESSION_POLICY_LIMIT)}`,
        SHORTER,
      );
    }
    if (length <= SESSION_POLICY_COMFORTABLE) return [];
    const message = `the session policy has ${count(length)} characters; with Curfew's own denies (about 400) it may exceed AWS's ${count(SESSION_POLICY_LIMIT)}`;
    return [{ file: file.path, line: 1, column: 1, message, hint: SHORTER }];
  });
}

/** A policy document, or what is wrong with it. */
export type PolicyRead = Result<
  { readonly document: JsonObject; readonly warnings: readonly PolicyProblem[] },
  readonly PolicyProblem[]
>;

/** Reads any IAM policy of ours: the checks that all have in common, then `more`, which reports problems and returns warnings. */
export function readPolicyFile(
  file: SourceFile,
  noun: 'session' | 'timed',
  more: (document: JsonObject, report: Report) => readonly PolicyProblem[],
): PolicyRead {
  const lines = new LineCounter();
  const text = file.text.replace(/^\uFEFF/, '');
  const locate = new Locator(parseDocument(text, { lineCounter: lines }).contents, text, lines);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    const { line, col } = lines.linePos(firstUnsound(text));
    const message = `not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
    return refused([{ file: file.path, line: Math.max(line, 1), column: Math.max(col, 1), message }]);
  }
  const problems: PolicyProblem[] = [];
  const report: Report = (path, message, hint) => {
    problems.push({ file: file.path, ...locate.place(path, 'key'), message, ...(hint === undefined ? {} : { hint }) });
  };
  if (!isObject(value))
    return refused([{ file: file.path, line: 1, column: 1, message: 'an IAM policy is an object' }]);
  checkPolicy(value, noun, report);
  const warnings = more(value, report);
  if (problems.length > 0) return refused(problems);
  return ok({ document: value, warnings });
}

/**
 * Where a text stops being the beginning of some JSON. The parser's own messages often leave the position out; but it says
 * whether a prefix merely ended too soon, and that is enough for a search.
 */
function firstUnsound(text: string): number {
  let sound = 0;
  let unsound = text.length;
  while (unsound - sound > 1) {
    const middle = (sound + unsound) >> 1;
    if (isBeginningOfJson(text.slice(0, middle))) sound = middle;
    else unsound = middle;
  }
  return sound;
}

function isBeginningOfJson(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (error) {
    const message = String(error);
    const at = /at position (\d+)/.exec(message)?.[1];
    return (
      /end of JSON input|Unterminated/.test(message) || (at !== undefined && Number(at) >= prefix.trimEnd().length)
    );
  }
}

const SHORTER = 'join statements, use wildcards in actions, or leave to the IAM role what it narrows itself';

/** Takes a problem at a path of the document. */
export type Report = (path: Path, message: string, hint?: string) => void;

function checkPolicy(policy: JsonObject, noun: string, report: Report): void {
  unknownKeys(policy, TOP_KEYS, [], report);
  if (policy['Version'] !== '2012-10-17') report(['Version'], '"Version" must be "2012-10-17"');
  const statement = policy['Statement'];
  const list = Array.isArray(statement) ? (statement as readonly Json[]) : statement === undefined ? [] : [statement];
  if (list.length === 0) report(['Statement'], 'a policy needs at least one statement');
  for (const [index, each] of list.entries()) {
    const path = Array.isArray(statement) ? ['Statement', index] : ['Statement'];
    if (isObject(each)) checkStatement(each, path, noun, report);
    else report(path, 'a statement is an object');
  }
}

function checkStatement(statement: JsonObject, path: Path, noun: string, report: Report): void {
  if ('Principal' in statement || 'NotPrincipal' in statement) {
    report([...path, 'Principal' in statement ? 'Principal' : 'NotPrincipal'], `a ${noun} policy names no principal`);
  }
  unknownKeys(statement, [...STATEMENT_KEYS, 'Principal', 'NotPrincipal'], path, report);
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') report([...path, 'Effect'], '"Effect" must be "Allow" or "Deny"');
  const sid = statement['Sid'];
  if (sid !== undefined && !(typeof sid === 'string' && /^[A-Za-z0-9]*$/.test(sid))) {
    report([...path, 'Sid'], '"Sid" takes letters and digits only');
  }
  const actions = oneOf(statement, 'Action', 'NotAction', path, report);
  const resources = oneOf(statement, 'Resource', 'NotResource', path, report);
  for (const action of actions) {
    if (!/^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/.test(action)) {
      report(
        [...path, 'Action' in statement ? 'Action' : 'NotAction'],
        `"${action}" is not an action`,
        'write service:Action, such as s3:GetObject',
      );
    }
  }
  for (const resource of resources) {
    if (resource !== '*' && !resource.startsWith('arn:')) {
      report([...path, 'Resource' in statement ? 'Resource' : 'NotResource'], `"${resource}" is not an ARN`);
    }
  }
  const condition = statement['Condition'];
  if (condition !== undefined && !(isObject(condition) && Object.values(condition).every(isObject))) {
    report([...path, 'Condition'], '"Condition" is an object of operators, each an object of keys');
  }
  const everything =
    actions.includes('*') && 'Action' in statement && resources.includes('*') && 'Resource' in statement;
  if (noun === 'session' && effect === 'Allow' && everything && condition === undefined) {
    report(
      [...path, 'Action'],
      'a session policy that allows everything narrows nothing',
      'name what the task needs, or leave sessionPolicy out',
    );
  }
}

function oneOf(statement: JsonObject, a: string, b: string, path: Path, report: Report): readonly string[] {
  const both = a in statement && b in statement;
  const name = a in statement ? a : b;
  const value = statement[name];
  if (both || value === undefined) {
    report(path, `a statement needs either "${a}" or "${b}"`);
    return [];
  }
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const texts = list.filter((each): each is string => typeof each === 'string' && each !== '');
  if (texts.length !== list.length || texts.length === 0)
    report([...path, name], `"${name}" is a text or a list of texts`);
  return texts;
}

function unknownKeys(value: JsonObject, known: readonly string[], path: Path, report: Report): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key))
      report([...path, key], `unknown key "${key}"`, didYouMean(key, known, `known are ${known.join(', ')}`));
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number as people read it. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
