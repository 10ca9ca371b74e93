import { COMPARISONS, CROSSES, type Comparison, type Cross } from './condition-operators.ts';
import { asType, ConditionError, wordsOf, type Literal, type Source, type Word } from './condition-words.ts';

export type Attribute = { readonly kind: 'attribute'; readonly source: Source; readonly name: string };

/** One side of a comparison: values that stand there, or an attribute's. */
export type Operand =
  Attribute | { readonly kind: 'values'; readonly set: boolean; readonly literals: readonly Literal[] };

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly all: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'action'; readonly pattern: string }
  | { readonly kind: 'suboperation'; readonly names: readonly string[] }
  | { readonly kind: 'exists'; readonly attribute: Attribute }
  | {
      readonly kind: 'compare';
      readonly operator: string;
      readonly cross: Cross | null;
      readonly comparison: Comparison;
      readonly left: Operand;
      readonly right: Operand;
    };

/** Parentheses and negations inside one another that are read at most; Azure gives no number. */
const DEPTH = 64;

/**
 * Reads a condition of version 2.0 (role-based-access-control/conditions-format). Where AND and OR meet, parentheses must
 * say which comes first. Throws `ConditionError`.
 */
export function parseCondition(text: string): Condition {
  const reader = new Reader(wordsOf(text));
  const condition = reader.expression(0);
  reader.requireEnd();
  return condition;
}

class Reader {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  requireEnd(): void {
    if (this.#at < this.#words.length) throw new ConditionError('there is more than one condition');
  }

  expression(depth: number): Condition {
    if (depth > DEPTH) throw new ConditionError('it is too deep');
    const all = [this.#unary(depth)];
    let kind: 'and' | 'or' | null = null;
    for (let next = this.#logical(); next !== null; next = this.#logical()) {
      if (kind !== null && kind !== next) throw new ConditionError('AND and OR need parentheses');
      kind = next;
      all.push(this.#unary(depth));
    }
    const [only] = all;
    return kind === null && only !== undefined ? only : { kind: kind ?? 'and', all };
  }

  #unary(depth: number): Condition {
    if (depth > DEPTH) throw new ConditionError('it is too deep');
    if (this.#isNext('!') || this.#isNext('NOT')) {
      this.#at += 1;
      return { kind: 'not', of: this.#unary(depth + 1) };
    }
    if (this.#isNext('(')) {
      this.#at += 1;
      const inner = this.expression(depth + 1);
      this.#take(')');
      return inner;
    }
    return this.#function() ?? this.#comparison();
  }

  #logical(): 'and' | 'or' | null {
    const found = this.#isNext('AND') || this.#isNext('&&') ? 'and' : null;
    const kind = found ?? (this.#isNext('OR') || this.#isNext('||') ? 'or' : null);
    if (kind !== null) this.#at += 1;
    return kind;
  }

  #function(): Condition | null {
    if (this.#isNext('ActionMatches')) {
      this.#at += 1;
      const [pattern = '', ...more] = this.#strings();
      if (more.length > 0) throw new ConditionError('ActionMatches takes one action');
      return { kind: 'action', pattern };
    }
    if (this.#isNext('SubOperationMatches')) {
      this.#at += 1;
      return { kind: 'suboperation', names: this.#strings() };
    }
    if (!this.#isNext('Exists')) return null;
    this.#at += 1;
    const attribute = this.#next();
    if (attribute.kind !== 'attribute') throw new ConditionError('Exists takes an attribute');
    return { kind: 'exists', attribute };
  }

  #comparison(): Condition {
    const left = this.#operand();
    const word = this.#next();
    const [first = '', second] = word.kind === 'name' ? word.text.split(':') : [];
    const cross = second === undefined ? null : (CROSSES.find((one) => one === first) ?? null);
    const operator = second ?? first;
    const comparison = COMPARISONS.get(operator);
    if (comparison === undefined || (second !== undefined && (cross === null || !comparison.crossable)))
      throw new ConditionError(`there is no operator ${word.kind === 'name' ? word.text : word.kind}`);
    const right = this.#operand();
    if (left.kind === 'values' && right.kind === 'values' && !left.set)
      throw new ConditionError('two values are compared');
    for (const side of [left, right]) {
      if (side.kind === 'attribute') continue;
      if (side.set && cross === null) throw new ConditionError(`${operator} takes no set`);
      for (const literal of side.literals) asType(literal, comparison.type);
    }
    return { kind: 'compare', operator, cross, comparison, left, right };
  }

  #operand(): Operand {
    if (this.#isNext('{')) return { kind: 'values', set: true, literals: this.#set() };
    const word = this.#next();
    if (word.kind === 'attribute') return word;
    if (word.kind === 'mark' || word.kind === 'name') throw new ConditionError(`"${word.text}" is no value`);
    return { kind: 'values', set: false, literals: [word] };
  }

  #strings(): readonly string[] {
    return this.#set().map((literal) => {
      if (literal.kind !== 'string') throw new ConditionError('a text in quotes is expected');
      return literal.value;
    });
  }

  #set(): readonly Literal[] {
    this.#take('{');
    const literals: Literal[] = [];
    for (;;) {
      const word = this.#next();
      if (word.kind === 'mark' || word.kind === 'name' || word.kind === 'attribute')
        throw new ConditionError('a set has values alone');
      literals.push(word);
      if (!this.#isNext(',')) break;
      this.#at += 1;
    }
    this.#take('}');
    return literals;
  }

  #isNext(text: string): boolean {
    const word = this.#words[this.#at];
    return word !== undefined && (word.kind === 'mark' || word.kind === 'name') && word.text === text;
  }

  #take(text: string): void {
    if (!this.#isNext(text)) throw new ConditionError(`"${text}" is expected`);
    this.#at += 1;
  }

  #next(): Word {
    const word = this.#words[this.#at];
    if (word === undefined) throw new ConditionError('it ends too early');
    this.#at += 1;
    return word;
  }
}
