import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckerName } from '../checkers/violations.ts';
import type { Weather } from '../kernel/weather.ts';

/** One replacement of text in one file of the broker. */
export interface Edit {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A deliberate bug, made while the files are loaded. Nothing on disk changes. */
export interface Sabotage {
  readonly name: string;
  /** What is wrong, for people. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** The promises of which one must be seen broken. */
  readonly caughtBy: readonly CheckerName[];
  /** A storm that brings it to light sooner: the same world, with more of what it is about. Absent: as each seed draws it. */
  readonly weather?: (drawn: Weather) => Weather;
  /** It shows where the database is restored from a backup, not in a storm. */
  readonly restores?: true;
  /** A seed that showed it when it was last looked for: where to begin. */
  readonly seed: number;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Puts a sabotage into this process. Call it before the broker is imported; call `verify` after. Both throw when a text is not
 * there exactly once: a sabotage that does nothing would prove nothing.
 */
export function patchSource(sabotage: Sabotage): { verify(): void } {
  const pending = new Set(sabotage.edits);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith('file:')) return loaded;
      const path = fileURLToPath(url);
      let source: string | null = null;
      for (const edit of sabotage.edits) {
        if (path !== join(ROOT, edit.file)) continue;
        source = replaceOnce(sabotage, edit, source ?? String(loaded.source));
        pending.delete(edit);
      }
      return source === null ? loaded : { ...loaded, source };
    },
  });
  return {
    verify() {
      const [missed] = pending;
      if (missed !== undefined) throw new Error(`sabotage ${sabotage.name}: ${missed.file} was never loaded`);
    },
  };
}

function replaceOnce(sabotage: Sabotage, edit: Edit, source: string): string {
  const parts = source.split(edit.find);
  if (parts.length !== 2) {
    throw new Error(
      `sabotage ${sabotage.name}: its text stands ${parts.length - 1} times in ${edit.file}, not once; write it anew`,
    );
  }
  return parts.join(edit.replace);
}
