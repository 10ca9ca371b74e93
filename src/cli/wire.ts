import { Failure } from './failure.ts';

/** A JSON object whose fields nobody has checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Parses JSON from outside; `undefined` when it is none, so that the caller words the complaint. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Readers of single fields. Each refuses what it does not expect, naming the field, because the answer comes from outside. */
export function fields(value: unknown, name: string): Fields {
  if (!isFields(value)) throw mismatch(name);
  return value;
}

export function text(of: Fields, name: string): string {
  const value = of[name];
  if (typeof value !== 'string') throw mismatch(name);
  return value;
}

export function textOrNull(of: Fields, name: string): string | null {
  const value = of[name];
  return typeof value === 'string' ? value : null;
}

export function number(of: Fields, name: string): number {
  const value = of[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw mismatch(name);
  return value;
}

export function numberOrNull(of: Fields, name: string): number | null {
  const value = of[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function list<Item>(of: Fields, name: string, read: (item: Fields) => Item): readonly Item[] {
  const value: unknown = of[name];
  if (!Array.isArray(value)) throw mismatch(name);
  return value.map((item: unknown) => read(fields(item, name)));
}

/** A list of plain strings; absent counts as empty. */
export function texts(of: Fields, name: string): readonly string[] {
  const value: unknown = of[name];
  return Array.isArray(value) ? value.filter((item: unknown) => typeof item === 'string') : [];
}

function mismatch(name: string): Failure {
  return new Failure(`The server's answer is not what this version of curfew understands (field "${name}").`, {
    code: 'unexpected-answer',
    hint: 'Check that the server and the command have the same version: curfew doctor',
  });
}
