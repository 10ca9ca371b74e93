import { AwsError, validationError } from './aws-error.ts';

/** What a text must be: as botocore's service models declare it. A pattern is about the whole text. */
export type TextRule = {
  readonly pattern?: RegExp;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
};

/**
 * Members of a JSON structure that a caller sent. Reading one marks it as known; `requireAllRead` then refuses what nobody
 * read, so that a mistake in a name is not hidden.
 */
export class JsonInput {
  readonly #members: ReadonlyMap<string, unknown>;
  readonly #path: string;
  readonly #read = new Set<string>();
  readonly #inner: JsonInput[] = [];

  constructor(members: ReadonlyMap<string, unknown>, path = '') {
    this.#members = members;
    this.#path = path;
  }

  /** Throws `SerializationException` for what is no JSON object. `more` are members that came in the path or the query. */
  static parse(text: string, more: readonly (readonly [string, unknown])[] = []): JsonInput {
    let value: unknown;
    try {
      value = text === '' ? {} : JSON.parse(text);
    } catch {
      throw new AwsError('SerializationException', 400, 'The request body is not valid JSON.');
    }
    if (!isObject(value)) throw new AwsError('SerializationException', 400, 'The request body is not a JSON object.');
    return new JsonInput(new Map([...Object.entries(value), ...more]));
  }

  has(name: string): boolean {
    return this.#get(name) !== null;
  }

  text(name: string, rule: TextRule = {}): string {
    const value = this.optionalText(name, rule);
    if (value === null) throw validationError(null, this.#field(name), 'Member must not be null');
    return value;
  }

  optionalText(name: string, rule: TextRule = {}): string | null {
    const value = this.#get(name);
    return value === null ? null : checkText(value, this.#field(name), rule);
  }

  /** `null`: it was not said. */
  boolean(name: string): boolean | null {
    const value = this.#get(name);
    if (value === null || typeof value === 'boolean') return value;
    throw new AwsError('SerializationException', 400, `${this.#field(name)} is not true or false.`);
  }

  integer(name: string, min: number, max: number): number | null {
    const value = this.#get(name);
    if (value === null) return null;
    const field = this.#field(name);
    // In a query string it comes as text.
    const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number))
      throw validationError(String(value), field, 'Member must be an integer');
    if (number < min)
      throw validationError(String(number), field, `Member must have value greater than or equal to ${min}`);
    if (number > max)
      throw validationError(String(number), field, `Member must have value less than or equal to ${max}`);
    return number;
  }

  object(name: string): JsonInput {
    const value = this.optionalObject(name);
    if (value === null) throw validationError(null, this.#field(name), 'Member must not be null');
    return value;
  }

  optionalObject(name: string): JsonInput | null {
    const value = this.#get(name);
    return value === null ? null : this.#child(value, this.#field(name));
  }

  /** A list of structures; absent is empty. */
  objects(name: string, max: number): JsonInput[] {
    return this.#list(name, 0, max).map((value, index) =>
      this.#child(value, `${this.#field(name)}.${index + 1}.member`),
    );
  }

  texts(name: string, rule: TextRule, min: number, max: number): string[] {
    return this.#list(name, min, max).map((value, index) =>
      checkText(value, `${this.#field(name)}.${index + 1}.member`, rule),
    );
  }

  /** Throws for a member that the operation does not know. */
  requireAllRead(): void {
    const unknown = [...this.#members.keys()].find((name) => !this.#read.has(name));
    if (unknown !== undefined)
      throw new AwsError('ValidationException', 400, `The member ${this.#path}${unknown} is not recognized`);
    for (const inner of this.#inner) inner.requireAllRead();
  }

  #list(name: string, min: number, max: number): readonly unknown[] {
    const value = this.#get(name) ?? [];
    const field = this.#field(name);
    if (!Array.isArray(value)) throw new AwsError('SerializationException', 400, `${field} is not a list.`);
    const items: readonly unknown[] = value;
    if (items.length < min)
      throw validationError(`${items.length}`, field, `Member must have length greater than or equal to ${min}`);
    if (items.length > max)
      throw validationError(`${items.length}`, field, `Member must have length less than or equal to ${max}`);
    return items;
  }

  #child(value: unknown, field: string): JsonInput {
    if (!isObject(value)) throw new AwsError('SerializationException', 400, `${field} is not a structure.`);
    const inner = new JsonInput(new Map(Object.entries(value)), `${field}.`);
    this.#inner.push(inner);
    return inner;
  }

  #get(name: string): unknown {
    this.#read.add(name);
    return this.#members.get(name) ?? null;
  }

  #field(name: string): string {
    return `${this.#path}${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  }
}

/** A page of a list. `NextToken` is the place to go on from; a token that was not given out here is refused. */
export function page<Item>(
  items: readonly Item[],
  input: JsonInput,
  limits: { readonly max: number; readonly tokenMax?: number } = { max: 100 },
): { readonly items: readonly Item[]; readonly next: Readonly<Record<string, string>> } {
  const size = input.integer('MaxResults', 1, limits.max) ?? limits.max;
  const token = input.optionalText('NextToken', { max: limits.tokenMax ?? 2_048 });
  const start = token === null || token === '' ? 0 : Number(Buffer.from(token, 'base64url').toString('utf8'));
  if (!Number.isInteger(start) || start < 0 || start > items.length)
    throw new AwsError('ValidationException', 400, 'The NextToken is not valid.');
  const end = start + size;
  const next = end < items.length ? { NextToken: Buffer.from(String(end)).toString('base64url') } : {};
  return { items: items.slice(start, end), next };
}

function checkText(value: unknown, field: string, rule: TextRule): string {
  if (typeof value !== 'string') throw new AwsError('SerializationException', 400, `${field} is not a string.`);
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  if (rule.values !== undefined && !rule.values.includes(value))
    throw validationError(shown, field, `Member must satisfy enum value set: [${rule.values.join(', ')}]`);
  if (rule.min !== undefined && value.length < rule.min)
    throw validationError(shown, field, `Member must have length greater than or equal to ${rule.min}`);
  if (rule.max !== undefined && value.length > rule.max)
    throw validationError(shown, field, `Member must have length less than or equal to ${rule.max}`);
  if (rule.pattern !== undefined && !rule.pattern.test(value))
    throw validationError(
      shown,
      field,
      `Member must satisfy regular expression pattern: ${rule.pattern.source.replace(/^\^|\$$/g, '')}`,
    );
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
