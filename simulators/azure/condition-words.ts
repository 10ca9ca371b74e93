import { isGuid } from './guid.ts';

/** A condition that is no condition: Azure says only that it is invalid. */
export class ConditionError extends Error {}

export const SOURCES = ['Request', 'Resource', 'Principal', 'Environment'] as const;
export type Source = (typeof SOURCES)[number];

/** A value as it stands in a condition. Dates are milliseconds since the epoch. */
export type Literal =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'guid'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean };

export type Word =
  | { readonly kind: 'mark'; readonly text: '(' | ')' | '{' | '}' | ',' | '!' | '&&' | '||' }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'attribute'; readonly source: Source; readonly name: string }
  | Literal;

const PATTERNS: readonly (readonly [RegExp, (match: RegExpExecArray) => Word])[] = [
  [/&&|\|\||[(){},!]/y, ([text]) => ({ kind: 'mark', text: text as Extract<Word, { kind: 'mark' }>['text'] })],
  [
    /@(Request|Resource|Principal|Environment)\[([^\]\s]+)\]/y,
    ([, source, name = '']) => ({ kind: 'attribute', source: source as Source, name }),
  ],
  [/'([^']*)'/y, ([, value = '']) => ({ kind: 'string', value })],
  [
    /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])/iy,
    ([value]) => ({ kind: 'guid', value: value.toLowerCase() }),
  ],
  [/-?\d+(?![\w.-])/y, ([digits]) => ({ kind: 'number', value: Number(digits) })],
  [/(?:true|false)(?!\w)/y, ([value]) => ({ kind: 'boolean', value: value === 'true' })],
  [/[A-Za-z]+(?::[A-Za-z]+)?/y, ([text]) => ({ kind: 'name', text })],
];

/** The words of a condition. Throws `ConditionError` for a character that begins none. */
export function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  const space = /\s*/y;
  let at = 0;
  for (;;) {
    space.lastIndex = at;
    at += space.exec(text)?.[0].length ?? 0;
    if (at >= text.length) return words;
    const [word, length] = wordAt(text, at);
    words.push(word);
    at += length;
  }
}

function wordAt(text: string, at: number): readonly [Word, number] {
  for (const [pattern, make] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return [make(match), match[0].length];
  }
  throw new ConditionError(`nothing begins with "${text.slice(at, at + 20)}"`);
}

/** What a comparison is between. */
export type ValueType = 'string' | 'guid' | 'number' | 'boolean' | 'date';

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z$/;

/** A literal as a comparison wants it, or a `ConditionError`. */
export function asType(literal: Literal, type: ValueType): string | number | boolean {
  if (type === 'date' && literal.kind === 'string') {
    const ms = DATE.test(literal.value) ? Date.parse(literal.value) : Number.NaN;
    if (!Number.isNaN(ms)) return ms;
  } else if (literal.kind === type) return literal.value;
  throw new ConditionError(`'${String(literal.value)}' is no ${type}`);
}

/** An attribute's own value as a comparison wants it, or null where it cannot be read so. */
export function readValue(value: string, type: ValueType): string | number | boolean | null {
  switch (type) {
    case 'string':
      return value;
    case 'guid':
      return isGuid(value) ? value.toLowerCase() : null;
    case 'number':
      return /^-?\d+$/.test(value) ? Number(value) : null;
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : null;
    case 'date': {
      const ms = DATE.test(value) ? Date.parse(value) : Number.NaN;
      return Number.isNaN(ms) ? null : ms;
    }
  }
}
