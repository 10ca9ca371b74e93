import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openPostgres } from '../../src/store/database.ts';
import { makeEmbeddedTemplate } from '../embedded-template.ts';
import { startPostgres } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly templates: Templates;
  }
}

/** What the databases of all test files are copied from, because a copy takes a tenth of the time. */
export interface Templates {
  /** Which databases tests run on that are the same for both. */
  readonly kinds: readonly ('embedded' | 'postgres')[];
  /** A file: an embedded database with every table. */
  readonly embedded: string;
  /** A connection string: a database with every table on a running PostgreSQL. Nobody may stay connected to it. */
  readonly postgres: string;
}

/** Vitest's global setup: makes the templates before the first test file, and removes them after the last. */
export function setup(project: TestProject): Promise<() => Promise<void>> {
  return prepare(project, ['embedded', 'postgres']);
}

/** The same, for tests that run on some of the databases only. */
export async function prepare(project: TestProject, kinds: Templates['kinds']): Promise<() => Promise<void>> {
  const server = await startPostgres({ durable: false });
  const postgres = await server.createDatabase();
  await (await openPostgres(postgres)).close();

  const folder = mkdtempSync(join(tmpdir(), 'curfew-templates-'));
  const { tar } = await makeEmbeddedTemplate(folder);

  project.provide('templates', { kinds, embedded: tar, postgres });
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
