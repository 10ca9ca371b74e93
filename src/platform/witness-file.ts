import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Random } from './random.ts';

/** A small file that is replaced in one step: a reader sees the old text or the new one. Holds no secret. */
export interface WitnessFile {
  /** `null`: there is none. */
  read(): string | null;
  write(text: string): void;
}

/** Its name in the data folder. Whoever forgets the database on purpose forgets it as well. */
export const WITNESS_FILE = 'witness.json';

/** Opens the file of what this node has seen of the database. It lies outside of the database, and is not restored with it. */
export function openWitnessFile(path: string, random: Random): WitnessFile {
  return {
    read() {
      try {
        return readFileSync(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      }
    },
    write(text) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Several processes may share the folder.
      const draft = `${path}.${random.bytes(6).toString('hex')}`;
      try {
        const file = openSync(draft, 'wx', 0o600);
        try {
          writeSync(file, text);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(draft, path);
      } catch (error) {
        rmSync(draft, { force: true });
        throw error;
      }
    },
  };
}
