import { readRange } from './draw.ts';

/** How a simulated cloud behaves in time, and where it has enough: ranges of milliseconds, numbers, and yes or no. A text is one of a few choices. */
type Settings = Readonly<Record<string, unknown>>;

/**
 * Settings with some changed, as `POST /_sim/settings` sends them. What each may be follows from its default; `choices` are what a
 * text may be. Throws an Error for what is no setting.
 */
export function changeSettings<S extends object>(
  defaults: S,
  old: S,
  changes: Settings,
  choices: Readonly<Record<string, readonly string[]>> = {},
): S {
  const known = new Map<string, unknown>(Object.entries(defaults));
  const next: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(changes)) {
    if (!known.has(name)) throw new Error(`there is no setting ${name}; there are ${[...known.keys()].join(', ')}`);
    next[name] = read(name, known.get(name), value, choices[name] ?? []);
  }
  return { ...old, ...next };
}

function read(name: string, standard: unknown, value: unknown, choices: readonly string[]): unknown {
  switch (typeof standard) {
    case 'number':
      if (typeof value !== 'number' || !(value >= 0)) throw new Error(`${name} is a number, 0 or more`);
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw new Error(`${name} is true or false`);
      return value;
    case 'string':
      if (!choices.some((one) => one === value)) throw new Error(`${name} is ${choices.join(' or ')}`);
      return value;
    default: {
      const range = readRange(value);
      if (range === null) throw new Error(`${name} is a number of milliseconds, or two: from, to`);
      return range;
    }
  }
}
