/**
 * Names that can be taken for one another, after the idea of Unicode TR39 (confusables and mixed scripts), with a table of the letters that
 * matter between Latin, Cyrillic and Greek instead of all of them: what it misses is one pair fewer that is warned of, and the key beside a name
 * tells them apart all the same.
 */

/** What looks like a Latin letter: each string of look-alikes stands for the letter before it. Lower case, without marks. */
const LOOK_LIKE: Readonly<Record<string, string>> = {
  a: 'аαɑ',
  b: 'ь',
  c: 'сϲ',
  d: 'ԁ',
  e: 'еҽε',
  g: 'ɡ',
  h: 'һн',
  i: 'іιıӏ1|lǀ',
  j: 'јϳ',
  k: 'кκ',
  m: 'м',
  n: 'ոη',
  o: 'оο0օ',
  p: 'рρ',
  q: 'ԛ',
  r: 'г',
  s: 'ѕ',
  t: 'тτ',
  u: 'υս',
  v: 'νѵ',
  w: 'ԝω',
  x: 'хχ',
  y: 'уγү',
  z: 'ζ',
};
const LETTERS = new Map(
  Object.entries(LOOK_LIKE).flatMap(([letter, others]) => [...others].map((one) => [one, letter])),
);

/** What a name looks like: two names with the same are taken for one another. Not for people to read. */
export function skeletonOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .toLowerCase();
  return [...plain]
    .map((char) => LETTERS.get(char) ?? char)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replace(/[\s\p{P}]+/gu, ' ')
    .trim();
}

/** Scripts in which names are written, those that belong together (Japanese, Korean, Chinese) as one. */
const SCRIPTS: readonly RegExp[] = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Georgian}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Arabic}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
  /\p{Script=Devanagari}/u,
  /\p{Script=Thai}/u,
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u,
];

/** Whether one word of a name mixes scripts, as nobody writes: a name in one script with another in brackets is two words. */
export function mixesScripts(name: string): boolean {
  return name.split(/[\s\p{P}]+/u).some((word) => SCRIPTS.filter((script) => script.test(word)).length > 1);
}

/**
 * For each name that looks like another one before it the key of that one. Names that are the same, as of two people in any large directory,
 * were not made to look like one another.
 */
export function lookAlikes(names: Iterable<readonly [key: string, name: string]>): ReadonlyMap<string, string> {
  const first = new Map<string, { readonly key: string; readonly name: string }>();
  const found = new Map<string, string>();
  for (const [key, name] of names) {
    const skeleton = skeletonOf(name);
    const before = first.get(skeleton);
    if (before === undefined) first.set(skeleton, { key, name });
    else if (before.name !== name) found.set(key, before.key);
  }
  return found;
}
