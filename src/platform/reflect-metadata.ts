/**
 * The part of the Reflect Metadata proposal that `@peculiar/x509` asks for: its container of algorithms keeps notes on classes there, and
 * refuses to load where nobody provides it. Import this before that library; a polyfill that is there already is left alone.
 */
interface Noted {
  readonly defineMetadata: (key: unknown, value: unknown, target: object) => void;
  readonly getOwnMetadata: (key: unknown, target: object) => unknown;
  readonly getMetadata: (key: unknown, target: object) => unknown;
  readonly hasOwnMetadata: (key: unknown, target: object) => boolean;
}

const notes = new WeakMap<object, Map<unknown, unknown>>();

const noted: Noted = {
  defineMetadata(key, value, target) {
    const own = notes.get(target) ?? new Map<unknown, unknown>();
    notes.set(target, own.set(key, value));
  },
  getOwnMetadata: (key, target) => notes.get(target)?.get(key),
  getMetadata(key, target) {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null)
      if (notes.get(at)?.has(key) === true) return notes.get(at)?.get(key);
    return undefined;
  },
  hasOwnMetadata: (key, target) => notes.get(target)?.has(key) === true,
};

if (!('getMetadata' in Reflect)) Object.assign(Reflect, noted);
