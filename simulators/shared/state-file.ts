import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** What a simulator remembered, or null where it has no file yet. */
export const readStateFile = (file: string | null): unknown =>
  file !== null && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;

/** Writes beside the file and renames: a crash leaves the old state or the new one. Without a file nothing is kept. */
export function writeStateFile(file: string | null, state: unknown): void {
  if (file === null) return;
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, JSON.stringify(state), { mode: 0o600 });
  renameSync(draft, file);
}
