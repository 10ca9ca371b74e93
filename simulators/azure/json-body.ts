import { AzureError } from './azure-error.ts';

/** What a service says of a body that it cannot read. */
type Refuse = (message: string) => AzureError;

/** Members of a JSON body. Reading one marks it as known; `requireAllRead` then refuses what nobody read. */
export class JsonBody {
  readonly #members: ReadonlyMap<string, unknown>;
  readonly #path: string;
  readonly #refuse: Refuse;
  readonly #read = new Set<string>();
  readonly #inner: JsonBody[] = [];

  private constructor(members: object, path: string, refuse: Refuse) {
    this.#members = new Map(Object.entries(members));
    this.#path = path;
    this.#refuse = refuse;
  }

  /** Throws `InvalidRequestContent` for what is no JSON object, or what `refuse` makes of the sentence. */
  static parse(body: Buffer, refuse: Refuse = invalid): JsonBody {
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      throw refuse('The request content was invalid and could not be deserialized.');
    }
    if (!isObject(value)) throw refuse('The request content is not an object.');
    return new JsonBody(value, '', refuse);
  }

  object(name: string): JsonBody {
    const value = this.#get(name);
    if (!isObject(value)) throw this.#refuse(`The member '${this.#path}${name}' must be an object.`);
    return this.#child(value, name);
  }

  /** `null` where it is absent or null. */
  optionalObject(name: string): JsonBody | null {
    return this.#get(name) === null ? null : this.object(name);
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === null || value === '') throw this.#refuse(`The member '${this.#path}${name}' is missing.`);
    return value;
  }

  optionalText(name: string): string | null {
    const value = this.#get(name);
    if (value === null || typeof value === 'string') return value;
    throw this.#refuse(`The member '${this.#path}${name}' must be a string.`);
  }

  /** Absent is false. */
  flag(name: string): boolean {
    const value = this.#get(name) ?? false;
    if (typeof value === 'boolean') return value;
    throw this.#refuse(`The member '${this.#path}${name}' must be true or false.`);
  }

  /** Absent is empty. */
  texts(name: string): readonly string[] {
    return this.#list(name).map((one) => {
      if (typeof one !== 'string') throw this.#refuse(`The member '${this.#path}${name}' must hold strings.`);
      return one;
    });
  }

  objects(name: string): readonly JsonBody[] {
    return this.#list(name).map((one) => {
      if (!isObject(one)) throw this.#refuse(`The member '${this.#path}${name}' must hold objects.`);
      return this.#child(one, name);
    });
  }

  /** Strings by name; absent is empty. */
  strings(name: string): Record<string, string> {
    const value = this.#get(name) ?? {};
    if (!isObject(value) || !Object.values(value).every((one) => typeof one === 'string'))
      throw this.#refuse(`The member '${this.#path}${name}' must hold strings.`);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one)]));
  }

  /** Every member that was not read yet, as it was sent. */
  others(): Readonly<Record<string, unknown>> {
    const names = [...this.#members.keys()].filter((name) => !this.#read.has(name));
    return Object.fromEntries(names.map((name) => [name, this.#get(name)]));
  }

  /** Members that a client may send and that mean nothing here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#get(name);
  }

  requireAllRead(): void {
    const unknown = [...this.#members.keys()].find((name) => !this.#read.has(name));
    if (unknown !== undefined)
      throw this.#refuse(
        `The request content was invalid and could not be deserialized: 'Could not find member '${this.#path}${unknown}' on object.'.`,
      );
    for (const inner of this.#inner) inner.requireAllRead();
  }

  #list(name: string): readonly unknown[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value)) throw this.#refuse(`The member '${this.#path}${name}' must be a list.`);
    return value;
  }

  #child(value: object, name: string): JsonBody {
    const inner = new JsonBody(value, `${this.#path}${name}.`, this.#refuse);
    this.#inner.push(inner);
    return inner;
  }

  #get(name: string): unknown {
    this.#read.add(name);
    return this.#members.get(name) ?? null;
  }
}

const invalid = (message: string): AzureError => new AzureError(400, 'InvalidRequestContent', message);

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
