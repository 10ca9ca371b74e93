import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { openEmbedded, type Database } from '../src/store/database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly embedded: EmbeddedTemplate;
  }
}

/** An embedded database with every table, all empty. Making one takes three seconds of a processor, a copy a tenth of that. */
export interface EmbeddedTemplate {
  /** Its files, in a folder. */
  readonly folder: string;
  /** The same, as a file for `loadDataDir`. */
  readonly tar: string;
}

export async function makeEmbeddedTemplate(place: string): Promise<EmbeddedTemplate> {
  const [folder, tar] = [join(place, 'embedded'), join(place, 'embedded.tar')];
  await (await openEmbedded(folder)).close();
  const lite = await PGlite.create({ dataDir: folder });
  writeFileSync(tar, await (await lite.dumpDataDir('none')).bytes());
  await lite.close();
  return { folder, tar };
}

/** Vitest's global setup, for suites that start brokers. */
export async function setup(project: TestProject): Promise<() => void> {
  const place = mkdtempSync(join(tmpdir(), 'curfew-template-'));
  project.provide('embedded', await makeEmbeddedTemplate(place));
  return () => rmSync(place, { recursive: true, force: true });
}

/** An embedded database of its own in memory with every table, all empty. */
export function emptyEmbedded(): Promise<Database> {
  return openEmbedded(undefined, { loadDataDir: new Blob([readFileSync(inject('embedded').tar)]) });
}

/** Puts a database with every table where a broker with this data folder makes one when there is none. */
export function copyDatabaseTo(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  cpSync(inject('embedded').folder, join(dataDir, 'database'), { recursive: true });
}
