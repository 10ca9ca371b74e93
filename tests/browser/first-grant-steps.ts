/** Where a step is done. */
export type Place = 'first terminal' | 'second terminal' | 'Tom' | 'Rami';

export type Deed =
  | { readonly kind: 'run'; readonly line: string }
  | { readonly kind: 'run-again' }
  | { readonly kind: 'paste'; readonly put: string | null; readonly inPlaceOf: string }
  | { readonly kind: 'read'; readonly words: string }
  | { readonly kind: 'open' }
  | { readonly kind: 'press'; readonly words: string }
  | { readonly kind: 'press-under'; readonly words: string; readonly above: string }
  | { readonly kind: 'press-key'; readonly key: string }
  | { readonly kind: 'type'; readonly text: string; readonly label: string };

/** A line of docs/first-grant.md. */
export interface Step {
  readonly place: Place;
  readonly line: string;
  readonly deed: Deed;
}

const PLACES: readonly (readonly [RegExp, Place])[] = [
  [/^In the first terminal/, 'first terminal'],
  [/^In the second terminal/, 'second terminal'],
  [/^In Tom's browser$/, 'Tom'],
  [/^In Rami's browser$/, 'Rami'],
];

const W = String.raw`\*\*(.+?)\*\*`;

/** What a line may begin with; the first that fits says what is done. */
const FORMS: readonly (readonly [RegExp, (one: string, other: string) => Deed])[] = [
  [/^Run it again\./, () => ({ kind: 'run-again' })],
  [/^Run `(.+?)`/, (line) => ({ kind: 'run', line })],
  [new RegExp(`^Paste it, with ${W} in place of ${W}`), (put, inPlaceOf) => ({ kind: 'paste', put, inPlaceOf })],
  [/^Paste it\./, () => ({ kind: 'paste', put: null, inPlaceOf: '' })],
  [new RegExp(`^Read ${W}`), (words) => ({ kind: 'read', words })],
  [/^Open the address\./, () => ({ kind: 'open' })],
  [new RegExp(`^Press ${W} under ${W}`), (words, above) => ({ kind: 'press-under', words, above })],
  [new RegExp(`^Press the key ${W}`), (key) => ({ kind: 'press-key', key })],
  [new RegExp(`^Press ${W}`), (words) => ({ kind: 'press', words })],
  [new RegExp(`^Type ${W} into ${W}`), (text, label) => ({ kind: 'type', text, label })],
];

/**
 * Reads the steps out of the page. Throws for a step that it does not understand, and for bold words that no step looks up: what the
 * page promises to stand on the screen is looked for.
 */
export function readSteps(page: string): readonly Step[] {
  const steps: Step[] = [];
  for (const section of page.split(/^## /m)) {
    const [head = '', ...lines] = section.split('\n');
    const place = PLACES.find(([form]) => form.test(head))?.[1];
    for (const line of lines) {
      if (place === undefined) {
        if (line.includes('**')) throw new Error(`bold words outside of a step: ${line}`);
      } else if (line.trim() !== '') {
        steps.push({ place, line, deed: readDeed(line) });
      }
    }
  }
  return steps;
}

function readDeed(line: string): Deed {
  const text = line.startsWith('- ') ? line.slice(2) : '';
  for (const [form, make] of FORMS) {
    const found = form.exec(text);
    if (found === null) continue;
    if (text.slice(found[0].length).includes('**')) throw new Error(`bold words that nobody looks up: ${line}`);
    return make(found[1] ?? '', found[2] ?? '');
  }
  throw new Error(`not understood: ${line}`);
}
