import { queryValue, type HttpCall } from '../shared/http-call.ts';
import { AzureError } from './azure-error.ts';

export type Shown = Readonly<Record<string, unknown>>;

/** Throws for query options that an operation does not know. Graph ignores some of them. */
export function requireKnownOptions(call: HttpCall, options: readonly string[]): void {
  const unknown = call.query.find(([name]) => !options.includes(name));
  if (unknown !== undefined)
    throw new AzureError(400, 'BadRequest', `This simulator has no query option '${unknown[0]}' here.`);
}

/** What `$select` names, or else what is shown anyway. The id is always among it. Throws for what `all` does not have. */
export function selected(call: HttpCall, all: Shown, type: string, anyway: readonly string[]): Shown {
  const sent = queryValue(call, '$select');
  const names = sent === null || sent === '' ? anyway : sent.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(name in all));
  if (unknown !== undefined)
    throw new AzureError(
      400,
      'BadRequest',
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type 'microsoft.graph.${type}'.`,
    );
  return Object.fromEntries(['id', ...names].map((name) => [name, all[name]]));
}

/**
 * Reads `$filter`: fields that equal a text, joined by `and`. Throws for anything else, and for fields that cannot be asked for. A plus
 * sign is a space.
 */
export function equalities(call: HttpCall, fields: readonly string[]): Readonly<Record<string, string>> {
  const sent = (queryValue(call, '$filter') ?? '').replaceAll('+', ' ').trim();
  const wanted: Record<string, string> = {};
  if (sent === '') return wanted;
  for (const part of sent.split(/ and /i)) {
    const [, field = '', value = ''] = /^(\w+) eq '((?:[^']|'')*)'$/.exec(part.trim()) ?? [];
    if (!fields.includes(field))
      throw new AzureError(
        400,
        'Request_UnsupportedQuery',
        `Unsupported or invalid query filter clause specified for property '${field === '' ? part : field}' of resource.`,
      );
    wanted[field] = value.replaceAll("''", "'");
  }
  return wanted;
}

/** Whether something shown has the values that a filter asked for; case does not count. */
export const fits = (one: Shown, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => String(one[name]).toLowerCase() === value.toLowerCase());

const PAGE = 100;
const LARGEST_PAGE = 999;

/** One page of a list, and where the next one is. `$top` is at most 999; without it there are 100. */
export function page<T>(
  call: HttpCall,
  url: string,
  all: readonly T[],
): { readonly value: readonly T[]; readonly next: { readonly '@odata.nextLink'?: string } } {
  const top = Number(queryValue(call, '$top') ?? PAGE);
  const from = Number(queryValue(call, '$skiptoken') ?? 0);
  if (!Number.isInteger(top) || top < 1 || top > LARGEST_PAGE)
    throw new AzureError(
      400,
      'Request_UnsupportedQuery',
      `Invalid page size specified: '${String(top)}'. Must be between 1 and 999 inclusive.`,
    );
  if (!Number.isInteger(from) || from < 0)
    throw new AzureError(
      400,
      'Directory_ExpiredPageToken',
      'The specified page token value has expired and can no longer be included in your request.',
    );
  const value = all.slice(from, from + top);
  if (from + top >= all.length) return { value, next: {} };
  const kept = call.query
    .filter(([name]) => name !== '$skiptoken')
    .map(([name, one]) => `${name}=${encodeURIComponent(one)}`);
  return {
    value,
    next: { '@odata.nextLink': `${url}${call.rawPath}?${[...kept, `$skiptoken=${from + top}`].join('&')}` },
  };
}
