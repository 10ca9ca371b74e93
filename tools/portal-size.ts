/** A file of a build, as Vite's manifest lists it. */
export interface Chunk {
  readonly file: string;
  readonly css?: readonly string[];
  readonly imports?: readonly string[];
}

/** The largest that a first visit may be: gzipped bytes of JavaScript. */
export const FIRST_LOAD_LIMIT = 220_000;

/** The files that a browser loads before it shows what `entries` make: these, and what they import at once. */
export function firstLoad(manifest: Readonly<Record<string, Chunk>>, entries: readonly string[]): ReadonlySet<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const chunk = manifest[name];
    if (chunk === undefined) throw new Error(`the build has no ${name}`);
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    chunk.imports?.forEach(visit);
  };
  entries.forEach(visit);
  return files;
}
