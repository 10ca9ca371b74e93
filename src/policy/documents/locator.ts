import { isMap, isScalar, isSeq, type LineCounter, type Pair, type ParsedNode } from 'yaml';

/** Steps from the top of a document to a value: `['approval', 0, 'from']`. */
export type Path = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Finds lines and columns in one parsed document. */
export class Locator {
  readonly #root: ParsedNode | null;
  readonly #text: string;
  readonly #lines: LineCounter;

  constructor(root: ParsedNode | null, text: string, lines: LineCounter) {
    this.#root = root;
    this.#text = text;
    this.#lines = lines;
  }

  place(path: Path, part: 'key' | 'value'): Place {
    const { key, value } = this.#walk(path);
    return this.#at(((part === 'key' ? (key ?? value) : (value ?? key)) ?? this.#root)?.range?.[0] ?? 0);
  }

  placeInText(path: Path, offset: number): Place {
    const { value } = this.#walk(path);
    if (!isScalar(value) || typeof value.value !== 'string' || !value.range) return this.place(path, 'value');
    const start = value.range[0];
    const written = this.#text.slice(start, value.range[1]);
    if (written.startsWith('|')) {
      // The lines of a literal block follow its header, each behind the same indentation.
      const before = value.value.slice(0, offset).split('\n');
      const line = this.#at(start).line + before.length;
      const first = this.#text.slice(start).split('\n')[1] ?? '';
      return { line, column: first.length - first.trimStart().length + (before.at(-1)?.length ?? 0) + 1 };
    }
    const open = /^['"]/.test(written) ? 1 : 0;
    const asWritten = written.slice(open, open + value.value.length) === value.value;
    return this.#at(asWritten ? start + open + offset : start);
  }

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #walk(path: Path): { key: ParsedNode | null; value: ParsedNode | null } {
    let key: ParsedNode | null = null;
    let value = this.#root;
    for (const step of path) {
      if (isMap(value)) {
        const pair: Pair<ParsedNode, ParsedNode | null> | undefined = value.items.find(
          (item) => isScalar(item.key) && String(item.key.value) === String(step),
        );
        if (pair === undefined) break;
        key = pair.key;
        value = pair.value;
      } else if (isSeq(value)) {
        const item: ParsedNode | undefined = value.items[Number(step)];
        if (item === undefined) break;
        key = item;
        value = item;
      } else break;
    }
    return { key, value };
  }
}
