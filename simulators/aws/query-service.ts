import { AwsError, validationError } from './aws-error.ts';
import { parseQuery, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import type { Session } from './sessions.ts';
import { element, renderXml, type XmlNode } from './xml.ts';

/** Parameters of a call of the query protocol. Reading one marks it as known; what nobody reads is refused. */
export class Parameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #read = new Set(['Action', 'Version']);

  constructor(body: string) {
    this.#values = new Map(parseQuery(body.replaceAll('+', '%20')));
  }

  get(name: string): string | null {
    this.#read.add(name);
    return this.#values.get(name) ?? null;
  }

  require(name: string, pattern: RegExp, min: number, max: number): string {
    const value = this.get(name);
    const field = name.charAt(0).toLowerCase() + name.slice(1);
    if (value === null) throw validationError(null, field, 'Member must not be null');
    this.check(field, value, pattern, min, max);
    return value;
  }

  optional(name: string, pattern: RegExp, min: number, max: number): string | null {
    const value = this.get(name);
    if (value !== null) this.check(name.charAt(0).toLowerCase() + name.slice(1), value, pattern, min, max);
    return value;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.get(name);
    if (value === null) return fallback;
    const field = name.charAt(0).toLowerCase() + name.slice(1);
    if (!/^\d+$/.test(value)) throw validationError(value, field, 'Member must be an integer');
    if (Number(value) < min)
      throw validationError(value, field, `Member must have value greater than or equal to ${min}`);
    if (Number(value) > max) throw validationError(value, field, `Member must have value less than or equal to ${max}`);
    return Number(value);
  }

  /** `Tags.member.1.Key` and `Tags.member.1.Value` as a record. */
  tags(name: string): Record<string, string> {
    const tags: Record<string, string> = {};
    for (let index = 1; ; index += 1) {
      const key = this.get(`${name}.member.${index}.Key`);
      if (key === null) return tags;
      const value = this.get(`${name}.member.${index}.Value`) ?? '';
      this.check(`${name}.${index}.member.key`, key, /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u, 1, 128);
      this.check(`${name}.${index}.member.value`, value, /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, 0, 256);
      tags[key] = value;
      if (Object.keys(tags).length > 50)
        throw validationError(String(index), name, 'Member must have length less than or equal to 50');
    }
  }

  list(name: string): string[] {
    const found: string[] = [];
    for (let index = 1; ; index += 1) {
      const value = this.get(`${name}.member.${index}`);
      if (value === null) return found;
      found.push(value);
    }
  }

  /** Throws for a parameter that the operation does not know: a stand-in that ignores it would hide a mistake. */
  requireAllRead(): void {
    const unknown = [...this.#values.keys()].find((name) => !this.#read.has(name));
    if (unknown !== undefined) throw new AwsError('ValidationError', 400, `The parameter ${unknown} is not recognized`);
  }

  check(field: string, value: string, pattern: RegExp, min: number, max: number): void {
    if (value.length < min)
      throw validationError(value, field, `Member must have length greater than or equal to ${min}`);
    if (value.length > max) throw validationError(value, field, `Member must have length less than or equal to ${max}`);
    if (!pattern.test(value))
      throw validationError(
        value,
        field,
        `Member must satisfy regular expression pattern: ${pattern.source.replace(/^\^|\$$/g, '')}`,
      );
  }
}

/** One call of a query service whose signature has been checked; `session` is null for calls that need no signature. */
export type QueryCall = {
  readonly http: HttpCall;
  readonly parameters: Parameters;
  readonly session: Session | null;
  readonly region: string;
  readonly requestId: string;
};

export type Operation = (call: QueryCall) => XmlNode[] | null | Promise<XmlNode[] | null>;

/** `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…`; null content leaves the result out. */
export function queryAnswer(
  action: string,
  namespace: string,
  content: XmlNode[] | null,
  requestId: string,
): HttpAnswer {
  const metadata = element('ResponseMetadata', [element('RequestId', requestId)]);
  const result = content === null ? null : element(`${action}Result`, content);
  const root = element(`${action}Response`, [result, metadata], namespace);
  return { status: 200, headers: { 'content-type': 'text/xml' }, body: renderXml(root) };
}

export function queryError(error: AwsError, namespace: string, requestId: string): HttpAnswer {
  const inner = element('Error', [
    element('Type', error.status >= 500 ? 'Receiver' : 'Sender'),
    element('Code', error.code),
    element('Message', error.message),
  ]);
  const root = element('ErrorResponse', [inner, element('RequestId', requestId)], namespace);
  return { status: error.status, headers: { 'content-type': 'text/xml' }, body: renderXml(root) };
}
